"""How far can a number be trusted? Intervals, paired tests and agreement beyond chance.

60 questions answered with 45 % are 27 right answers, and another 60 of the same kind would give
another number. Whoever prints .45 owes the reader how different: `bootstrap_ci`. Whoever compares
two prompts on the same questions should use that they are the same: `paired_permutation`. Whoever
makes ten comparisons finds something at p < .05 soon: `holm`.

Left out: the BCa interval (better for skewed statistics, and more to explain), power analysis.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np


def bootstrap_ci(
    values: Sequence[float],
    level: float,
    resamples: int,
    seed: int,
    groups: Sequence[Hashable] | None = None,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean (Efron and Tibshirani 1993, ch. 13).

    Args:
        values: One value an item, such as 1 for a right answer and 0 for a wrong one.
        level: Such as 0.95.
        resamples: How many samples are drawn with replacement.
        seed: Seed of the draws.
        groups: What each item belongs to, such as the passage that several questions ask about.
            Items of a group stand and fall together, so whole groups are drawn, as many as there
            are, and the mean is over all items drawn (Miller 2024, section 2.2, on clusters).
    """
    raise NotImplementedError("write your solution here")


def paired_permutation(
    first: Sequence[float], second: Sequence[float], resamples: int, seed: int
) -> float:
    """Return the two-sided p-value that two systems score the same on the same items.

    Under that hypothesis the sign of each item's difference is a coin. Where all 2^N patterns are
    no more than `resamples`, each is looked at and p is exact. Else patterns are drawn, and the
    observed one is counted as one of them, ``(1 + hits) / (1 + resamples)``: no finite sample
    can claim p = 0 (Phipson and Smyth 2010).
    """
    raise NotImplementedError("write your solution here")


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number (Holm 1979), each in its own place.

    The smallest of m is multiplied by m, the next by m − 1, and so on; none becomes smaller than
    one before it, and none exceeds 1. Rejecting what stays below α errs on any true hypothesis
    with probability at most α, whatever the tests have to do with one another.
    """
    raise NotImplementedError("write your solution here")


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Return the agreement of two annotators beyond chance (Cohen 1960).

    The agreement expected by chance comes from how often each annotator uses each label. Two
    annotators who both use one and the same label always agree: 1.
    """
    raise NotImplementedError("write your solution here")
