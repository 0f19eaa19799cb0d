"""Places, the ranks that the data allow, tiers and chances: what is read off a comparison.

Places are by standard competition ranking: one more than the number of better ones, so that
equals share a place and the next place is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from leaderboard.ranking.resampling import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class RankRange:
    """The ranks that the data do not rule out, best first; 1 is the best."""

    low: int
    high: int


def places(values: FloatArray) -> IntArray:
    """Return everybody's place, higher values being better.

    Args:
        values: Shape (entrants,) or (entrants, resamples): places within each resample.
    """
    flat = values.reshape(len(values), -1)
    found: IntArray = 1 + (flat[None, :, :] > flat[:, None, :]).sum(axis=1)
    return found.reshape(values.shape)


def rank_ranges(values: FloatArray, better: BoolArray) -> tuple[RankRange, ...]:
    """Return everybody's range of ranks.

    The best rank is one more than those that are significantly better, the worst is the number
    of entrants less those that are significantly worse. Equals share the range that holds all
    of theirs. Where something is unscored, pairs are decided by the questions that both have,
    and may disagree with the scores: the range then also holds the place itself.

    Args:
        values: Scores, shape (entrants,).
        better: (i, j): i is significantly better than j.
    """
    low = 1 + better.sum(axis=0)
    high = len(values) - better.sum(axis=1)
    place = places(values)
    low, high = np.minimum(low, place), np.maximum(high, place)
    found = []
    for value in values:
        equal = values == value
        found.append(RankRange(int(low[equal].min()), int(high[equal].max())))
    return tuple(found)


def tiers(values: FloatArray, better: BoolArray, most: int | None = None) -> IntArray:
    """Return everybody's tier; 1 is the best.

    In the order of scores, a tier begins with whoever its predecessor's first is significantly
    better than. Tiers are therefore in order, and equals share one.

    Args:
        values: Scores, shape (entrants,).
        better: (i, j): i is significantly better than j.
        most: Number of tiers, the last holds the rest; as many as there are when None.
    """
    found = np.zeros(len(values), dtype=np.int64)
    tier, heads = 0, np.zeros(0, dtype=np.int64)
    for value in np.unique(values)[::-1]:
        group = np.flatnonzero(values == value)
        # Of equals, one that cannot be told from the tier's first keeps all of them in.
        if not tier or better[np.ix_(heads, group)].any(axis=0).all():
            tier, heads = tier + 1, group
        found[group] = tier if most is None else min(tier, most)
    return found


def top_chances(means: FloatArray, ranks: Sequence[int]) -> FloatArray:
    """Return the share of resamples in which everybody's place is at most k.

    Args:
        means: Scores on resamples, shape (entrants, resamples).
        ranks: The values of k.

    Returns:
        Shape (entrants, k).
    """
    chunks = range(0, means.shape[1], 100)  # a table of all pairs for each resample
    place = np.concatenate([places(means[:, start : start + 100]) for start in chunks], axis=1)
    return np.stack([(place <= k).mean(axis=1) for k in ranks], axis=1)


def gain(difference: float, error: float, alpha: float, questions: int) -> float:
    """Return what must be added to a score to be significantly better than another's.

    It is the normal approximation with the present spread of the differences, but not less than
    the questions that an exact test needs at the least, all of them won.

    Args:
        difference: The score less the other's.
        error: Its standard error.
        alpha: What a two-sided p-value must not exceed.
        questions: Number of questions that both are scored on.
    """
    needed = NormalDist().inv_cdf(1 - alpha / 2) * error
    fewest = np.ceil(1 - np.log2(alpha)) / max(questions, 1)
    return float(max(needed, fewest) - difference)
