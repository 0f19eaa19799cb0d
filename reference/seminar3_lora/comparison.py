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
    # zachetka: solution
    n, least = fixed + broken, min(fixed, broken)
    tail = sum(math.comb(n, k) for k in range(least + 1))  # exact integers: no overflow, no loss
    return min(1.0, float(2 * tail / 2**n)) if n else 1.0
    # zachetka: end


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
    # zachetka: solution
    if not gold or not len(gold) == len(base) == len(adapted):
        raise ValueError("the three lists hold one answer for each item")
    right = np.array([np.equal(base, gold), np.equal(adapted, gold)], dtype=float)  # 2, N
    drawn = np.random.default_rng(seed).integers(0, len(gold), (resamples, len(gold)))  # R, N
    means = right[:, drawn].mean(axis=2)  # 2, R

    def interval(values: np.ndarray) -> Interval:
        low, high = np.quantile(values, [0.025, 0.975])
        return float(low), float(high)

    fixed = int((right[1] > right[0]).sum())
    broken = int((right[1] < right[0]).sum())
    return Comparison(
        n=len(gold),
        base=float(right[0].mean()),
        base_interval=interval(means[0]),
        adapted=float(right[1].mean()),
        adapted_interval=interval(means[1]),
        difference=(fixed - broken) / len(gold),
        difference_interval=interval(means[1] - means[0]),
        fixed=fixed,
        broken=broken,
        p=mcnemar(fixed, broken),
    )
    # zachetka: end


def text_losses(model: Any, texts: Sequence[Sequence[int]]) -> tuple[list[float], list[int]]:
    """Return the summed loss of each text's tokens after the first, and how many those are.

    Texts are padded on the right and padding is hidden, so a text costs the same beside any other.
    The model must be in eval mode.

    Args:
        model: A causal language model.
        texts: Token ids, at least two in each text.
    """
    # zachetka: solution
    device = next(model.parameters()).device
    width = max(len(text) for text in texts)
    ids = torch.tensor([[*text, *[0] * (width - len(text))] for text in texts], device=device)
    lengths = torch.tensor([len(text) for text in texts], device=device)
    mask = (torch.arange(width, device=device) < lengths[:, None]).long()  # B, T
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits  # B, T, V
    wanted = ids[:, 1:].masked_fill(mask[:, 1:] == 0, -100)  # B, T - 1
    losses = F.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), wanted, reduction="none"
    )  # B, T - 1; zero on padding
    return losses.double().sum(dim=1).tolist(), (lengths - 1).tolist()
    # zachetka: end


def perplexity(losses: Sequence[float], counts: Sequence[int]) -> float:
    """Return exp of the mean loss a token: long texts weigh more, as they have more tokens."""
    # zachetka: solution
    return math.exp(sum(losses) / sum(counts))
    # zachetka: end


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
    # zachetka: solution
    grown = np.asarray(after) - np.asarray(before)  # N
    weight = np.asarray(counts, dtype=float)  # N
    drawn = np.random.default_rng(seed).integers(0, len(grown), (resamples, len(grown)))  # R, N
    ratios = np.exp(grown[drawn].sum(axis=1) / weight[drawn].sum(axis=1))  # R
    low, high = np.quantile(ratios, [0.025, 0.975])
    return math.exp(grown.sum() / weight.sum()), (float(low), float(high))
    # zachetka: end
