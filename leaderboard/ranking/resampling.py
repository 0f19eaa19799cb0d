"""Resamples of questions, and what is read off them.

One seed gives one set of resamples, and every team and every statistic of a board is computed on
the same ones. A resample is how often each question occurs in it, so that a mean over it is one
matrix product.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from graders.core.errors import CourseError

CHUNK = 250  # resamples at a time: bounds memory, and is a part of what a seed means

DRAWS = 20_000_000  # the same, for a file with very many questions

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


def resampled(questions: int, resamples: int, seed: int) -> Iterator[FloatArray]:
    """Yield how often every question occurs in resamples of all questions with replacement.

    Args:
        questions: Number of questions, at least 1.
        resamples: Number of resamples in all chunks together.
        seed: Of NumPy's default generator.

    Yields:
        Arrays of shape (resamples of this chunk, questions); every row sums to `questions`.
    """
    random = np.random.default_rng(seed)
    most = max(1, min(CHUNK, DRAWS // questions))
    for start in range(0, resamples, most):
        rows = min(most, resamples - start)
        drawn = random.integers(0, questions, size=(rows, questions))
        drawn += np.arange(rows)[:, None] * questions
        counts = np.bincount(drawn.ravel(), minlength=rows * questions)
        yield counts.reshape(rows, questions).astype(np.float64)


def resample_counts(questions: int, resamples: int, seed: int) -> FloatArray:
    """Return the same resamples in one array of shape (resamples, questions)."""
    return np.concatenate(list(resampled(questions, resamples, seed)))


def percentile_interval(values: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the central `level` of resampled scores.

    The percentile interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
    section 13.3). Values that are not a number are left out; a row of nothing else has no ends.

    Args:
        values: Shape (entries, resamples).
        level: Between 0 and 1.

    Returns:
        Lower and upper ends, each of shape (entries,).
    """
    tail = (1 - level) / 2
    missing = np.isnan(values).any(axis=1)
    low, high = np.quantile(values, [tail, 1 - tail], axis=1)
    for row in np.flatnonzero(missing):
        held = values[row, ~np.isnan(values[row])]
        if len(held):
            low[row], high[row] = np.quantile(held, [tail, 1 - tail])
    return low, high


def require_settings(level: float, resamples: int) -> None:
    """Refuse settings that no interval can be computed with.

    Raises:
        CourseError: The level is not between 0 and 1, or there are no resamples.
    """
    if not 0 < level < 1 or resamples < 1:
        raise CourseError(
            f"intervals need a level between 0 and 1 and resamples, not {level} and {resamples}"
        )
