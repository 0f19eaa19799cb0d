"""Ratings of a file of battles: with intervals, rank sets, and what must be said about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leaderboard.ranking import bradley
from leaderboard.ranking.battles import Battles
from leaderboard.ranking.bradley import Ratings, scaled
from leaderboard.ranking.cores import whole_products
from leaderboard.ranking.logistic import sigmoid
from leaderboard.ranking.pairs import told_apart
from leaderboard.ranking.ranks import RankRange, places, rank_ranges
from leaderboard.ranking.resampling import (
    BoolArray,
    FloatArray,
    IntArray,
    percentile_interval,
    require_settings,
)

FEW = 30  # questions; below it intervals are called rough
SAME = 9  # decimals of a log-strength: what differs later differs by rounding only


@dataclass(frozen=True, slots=True)
class Rated:
    """One model.

    Args:
        model: Its name.
        rating: 1000 + β · 400 / ln 10.
        strength: exp β; the geometric mean over models is 1.
        low: Lower end of the interval by resampling questions; None where the battles set none.
        high: Upper end, likewise.
        sandwich_low: Lower end of the interval H⁻¹GH⁻¹, which takes battles as independent.
        sandwich_high: Upper end.
        rank: One more than the models with a better rating.
        ranks: That the battles do not rule out.
        battles: In which it took part.
        wins: Of these.
        ties: Of these.
    """

    model: str
    rating: float
    strength: float
    low: float | None
    high: float | None
    sandwich_low: float | None
    sandwich_high: float | None
    rank: int
    ranks: RankRange
    battles: int
    wins: int
    ties: int


@dataclass(frozen=True, slots=True)
class Report:
    """Models in order, the best first, and how they were rated.

    Args:
        models: In order.
        battles: Number of battles.
        questions: Number of questions.
        separated: Whether some rating is infinite without the raised penalty.
        notes: What a reader must know, as sentences.
    """

    models: tuple[Rated, ...]
    battles: int
    questions: int
    separated: bool
    notes: tuple[str, ...]


def rate(battles: Battles, *, seed: int, resamples: int = 2000, level: float = 0.95) -> Report:
    """Rate the models of battles.

    Ranks are decided by Wald tests of all pairs with the covariance that sums scores within a
    question, Student's t with Q − 1 degrees of freedom, and Holm's correction.

    Args:
        battles: What to rate by.
        seed: Of the resamples of questions.
        resamples: How many.
        level: Of each interval, and of all rank sets together.

    Raises:
        CourseError: Groups of models never met, or a setting is out of range.
    """
    require_settings(level, resamples)
    with whole_products():
        fitted = bradley.fit(battles)
        ends = _ends(battles, fitted, (seed, resamples, level))
        better = _better(battles, fitted, level)
    beta = np.round(fitted.beta, SAME)
    place, ranges = places(beta), rank_ranges(beta, better)
    counts = _counts(battles)
    rows = [
        Rated(
            model=name,
            rating=_number(scaled(fitted.beta)[i]),
            strength=_number(np.exp(fitted.beta[i])),
            low=_end(ends[0][i]),
            high=_end(ends[1][i]),
            sandwich_low=_end(ends[2][i]),
            sandwich_high=_end(ends[3][i]),
            rank=int(place[i]),
            ranks=ranges[i],
            battles=int(counts[0][i]),
            wins=int(counts[1][i]),
            ties=int(counts[2][i]),
        )
        for i, name in enumerate(battles.models)
    ]
    rows.sort(key=lambda row: (row.rank, row.model))
    return Report(
        tuple(rows),
        len(battles.points),
        len(battles.questions),
        fitted.separated,
        _notes(battles, fitted),
    )


def _number(value: float) -> float:
    return round(float(value), 4) + 0.0  # no sign before a zero


def _end(value: float) -> float | None:
    return None if np.isnan(value) else _number(value)


def _ends(
    battles: Battles, fitted: Ratings, settings: tuple[int, int, float]
) -> tuple[FloatArray, ...]:
    """Return the ratings' ends by bootstrap and by sandwich; nan where nothing bounds them."""
    seed, resamples, level = settings
    low, high = bradley.sandwich_interval(
        fitted.beta, bradley.sandwich(battles, fitted.beta), level
    )
    sandwich = [scaled(low), scaled(high)]
    if len(battles.questions) > 1:
        drawn = bradley.bootstrap(battles, fitted, seed=seed, resamples=resamples)
        low, high = percentile_interval(np.ascontiguousarray(drawn.T), level)
        resampled = [scaled(low), scaled(high)]
    else:
        resampled = [np.full_like(low, np.nan), np.full_like(low, np.nan)]
    if fitted.separated:
        above, below = _unbounded(battles)
        for pair in (resampled, sandwich):
            pair[0][below], pair[1][above] = np.nan, np.nan
    return (*resampled, *sandwich)


