"""The base model that the warm process loads once and every jailed child finds ready.

The jail's side uses it through `base_model`; the child shares the parent's memory until it
writes to it, so the model costs a jail nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graders.core.errors import InfraError

_loaded: list[tuple[Any, Any]] = []


def load(path: Path) -> None:
    """Load the model and its tokenizer, and run one forward pass.

    Args:
        path: A folder as `save_pretrained` writes it (safetensors only).
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # One thread before any parallel operation: a fork of a process with an OpenMP pool hangs.
    torch.set_num_threads(1)
    has_tokenizer = any((path / n).exists() for n in ("tokenizer.json", "tokenizer_config.json"))
    tokenizer = (
        AutoTokenizer.from_pretrained(path, local_files_only=True) if has_tokenizer else None
    )
    model = AutoModelForCausalLM.from_pretrained(
        path, local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    model.train(mode=False)
    with torch.no_grad():
        model(torch.zeros((1, 4), dtype=torch.long))
    _loaded[:] = [(model, tokenizer)]


def base_model() -> tuple[Any, Any]:
    """Return (model, tokenizer) of the base model, as the warm process loaded them.

    Raises:
        InfraError: This process was started without a base model.
    """
    if not _loaded:
        raise InfraError(
            "no base model was loaded into the warm process",
            todo="Run: zachetka model prepare",
        )
    return _loaded[0]
