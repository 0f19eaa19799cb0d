"""Sentence embeddings by the course's embedder, from its folder, without the network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 128
MAX_TOKENS = 256  # of MiniLM; a line that is asked for has about 20


def embedded(texts: Sequence[str], folder: Path | None = None) -> NDArray[np.float32]:
    """Return the embeddings of texts.

    Args:
        texts: N of them, without lone surrogates.
        folder: Of the model; the course's embedder when None.

    Returns:
        Shape (N, width), rows of length 1.

    Raises:
        InfraError: The embedder cannot be had.
    """
    import numpy as np
    import torch

    if folder is None:
        from graders.assets import ensure_embedder

        folder = ensure_embedder()
    tokenizer, model = _loaded(folder)
    # By length, so that little is computed for padding.
    order = sorted(range(len(texts)), key=lambda at: (len(texts[at]), at))
    result = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            batch = tokenizer(
                [texts[at] for at in chosen],
                padding=True,
                truncation=True,
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
            states = model(**batch).last_hidden_state  # B, T, width
            mask = batch["attention_mask"][..., None].to(states.dtype)  # B, T, 1
            mean = (states * mask).sum(1) / mask.sum(1)
            result[chosen] = torch.nn.functional.normalize(mean, dim=-1).numpy()
    return result


@lru_cache(maxsize=2)
def _loaded(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging as untyped

    logging: Any = untyped

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        model = AutoModel.from_pretrained(str(folder), local_files_only=True, dtype="float32")
    finally:
        if shown:
            logging.enable_progress_bar()
    return tokenizer, model.eval()
