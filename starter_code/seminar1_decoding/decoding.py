"""Greedy decoding and sampling: one loop, and two ways to choose the next token.

Both add a token to every row until all rows have ended. What differs is the choice: the likeliest
token, or one drawn from the warped distribution. So greedy decoding is sampling at temperature 0.

Left out: repetition penalties and bad-word lists, which are further functions on logits; several
EOS ids.

Shapes: B rows, T tokens of the prompts, N new tokens, V tokens of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .filters import Sampling, warp
from .reading import Reader, Stop

Choice = Callable[[torch.Tensor], torch.Tensor]  # logits (B, V) → tokens (B,)


@torch.no_grad()
def greedy(
    model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, stop: Stop
) -> torch.Tensor:
    """Continue each prompt by the likeliest token at each step.

    Args:
        model: A transformers causal language model.
        input_ids: Prompts of shape (B, T), padded on the left.
        attention_mask: Shape (B, T): 1 on tokens, 0 on padding.
        stop: Where continuations end.

    Returns:
        The new tokens alone, of shape (B, N): a row that ended holds `pad_id` after its EOS, and N
        is no larger than the longest row needs.

    Raises:
        ValueError: A row is padded on the right.
    """
    raise NotImplementedError("write your solution here")


@torch.no_grad()
def sample(
    model: Any,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    stop: Stop,
    settings: Sampling,
    *,
    generator: torch.Generator,
) -> torch.Tensor:
    """Continue each prompt by tokens drawn from the warped distribution.

    All chance comes from `generator`: the same state gives the same tokens, whatever else the
    program draws meanwhile.

    Args:
        model: A transformers causal language model.
        input_ids: Prompts of shape (B, T), padded on the left.
        attention_mask: Shape (B, T): 1 on tokens, 0 on padding.
        stop: Where continuations end.
        settings: Temperature and filters.
        generator: The source of chance.

    Returns:
        The new tokens alone, of shape (B, N), as `greedy` returns them.

    Raises:
        ValueError: A row is padded on the right, or a setting makes no sense.
    """

    raise NotImplementedError("write your solution here")
