"""Training: what the model reads, what it is asked to learn, and the loop that teaches it.

The task is put as the next token: after a short prompt the model says one of two words. So an
answer costs one token, its logit is a score, and the base model can be measured the same way.

Shapes: B examples, T tokens, V words of the vocabulary. Left out: packing and gradient
checkpointing, which pay off for longer texts than headlines.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

IGNORED = -100  # a label that the loss does not look at

# The words for 0 (not sarcastic) and 1 (sarcastic). Each must be one token of the tokenizer:
# with its leading space, as it stands after the prompt.
LABEL_WORDS = (" no", " yes")


def build_prompt(headline: str) -> str:
    """Return the prompt for a headline; it ends where the label word begins, without a space."""
    raise NotImplementedError("write your solution here")


def encode_example(tokenizer: Any, headline: str, label: int, max_length: int) -> dict[str, Any]:
    """Return ``{"input_ids": [...], "labels": [...]}`` of one training example.

    The tokens are the prompt's, the label word's and EOS; only the last two are targets, the
    prompt is `IGNORED`. No BOS is added. What is longer than `max_length` loses tokens from the
    end of the headline: never the question behind it, the label word or EOS.

    Raises:
        ValueError: `max_length` has no room even for an empty headline.
    """
    raise NotImplementedError("write your solution here")


def collate(examples: Sequence[dict[str, Any]], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad examples on the right to one length and return int64 tensors of shape (B, T).

    The tensors are ``input_ids``, ``attention_mask`` (1 on real tokens, by their place: the pad
    id may also be EOS, and EOS must be learned) and ``labels`` (`IGNORED` on padding).
    """
    raise NotImplementedError("write your solution here")


def loss_sum_and_count(
    logits: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the summed cross-entropy of all targets, and how many there are.

    The logits at position t predict the label at t + 1. A sum and a count, not a mean: only so
    do the microbatches of a batch, which hold different numbers of targets, add up to it.

    Args:
        logits: Shape (B, T, V).
        labels: Shape (B, T), `IGNORED` where nothing is to be learned.
    """
    raise NotImplementedError("write your solution here")


def add_lora(model: Any, rank: int, alpha: int, dropout: float, targets: list[str]) -> Any:
    """Return the model with LoRA (Hu et al. 2021) on the named linear layers, by peft.

    Only the factors A and B are trainable; B starts at zero, so nothing changes yet.
    """
    raise NotImplementedError("write your solution here")


def train(
    model: Any, tokenizer: Any, rows: Sequence[dict[str, Any]], config: dict[str, Any]
) -> list[float]:
    """Train the trainable parameters in place; return the loss per target token of each step.

    AdamW; the rate rises linearly for `warmup` steps and falls linearly to zero at the end; the
    norm of the gradients is clipped at 1. Each step takes `batch_size` rows in `microbatches`
    pieces, and its gradient is that of the whole batch's mean over target tokens. Rows come in an
    order that depends on `seed` alone, every row once in each pass. The model is left in eval
    mode, where dropout is off.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer.
        rows: Rows with ``headline`` and ``label``.
        config: ``steps``, ``batch_size``, ``microbatches``, ``lr``, ``warmup``, ``weight_decay``,
            ``max_length``, ``seed``.
    """
    raise NotImplementedError("write your solution here")


def save_adapter(model: Any, folder: Path) -> None:
    """Write the adapter and what is needed to use it without this code.

    The files are ``adapter_config.json`` and ``adapter_model.safetensors`` as peft writes them,
    and ``task.json``: ``{"template": the prompt with "{headline}" in it, "labels": [two words]}``.
    """
    raise NotImplementedError("write your solution here")
