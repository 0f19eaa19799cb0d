"""A board's ranking by the main score: everything that a `Standing` and a `HeadToHead` hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from graders.core.errors import CourseError
from leaderboard.ranking import pairs as tests
from leaderboard.ranking.cores import whole_products
from leaderboard.ranking.ranks import gain, places, rank_ranges, tiers, top_chances
from leaderboard.ranking.resampling import (
    FloatArray,
    IntArray,
    percentile_interval,
    require_settings,
    resampled,
)
from leaderboard.ranking.winrates import divide, require_scores, resampled_means, unsigned
from leaderboard.records import Estimate, digits
from leaderboard.standings import HeadToHead

LEVEL = Decimal("0.95")
PAIRS = 2000  # at a time: bounds memory


@dataclass(frozen=True, slots=True)
class Placed:
    """One entrant's place.

    Args:
        name: Of the entrant.
        place: One more than the entrants with a better score; equal scores share it.
        rank_low: The best rank that the data do not rule out.
        rank_high: The worst one.
        tier: 1 is the best.
        score: The main score with its interval.
        top: P(rank ≤ k) over resamples, by k.
        gain: What must be added to the score to be significantly better than the place above,
            by the same test and correction; None for the first place.
        unscored: Share of questions without a score.
    """

    name: str
    place: int
    rank_low: int
    rank_high: int
    tier: int
    score: Estimate
    top: Mapping[int, Decimal]
    gain: Decimal | None
    unscored: Decimal


@dataclass(frozen=True, slots=True)
class Ranking:
    """All entrants in order, the best first; equals by name.

    Args:
        rows: In order.
        pairs: Every two entrants, in the order of rows.
        comparison: How pairs were decided: a name of the ``leaderboard.comparison.*`` messages.
        questions: Number of questions.
        level: Of all intervals.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """

    rows: tuple[Placed, ...]
    pairs: tuple[HeadToHead, ...]
    comparison: str
    questions: int
    level: Decimal
    resamples: int
    seed: int


@dataclass(frozen=True, slots=True)
class _Table:
    """Scores of entrants in order of name, and what was decided about them."""

    names: tuple[str, ...]
    scores: FloatArray
    value: FloatArray
    decision: tests.Decision


def stand(
    main: FloatArray,
    names: Sequence[str],
    *,
    seed: int,
    resamples: int = 2000,
    level: Decimal = LEVEL,
    questions: Sequence[str] | None = None,
    most_tiers: int | None = None,
    top: Sequence[int] = (1, 3, 10),
) -> Ranking:
    """Rank entrants by the mean of their main scores, higher being better.

    The order of entrants changes nothing, and with `questions` that of columns neither. All
    entrants share the resamples, so equal scores get equal intervals.

    Args:
        main: Shape (entrants, questions); nan where unscored.
        names: Of the entrants, each once.
        seed: Of the resamples.
        resamples: How many.
        level: Of intervals of scores and differences (each), and of ranks (all together).
        questions: Ids of the columns, by which they are then sorted.
        most_tiers: Number of tiers, the last holds the rest.
        top: The k of P(rank ≤ k).

    Raises:
        CourseError: Names and scores do not fit, an entrant has no score at all, there are no
            questions, or a setting is out of range.
    """
    require_settings(float(level), resamples)
    if not len(names):
        return Ranking((), (), tests.MCNEMAR, main.shape[-1], level, resamples, seed)
    scores = _in_order(main, names, questions)
    with whole_products():
        decision = tests.decide(scores, float(level))
        table = _Table(tuple(sorted(names)), scores, np.nanmean(scores, axis=1), decision)
        means = resampled_means(scores, seed, resamples)
        rows = _rows(table, means, (float(level), most_tiers, tuple(top)))
        pairs = _pairs(table, means, (float(level), resamples, seed))
    return Ranking(
        rows,
        pairs,
        tests.comparison_of(scores),
        scores.shape[1],
        level,
        resamples,
        seed,
    )


def _in_order(
    main: FloatArray, names: Sequence[str], questions: Sequence[str] | None
) -> FloatArray:
    """Return the scores with rows by name and columns by question's id."""
    scores = np.asarray(main, dtype=np.float64)
    require_scores(scores)
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise CourseError(
            f"two entrants have the name {twice[0]!r}", todo="Give every entrant a name of its own"
        )
    if len(scores) != len(names) or (questions is not None and len(questions) != scores.shape[1]):
        raise CourseError("the table of scores does not fit the names and questions")
    columns = (
        sorted(range(scores.shape[1]), key=questions.__getitem__) if questions else slice(None)
    )
    scores = scores[sorted(range(len(names)), key=names.__getitem__)][:, columns]
    silent = np.flatnonzero(np.isnan(scores).all(axis=1))
    if len(silent):
        raise CourseError(
            "there is no score at all to rank by", where=repr(sorted(names)[silent[0]])
        )
    return scores


