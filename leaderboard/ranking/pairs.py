"""Who is better than whom: a paired test of every two entrants, and Holm's correction.

The test is exact where it can be. Under the hypothesis that two entrants are equally good, the
sign of each question's difference is a coin (Fisher's sign-flip test, The Design of Experiments,
1935, §21). With scores 0, ½ and 1 the differences are ½ or 1 in size, so their signed sum is a sum
of two binomials and its tail is computed to the end; with scores 0 and 1 this is McNemar's exact
test. Other scores get Student's paired t test. The tail of a bootstrap would not do: the smallest
p-value that R resamples can show, 2 / (R + 1), is too large for Holm's correction from a dozen
entrants on, and a large class could never be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leaderboard.ranking.resampling import BoolArray, FloatArray, IntArray
from leaderboard.ranking.winrates import divide

PAIRS = 2000  # at a time: bounds memory
MCNEMAR, SIGN_FLIP, PAIRED_T = "mcnemar_holm", "signflip_holm", "paired_t_holm"


def comparison_of(scores: FloatArray) -> str:
    """Return which test scores allow: a name of the ``leaderboard.comparison.*`` messages."""
    given = scores[~np.isnan(scores)]
    if np.isin(given, (0.0, 1.0)).all():
        return MCNEMAR
    return SIGN_FLIP if np.isin(given, (0.0, 0.5, 1.0)).all() else PAIRED_T


def p_values(scores: FloatArray) -> FloatArray:
    """Return the two-sided p-value of every pair of entrants.

    A question counts for a pair if both have a score there.

    Args:
        scores: Shape (entrants, questions); nan where unscored.

    Returns:
        A symmetric matrix of shape (entrants, entrants); 1 where two entrants differ nowhere.
    """
    if comparison_of(scores) == PAIRED_T:
        return _student(scores)
    entrants = len(scores)
    steps = np.arange(3) / 2  # the scores that there are
    at = [(scores == step).astype(np.float64) for step in steps]
    # (i, j): the number of questions where i has the score a and j has b
    both = [[at[a] @ at[b].T for b in range(3)] for a in range(3)]
    halves = both[0][1] + both[1][0] + both[1][2] + both[2][1]
    wholes = both[0][2] + both[2][0]
    ahead = both[1][0] + both[2][1] - both[0][1] - both[1][2] + 2 * (both[2][0] - both[0][2])
    first, second = np.triu_indices(entrants, k=1)
    found = np.ones((entrants, entrants))
    counts = [np.rint(table[first, second]).astype(np.int64) for table in (halves, wholes, ahead)]
    for start in range(0, len(first), PAIRS):
        part = slice(start, start + PAIRS)
        tails = sign_flip(*(count[part] for count in counts))
        found[first[part], second[part]] = found[second[part], first[part]] = tails
    return found


def sign_flip(halves: IntArray, wholes: IntArray, ahead: IntArray) -> FloatArray:
    """Return the exact two-sided p-values of signed sums.

    Args:
        halves: Number of differences of size ½, shape (tests,).
        wholes: Number of differences of size 1, same shape.
        ahead: The sum of the differences in halves, same shape.
    """
    most_halves, most_wholes = int(halves.max()), int(wholes.max())
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most_halves + most_wholes + 2)))])
    tails = np.cumsum(_binomial(halves, most_halves, logs)[:, ::-1], axis=1)[:, ::-1]
    chances = _binomial(wholes, most_wholes, logs)
    # With k of the wholes and a of the halves positive the sum is 2a − halves + 4k − 2·wholes.
    positive = np.arange(most_wholes + 1)
    needed = (np.abs(ahead) + halves + 2 * wholes)[:, None] - 4 * positive
    needed = np.clip((needed + 1) // 2, 0, most_halves + 1)
    reached = np.take_along_axis(np.pad(tails, ((0, 0), (0, 1))), needed, axis=1)
    upper = (chances * reached).sum(axis=1)
    return np.where(ahead == 0, 1.0, np.minimum(2 * upper, 1.0))


def _binomial(trials: IntArray, most: int, logs: FloatArray) -> FloatArray:
    """Return P(k of n coins), shape (tests, most + 1); `logs` holds log n! by n."""
    hits = np.arange(most + 1)
    rest = trials[:, None] - hits
    log = logs[trials][:, None] - logs[hits] - logs[np.maximum(rest, 0)]
    found: FloatArray = np.where(rest >= 0, np.exp(log - trials[:, None] * np.log(2.0)), 0.0)
    return found


def _student(scores: FloatArray) -> FloatArray:
    """Return the p-values of Student's paired t test."""
    from scipy.special import stdtr

    number, mean, error = differences(scores)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(mean) / error
    found = 2 * stdtr(np.maximum(number - 1, 1), -ratio)
    # Nothing differs, or too little was scored to tell: no evidence.
    found[np.isnan(ratio) | (number < 2)] = 1.0
    return np.asarray(found, dtype=np.float64)


def differences(scores: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return every pair's number of common questions, mean difference and its standard error.

    Args:
        scores: Shape (entrants, questions); nan where unscored.

    Returns:
        Three arrays of shape (entrants, entrants); the mean is of the first less the second.
    """
    given = (~np.isnan(scores)).astype(np.float64)
    held = np.where(given > 0, scores, 0.0)
    number = given @ given.T
    mine = held @ given.T
    mean = divide(mine - mine.T, number)
    squares = held**2 @ given.T
    total = squares + squares.T - 2 * held @ held.T
    spread = np.maximum(total - number * np.nan_to_num(mean) ** 2, 0.0)
    spread[spread < 1e-12 * np.maximum(total, 1e-300)] = 0.0  # what is left of cancelling
    variance = divide(spread, np.where(number > 1, number - 1, 0))
    return number, mean, np.sqrt(divide(variance, number))


def holm(p_values: FloatArray, alpha: float) -> BoolArray:
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


def adjusted(p_values: FloatArray) -> FloatArray:
    """Return Holm's adjusted p-values: the least `alpha` at which each is rejected.

    Scandinavian Journal of Statistics 6, 1979.

    Args:
        p_values: Shape (hypotheses,).
    """
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    found = np.empty_like(p_values)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


def told_apart(matrix: FloatArray, level: float) -> BoolArray:
    """Say which pairs are significantly different, all of them together at `level`.

    Args:
        matrix: P-values, symmetric, shape (entrants, entrants).
        level: The chance that no equal pair is told apart.
    """
    first, second = np.triu_indices(len(matrix), k=1)
    found = np.zeros(matrix.shape, dtype=np.bool_)
    found[first, second] = holm(matrix[first, second], 1 - level)
    return found | found.T


@dataclass(frozen=True, slots=True)
class Decision:
    """What the tests of all pairs say.

    Args:
        p_values: Unadjusted, shape (entrants, entrants).
        better: (i, j) says that i is significantly better than j, same shape.
        open_alpha: What a p-value that was not rejected would have to reach next.
    """

    p_values: FloatArray
    better: BoolArray
    open_alpha: float


def decide(scores: FloatArray, level: float) -> Decision:
    """Test all pairs, together at `level`.

    Args:
        scores: Shape (entrants, questions); nan where unscored.
        level: The chance that no equal pair is told apart.
    """
    found = p_values(scores)
    differs = told_apart(found, level)
    _, mean, _ = differences(scores)
    pairs = len(scores) * (len(scores) - 1) // 2
    left = max(pairs - int(differs.sum()) // 2, 1)
    return Decision(found, differs & (mean > 0), (1 - level) / left)
