"""From logits to the distribution that a token is drawn from: temperature and three filters.

A language model gives each of its V tokens some probability, and thousands of unlikely ones have
much of it together: drawn often enough, one of them derails the text (Holtzman et al. 2020, «The
Curious Case of Neural Text Degeneration»). A filter cuts that tail off. All filters work on
*logits* and answer with logits, -inf where a token is out, so that they compose and the one
softmax at the end shares out what is left.

Shapes: logits are (..., V), and every row is filtered by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn; each default switches its part off.

    Args:
        temperature: Divides the logits; 0 takes the likeliest token.
        top_k: Tokens that stay; 0 keeps all.
        top_p: Probability that stays.
        min_p: Least probability that stays, as a share of the likeliest token's.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0


def top_k_filter(logits: torch.Tensor, k: int) -> torch.Tensor:
    """Keep the k likeliest tokens (Fan et al. 2018, sec. 5.1); equals of the k-th stay too.

    Args:
        logits: Shape (..., V); not changed.
        k: At least 1; V or more keeps all.

    Raises:
        ValueError: `k` is below 1.
    """
    raise NotImplementedError("write your solution here")


def top_p_filter(logits: torch.Tensor, p: float) -> torch.Tensor:
    """Keep the nucleus: the fewest likeliest tokens with probability p together.

    Holtzman et al. 2020, sec. 3.1. The token that takes the sum to p is in it, so the likeliest
    one always stays.

    Args:
        logits: Shape (..., V); not changed.
        p: Above 0 and at most 1; 1 keeps all.

    Raises:
        ValueError: `p` is no such number.
    """
    raise NotImplementedError("write your solution here")


def min_p_filter(logits: torch.Tensor, share: float) -> torch.Tensor:
    """Keep tokens at least `share` times as likely as the likeliest (Nguyen et al. 2024, sec. 3).

    Where the model is sure, little stays; where it is not, much does. The softmax's denominator
    cancels out of the ratio: the condition is one on the difference of two logits.

    Args:
        logits: Shape (..., V); not changed.
        share: From 0, which keeps all, to 1.

    Raises:
        ValueError: `share` is no such number.
    """
    raise NotImplementedError("write your solution here")


def warp(logits: torch.Tensor, settings: Sampling) -> torch.Tensor:
    """Return logits whose softmax is the distribution to draw from.

    Temperature first, then top-k, top-p and min-p, as transformers orders them: the nucleus is
    that of the distribution which is drawn from. Temperature 0 leaves one token, the first of
    the likeliest.

    Args:
        logits: Shape (..., V); not changed.
        settings: What to apply.

    Raises:
        ValueError: The temperature is negative, or a filter refuses its number.
    """
    raise NotImplementedError("write your solution here")
