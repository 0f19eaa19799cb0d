"""What chance in the choice of questions allows: intervals of scores and of ranks.

Scores get percentile bootstrap intervals over questions (Efron and Tibshirani, An Introduction
to the Bootstrap, 1993, section 13.3). Ranks are intervals too: who is better is decided for
every pair by McNemar's exact test (Biometrics, 1979, via the binomial distribution of the
questions that exactly one of the two got right), with Holm's step-down correction over all pairs
(Scandinavian Journal of Statistics 6, 1979). An exact test, because the smallest p-value that
R resamples can show, 2 / (R + 1), is too large for Holm's correction from a dozen entries on:
with it a large class could never be told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

CHUNK = 250  # resamples at a time: bounds memory, and is a part of what a seed means

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RankRange:
    """The ranks that the data do not rule out, best first; 1 is the best."""

    low: int
    high: int


def resampled(questions: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield how often every question occurs in resamples of all questions with replacement.

    Args:
        questions: Number of questions, at least 1.
        resamples: Number of resamples in all chunks together.
        seed: Of NumPy's default generator.

    Yields:
        Arrays of shape (resamples of this chunk, questions); every row sums to `questions`.
    """
    random = np.random.default_rng(seed)
    for start in range(0, resamples, CHUNK):
        rows = min(CHUNK, resamples - start)
        drawn = random.integers(0, questions, size=(rows, questions))
        flat = (drawn + np.arange(rows)[:, None] * questions).ravel()
        counts = np.bincount(flat, minlength=rows * questions)
        yield counts.reshape(rows, questions).astype(np.float64)


def percentile_interval(values: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the ends of the central `level` of resampled scores.

    Args:
        values: Shape (entries, resamples).
        level: Between 0 and 1.

    Returns:
        Lower and upper ends, each of shape (entries,).
    """
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=1)
    return low, high


def mcnemar(right: Bools) -> Floats:
    """Return the two-sided exact p-value of every pair of entries.

    Args:
        right: Whether an entry answered a question rightly, shape (entries, questions).

    Returns:
        A symmetric matrix of shape (entries, entries); 1 where two entries differ nowhere.
    """
    hits = right.astype(np.int64)
    only_first = hits @ (1 - hits).T  # (i, j): questions that i got right and j did not
    discordant = only_first + only_first.T
    fewer = np.minimum(only_first, only_first.T)
    tails: Floats = 2 * binom.cdf(fewer, discordant, 0.5)
    return np.minimum(tails, 1.0)


def holm(p_values: Floats, alpha: float) -> Bools:
    """Say which hypotheses Holm's step-down procedure rejects.

    Args:
        p_values: Shape (hypotheses,).
        alpha: The most that the chance of any false rejection may be.
    """
    order = np.argsort(p_values, kind="stable")
    steps = alpha / np.arange(len(p_values), 0, -1)
    held = p_values[order] <= steps
    rejected = np.zeros(len(p_values), dtype=np.bool_)
    rejected[order] = np.logical_and.accumulate(held)
    return rejected


def holm_adjusted(p_values: Floats) -> Floats:
    """Return Holm's adjusted p-values: a hypothesis falls at `alpha` if its value is at most it.

    The largest of (m − k + 1)·p₍ₖ₎ over this and all smaller p-values, at most 1 (Wright,
    Biometrics 48, 1992, section 2).

    Args:
        p_values: Shape (hypotheses,).
    """
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def rank_ranges(right: Bools, level: float) -> list[RankRange]:
    """Return every entry's range of ranks; all of them hold together with chance `level`.

    An entry's best rank is one more than the entries that are significantly better, its worst
    one is the number of entries less those that are significantly worse.

    Args:
        right: Whether an entry answered a question rightly, shape (entries, questions).
        level: Between 0 and 1.
    """
    entries = len(right)
    first, second = np.triu_indices(entries, k=1)
    differs = np.zeros((entries, entries), dtype=np.bool_)
    differs[first, second] = holm(mcnemar(right)[first, second], 1 - level)
    differs |= differs.T
    hits = right.sum(axis=1)
    better = differs & (hits[:, None] > hits[None, :])  # (i, j): i is better than j
    return [
        RankRange(int(better[:, i].sum()) + 1, entries - int(better[i].sum()))
        for i in range(entries)
    ]