def _unbounded(battles: Battles) -> tuple[BoolArray, BoolArray]:
    """Say whose rating has no upper, and whose no lower bound.

    A group within which wins lead everywhere has no upper bound if nobody else beat or tied one
    of it, and no lower one if it beat or tied nobody else.
    """
    pairs, _, _ = bradley.paired(battles)
    group = bradley.groups(pairs, beaten=True)
    number = int(group.max()) + 1
    gave, took = np.zeros(number, dtype=np.bool_), np.zeros(number, dtype=np.bool_)
    one, other = group[pairs.first], group[pairs.second]
    apart = one != other
    for winner, loser, some in ((one, other, pairs.won > 0), (other, one, pairs.won < pairs.met)):
        took[winner[apart & some]] = True
        gave[loser[apart & some]] = True
    return ~gave[group], ~took[group]


def _better(battles: Battles, fitted: Ratings, level: float) -> BoolArray:
    """Say who is significantly better than whom, shape (models, models)."""
    from scipy.special import stdtr

    models = len(battles.models)
    if len(battles.questions) < 2:
        return np.zeros((models, models), dtype=np.bool_)
    variance = _variance(bradley.sandwich(battles, fitted.beta, by_question=True))
    if fitted.separated:
        # Scores near 0 say nothing of a model that never lost: the curvature's variance does.
        pairs, _, _ = bradley.paired(battles)
        chance = sigmoid(fitted.beta[pairs.first] - fitted.beta[pairs.second])
        weights = pairs.met * chance * (1 - chance)
        curvature = bradley.laplacian(pairs, weights[None])[0] + fitted.ridge * np.eye(models)
        variance = np.maximum(variance, _variance(np.linalg.inv(curvature)))
    difference = np.round(fitted.beta[:, None] - fitted.beta, SAME)
    error = np.sqrt(np.where(np.eye(models) > 0, 1.0, variance))
    ratio = np.divide(
        np.abs(difference), error, out=np.zeros_like(error), where=error > 10.0**-SAME
    )
    p_values = 2 * stdtr(len(battles.questions) - 1, -ratio)
    found: BoolArray = told_apart(p_values, level) & (difference > 0)
    return found


def _variance(covariance: FloatArray) -> FloatArray:
    """Return the variances of all differences, shape (models, models)."""
    diagonal = np.diag(covariance)
    return np.maximum(diagonal[:, None] + diagonal - 2 * covariance, 0.0)


def _counts(battles: Battles) -> tuple[IntArray, ...]:
    """Return everybody's battles, wins and ties, each of shape (models,)."""
    models, tied = len(battles.models), battles.points == 0.5
    winner = np.where(battles.points > 0.5, battles.first, battles.second)
    both = np.concatenate([battles.first, battles.second])
    chosen = (both, winner[~tied], both[np.concatenate([tied, tied])])
    return tuple(np.bincount(one, minlength=models).astype(np.int64) for one in chosen)


def _notes(battles: Battles, fitted: Ratings) -> tuple[str, ...]:
    notes = []
    if fitted.separated:
        above, below = _unbounded(battles)
        for flags, what in (
            (above, "never lost to or tied with anybody else: no upper bound"),
            (below, "never beat or tied with anybody else: no lower bound"),
        ):
            names = [battles.models[i] for i in np.flatnonzero(flags)]
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            notes.append(", ".join(names[:5]) + more + f" {what}")
        notes.append(
            f"without a penalty some ratings are infinite; a ridge of {fitted.ridge} holds them, "
            "and the intervals depend on it"
        )
    questions = len(battles.questions)
    if questions == 1:
        notes.append("there is one question: intervals and rank sets cannot be computed from it")
    elif questions < FEW:
        notes.append(f"there are only {questions} questions: the intervals are rough")
    return tuple(notes)