def _rows(
    table: _Table, means: FloatArray, settings: tuple[float, int | None, tuple[int, ...]]
) -> tuple[Placed, ...]:
    level, most_tiers, top = settings
    low, high = percentile_interval(means, level)
    place = places(table.value)
    ranges = rank_ranges(table.value, table.decision.better)
    tier = tiers(table.value, table.decision.better, most_tiers)
    chances = top_chances(means, top)
    gains = _gains(table)
    rows = [
        Placed(
            name,
            int(place[i]),
            ranges[i].low,
            ranges[i].high,
            int(tier[i]),
            _estimate(table.value[i], low[i], high[i]),
            {k: digits(chances[i, column]) for column, k in enumerate(top)},
            gains[i],
            digits(np.isnan(table.scores[i]).mean()),
        )
        for i, name in enumerate(table.names)
    ]
    return tuple(sorted(rows, key=lambda row: (row.place, row.name)))


def _gains(table: _Table) -> list[Decimal | None]:
    """Return everybody's gain over the place above; over the hardest of it if several share it."""
    number, mean, error = tests.differences(table.scores)
    found: list[Decimal | None] = []
    for i, value in enumerate(table.value):
        higher = table.value[table.value > value]
        if not len(higher):
            found.append(None)
            continue
        above = np.flatnonzero(table.value == higher.min())
        needed = [
            gain(mean[i, j], error[i, j], table.decision.open_alpha, int(number[i, j]))
            for j in above
            if number[i, j] > 1
        ]
        found.append(digits(max(needed)) if needed else None)
    return found


def _pairs(
    table: _Table, means: FloatArray, settings: tuple[float, int, int]
) -> tuple[HeadToHead, ...]:
    level, resamples, seed = settings
    first, second = np.triu_indices(len(table.names), k=1)
    value, low, high = _differences(table, means, level, (resamples, seed))
    raw = table.decision.p_values[first, second]
    corrected = tests.adjusted(raw)
    place = places(table.value)
    order = np.lexsort((np.arange(len(place)), place))  # names are sorted already
    position = np.argsort(order)
    found = []
    for k, (i, j) in enumerate(zip(first, second, strict=True)):
        swapped = position[i] > position[j]
        one, other = (j, i) if swapped else (i, j)
        ends = (-value[k], -high[k], -low[k]) if swapped else (value[k], low[k], high[k])
        p_values = digits(raw[k]), digits(corrected[k])
        pair = HeadToHead(table.names[one], table.names[other], _estimate(*ends), *p_values)
        found.append((position[one], position[other], pair))
    return tuple(pair for _, _, pair in sorted(found, key=lambda item: item[:2]))


def _differences(
    table: _Table, means: FloatArray, level: float, settings: tuple[int, int]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return every pair's difference over the questions that both are scored on, and its ends."""
    i, j = np.triu_indices(len(table.names), k=1)
    _, mean, _ = tests.differences(table.scores)
    whole = not np.isnan(table.scores).any()
    ends = [np.zeros((2, 0))]
    for start in range(0, len(i), PAIRS):
        pair = i[start : start + PAIRS], j[start : start + PAIRS]
        drawn = (
            means[pair[0]] - means[pair[1]]
            if whole
            else (_paired_draws(table.scores, pair, *settings))
        )
        ends.append(np.stack(percentile_interval(drawn, level)))
    low, high = np.concatenate(ends, axis=1)
    return mean[i, j], low, high


def _paired_draws(
    scores: FloatArray, pair: tuple[IntArray, IntArray], resamples: int, seed: int
) -> FloatArray:
    """Return the pairs' mean differences over common questions, shape (pairs, resamples)."""
    difference = scores[pair[0]] - scores[pair[1]]
    both = (~np.isnan(difference)).astype(np.float64)
    held = np.where(both > 0, difference, 0.0)
    centre = divide(held.sum(axis=1), both.sum(axis=1))
    chunks = [
        divide(held @ counts.T, both @ counts.T)
        for counts in resampled(scores.shape[1], resamples, seed)
    ]
    drawn = np.concatenate(chunks, axis=1)
    return np.where(np.isnan(drawn), centre[:, None], drawn)


def _estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(*(unsigned(0.0 if np.isnan(one) else one) for one in (value, low, high)))
