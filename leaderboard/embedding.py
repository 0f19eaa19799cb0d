"""Sentence embeddings of MiniLM through transformers: mean over tokens, unit length.

Metrics and the trained judge ask for the same texts, and embedding is most of what a board costs:
`shared` is one embedder for both, which embeds a text once in a process.

As the model's card says (sentence-transformers/all-MiniLM-L6-v2): mean pooling over the attention
mask, then L2 normalisation; 384 dimensions, at most 256 word pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.core.errors import InfraError

MOST_PIECES = 256
BATCH = 128

Floats = NDArray[np.float64]
Embed = Callable[[Sequence[str]], Floats]  # N texts -> (N, dimensions), unit rows


class Embedder:
    """Embeds texts with a model of a folder, loaded on first use; remembers what it has seen.

    Args:
        folder: As transformers loads it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: tuple[Any, Any] | None = None
        self._seen: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Return unit rows, shape (texts, dimensions).

        Raises:
            InfraError: The model cannot be loaded.
        """
        new = sorted({text for text in texts if text not in self._seen}, key=lambda x: (len(x), x))
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            self._seen.update(zip(batch, self._embed(batch), strict=True))
        if not texts:
            return np.zeros((0, 0))
        return np.stack([self._seen[text] for text in texts]).astype(np.float64)

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        import torch

        tokenizer, model = self._load()
        # Half of a surrogate pair is no Unicode, and the tokenizer refuses it.
        sound = [text.encode("utf-8", "replace").decode() for text in texts]
        pieces = tokenizer(
            sound, padding=True, truncation=True, max_length=MOST_PIECES, return_tensors="pt"
        )
        with torch.inference_mode():
            states = model(**pieces).last_hidden_state  # B, T, D
        mask = pieces["attention_mask"].unsqueeze(-1).to(states.dtype)  # B, T, 1
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
        unit = torch.nn.functional.normalize(mean, dim=1)
        found: NDArray[np.float32] = unit.numpy()
        return found

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            from transformers import AutoModel, AutoTokenizer

            try:
                tokenizer = AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
                model = AutoModel.from_pretrained(self._folder, local_files_only=True)
            except (OSError, ValueError) as error:
                raise InfraError(
                    "the embedding model cannot be loaded",
                    where=str(self._folder),
                    todo="Delete the folder and run the command again: it is fetched anew",
                ) from error
            self._loaded = tokenizer, model.eval()
        return self._loaded


@cache
def shared() -> Embedder:
    """Return this process's embedder of the course's model.

    Raises:
        InfraError: The model cannot be had.
    """
    from graders.assets import ensure_embedder

    return Embedder(ensure_embedder())
