"""Is it better than the base model, and what did it forget?

Two models answered the same items, so the comparison is paired: on most items both are right or
both wrong, and those say nothing. Only the items where they differ do: how many the adapter has
fixed and how many it has broken. Two overlapping intervals of accuracy prove no tie; the interval
of the difference is what answers the question.

Shapes: N items, R resamples; B texts, T tokens, V words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

Interval = tuple[float, float]


@dataclass(frozen=True)
class Comparison:
    """Two systems on the same items.

    Args:
        n: Items.
        base: Share of items that the first system has right, and its 95 % interval.
        adapted: The same of the second system.
        difference: Second less first, and the interval of that difference.
        fixed: Items that the first has wrong and the second right.
        broken: Items that the first has right and the second wrong.
        p: Two-sided exact McNemar test.
    """

    n: int
    base: float
    base_interval: Interval
    adapted: float
    adapted_interval: Interval
    difference: float
    difference_interval: Interval
    fixed: int
    broken: int
    p: float


def mcnemar(fixed: int, broken: int) -> float:
    """Return the two-sided exact p-value that both kinds of disagreement are equally likely.

    Under that hypothesis `fixed` is binomial with n = fixed + broken and p = ½ (McNemar 1947);
    twice the smaller tail, at most 1. Without any disagreement there is no evidence: 1.
    """
    raise NotImplementedError("write your solution here")


def compare_with_base(
    gold: Sequence[int],
    base: Sequence[int],
    adapted: Sequence[int],
    resamples: int = 2000,
    seed: int = 20,
) -> Comparison:
    """Compare the answers of two systems with the right ones.

    All intervals are percentile bootstrap intervals at 95 % (Efron 1979) over the same resampled
    items: an item brings both its answers, so the difference's interval is a paired one.

    Args:
        gold: Right answers, N.
        base: Answers of the first system, N.
        adapted: Answers of the second system, N.
        resamples: R.
        seed: Of the resampling.

    Raises:
        ValueError: The three differ in length, or are empty.
    """
    raise NotImplementedError("write your solution here")


def text_losses(model: Any, texts: Sequence[Sequence[int]]) -> tuple[list[float], list[int]]:
    """Return the summed loss of each text's tokens after the first, and how many those are.

    Texts are padded on the right and padding is hidden, so a text costs the same beside any other.
    The model must be in eval mode.

    Args:
        model: A causal language model.
        texts: Token ids, at least two in each text.
    """
    raise NotImplementedError("write your solution here")


def perplexity(losses: Sequence[float], counts: Sequence[int]) -> float:
    """Return exp of the mean loss a token: long texts weigh more, as they have more tokens."""
    raise NotImplementedError("write your solution here")


def forgetting(
    before: Sequence[float],
    after: Sequence[float],
    counts: Sequence[int],
    resamples: int = 2000,
    seed: int = 20,
) -> tuple[float, Interval]:
    """Return how many times the perplexity has grown, and the 95 % interval over the texts.

    Above 1 the model has forgotten. The same texts are drawn for both models.

    Args:
        before: The base model's `text_losses`.
        after: The adapted model's, on the same texts.
        counts: Tokens of each text.
        resamples: R.
        seed: Of the resampling.
    """
    raise NotImplementedError("write your solution here")
