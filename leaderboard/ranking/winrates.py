"""Raw win rates: means of scores over questions, with standard errors and intervals.

A score is what an entrant got on a question, for example 1 for a win over the baseline in both
orders, ½ for a tie, 0 for a loss (MT-Bench's conservative verdict, arXiv 2306.05685, §3.4), so
that a mean is (W + ½T) / N. A score that is not a number is unscored: it is no loss, it is left
out of its entrant's mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from graders.core.errors import CourseError
from leaderboard.ranking.resampling import (
    FloatArray,
    percentile_interval,
    require_settings,
    resampled,
)
from leaderboard.records import Estimate, digits


@dataclass(frozen=True, slots=True)
class Rates:
    """Means of entrants, each array of shape (entrants,).

    Args:
        value: The mean; not a number for an entrant without any score.
        error: Standard error: the sample's standard deviation over √n.
        low: Lower end of the percentile bootstrap interval.
        high: Upper end.
        unscored: Share of questions without a score.
    """

    value: FloatArray
    error: FloatArray
    low: FloatArray
    high: FloatArray
    unscored: FloatArray


def win_rates(
    scores: FloatArray, *, seed: int, resamples: int = 2000, level: float = 0.95
) -> Rates:
    """Return the mean score of every entrant with what chance in the questions allows.

    Args:
        scores: Shape (entrants, questions); nan where unscored.
        seed: Of the resamples, which all entrants share.
        resamples: How many.
        level: Of the intervals.

    Raises:
        CourseError: A setting is out of range, a score is infinite, or there are no questions.
    """
    require_settings(level, resamples)
    require_scores(scores)
    given = ~np.isnan(scores)
    held = np.where(given, scores, 0.0)
    number = given.sum(axis=1)
    value = divide(held.sum(axis=1), number)
    spread = np.where(given, scores - value[:, None], 0.0)
    variance = divide((spread**2).sum(axis=1), np.where(number > 1, number - 1, 0))
    low, high = percentile_interval(resampled_means(scores, seed, resamples), level)
    return Rates(value, np.sqrt(divide(variance, number)), low, high, 1 - given.mean(axis=1))


def resampled_means(scores: FloatArray, seed: int, resamples: int) -> FloatArray:
    """Return the mean of every entrant on every resample, shape (entrants, resamples).

    An entrant with no scored question in a resample keeps its mean of all questions there.
    """
    given = ~np.isnan(scores)
    held = np.where(given, scores, 0.0)
    whole = given.all()
    means = []
    for counts in resampled(scores.shape[1], resamples, seed):
        number = counts.sum(axis=1) if whole else given @ counts.T
        means.append(divide(held @ counts.T, number))
    found = np.concatenate(means, axis=1)
    if not whole:
        centre = divide(held.sum(axis=1), given.sum(axis=1))
        found = np.where(np.isnan(found), centre[:, None], found)
    return found


def divide(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide, with nan where there is nothing to divide by."""
    above, below = np.broadcast_arrays(above, below)
    found: FloatArray = np.full(above.shape, np.nan)
    return np.divide(above, below, out=found, where=below > 0)


def require_scores(scores: FloatArray) -> None:
    """Refuse what is not a table of scores.

    Raises:
        CourseError: It has not two dimensions, holds no question, or holds an infinite score.
    """
    if scores.ndim != 2 or scores.shape[1] == 0:
        raise CourseError("there are no questions to rank by")
    if np.isinf(scores).any():
        raise CourseError("a score is infinite")


def unsigned(value: float) -> Decimal:
    """Return a statistic as the decimal that is shown, with no sign before a zero."""
    return digits(value) + Decimal(0)


def estimates(value: FloatArray, low: FloatArray, high: FloatArray) -> tuple[Estimate | None, ...]:
    """Return statistics as records; None where nothing can be said."""
    return tuple(
        None if np.isnan(three).any() else Estimate(*map(unsigned, three))
        for three in zip(value.tolist(), low.tolist(), high.tolist(), strict=True)
    )
