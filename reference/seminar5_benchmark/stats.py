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
    # zachetka: solution
    names = list(range(len(values))) if groups is None else list(groups)
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    member = [places[name] for name in names]
    sums = np.bincount(member, weights=np.asarray(values, dtype=float))  # G
    sizes = np.bincount(member).astype(float)  # G
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(sums), size=(resamples, len(sums)))  # R, G
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)  # R
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
    # zachetka: end


def paired_permutation(
    first: Sequence[float], second: Sequence[float], resamples: int, seed: int
) -> float:
    """Return the two-sided p-value that two systems score the same on the same items.

    Under that hypothesis the sign of each item's difference is a coin. Where all 2^N patterns are
    no more than `resamples`, each is looked at and p is exact. Else patterns are drawn, and the
    observed one is counted as one of them, ``(1 + hits) / (1 + resamples)``: no finite sample
    can claim p = 0 (Phipson and Smyth 2010).
    """
    # zachetka: solution
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)  # N
    observed = abs(differences.sum())
    slack = 1e-9 * np.abs(differences).sum()  # equal sums may differ in their last bits
    if 2 ** len(differences) <= resamples:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(differences))))  # 2^N, N
        return float(np.mean(np.abs(signs @ differences) >= observed - slack))
    generator = np.random.default_rng(seed)
    signs = generator.choice([-1.0, 1.0], size=(resamples, len(differences)))  # R, N
    hits = int((np.abs(signs @ differences) >= observed - slack).sum())
    return (1 + hits) / (1 + resamples)
    # zachetka: end


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number (Holm 1979), each in its own place.

    The smallest of m is multiplied by m, the next by m − 1, and so on; none becomes smaller than
    one before it, and none exceeds 1. Rejecting what stays below α errs on any true hypothesis
    with probability at most α, whatever the tests have to do with one another.
    """
    # zachetka: solution
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    so_far = 0.0
    for rank, place in enumerate(order):
        so_far = max(so_far, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = so_far
    return adjusted
    # zachetka: end


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Return the agreement of two annotators beyond chance (Cohen 1960).

    The agreement expected by chance comes from how often each annotator uses each label. Two
    annotators who both use one and the same label always agree: 1.
    """
    # zachetka: solution
    n = len(first)
    agreed = sum(a == b for a, b in zip(first, second, strict=True))
    left, right = Counter(first), Counter(second)
    by_chance = sum(left[label] * right[label] for label in left)  # of n²
    if by_chance == n**2:
        return 1.0
    return (n * agreed - by_chance) / (n**2 - by_chance)
    # zachetka: end
