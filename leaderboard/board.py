"""A board: entries in order, every score and every rank with what chance allows.

`build` makes one from answers to questions with labels. A `Board` itself knows no homework and
no metric by name: another competition fills the same record and gets the same page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from numpy.typing import NDArray

from graders.core.errors import CourseError
from leaderboard.intervals import percentile_interval, rank_ranges, resampled

DIGITS = Decimal("0.0001")
LEVEL = Decimal("0.95")
METRICS = ("accuracy", "macro_f1")
NAMED = 5  # ids that an error names

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Entry:
    """One participant: a name to show, and the label given to every question."""

    name: str
    predictions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Score:
    """An estimate and the ends of its interval."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a board.

    Args:
        place: One more than the rows with a better result; equal results share it.
        rank_low: The best rank that the data do not rule out.
        rank_high: The worst one. Equal results share their ranks.
        name: Of the entry.
        scores: By metric.
    """

    place: int
    rank_low: int
    rank_high: int
    name: str
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Board:
    """Rows in the order of the first metric, the best first; higher is better.

    `metrics` and `comparison`, which tells how ranks were decided, are names of the
    ``leaderboard.metric.*`` and ``leaderboard.comparison.*`` messages.
    """

    metrics: tuple[str, ...]
    comparison: str
    rows: tuple[Row, ...]
    questions: int
    level: Decimal
    resamples: int
    seed: int


def build(
    entries: Sequence[Entry],
    gold: Mapping[str, int],
    *,
    seed: int,
    resamples: int = 2000,
    level: Decimal = LEVEL,
) -> Board:
    """Rank entries by accuracy, with macro F1 beside it.

    All entries are scored on the same resamples of the questions, so that equal answers get
    equal intervals. The order of `entries` and of ids changes nothing.

    Args:
        entries: Participants; each has one label for every question and for nothing else.
        gold: The right label of every question.
        seed: Of the resamples.
        resamples: How many, at least 1.
        level: Of intervals of scores (each) and of ranks (all together), between 0 and 1.

    Raises:
        CourseError: Ids are missing or foreign, a label is unknown, two entries have one name,
            there are no questions, or a setting is out of range.
    """
    if not 0 < level < 1 or resamples < 1:
        raise CourseError(
            f"intervals need a level between 0 and 1 and resamples, not {level} and {resamples}"
        )
    _check(entries, gold)
    rows: tuple[Row, ...] = ()
    if entries:
        sheet = _sheet(sorted(entries, key=lambda entry: entry.name), gold)
        rows = _rows(sheet, _scores(sheet, seed, resamples, level), float(level))
    return Board(METRICS, "mcnemar_holm", rows, len(gold), level, resamples, seed)


def accuracy(answers: Ints, truth: Ints, weights: Floats) -> Floats:
    """Return the weighted shares of right answers.

    Args:
        answers: Shape (entries, questions).
        truth: Shape (questions,).
        weights: How often a question counts, shape (resamples, questions).

    Returns:
        Shape (entries, resamples).
    """
    right = (answers == truth).astype(np.float64)
    shares: Floats = right @ weights.T / weights.sum(axis=1)
    return shares


def macro_f1(answers: Ints, truth: Ints, weights: Floats, labels: Iterable[int]) -> Floats:
    """Return the mean F1 over labels, 0 for a label that is neither right nor given anywhere.

    Shapes as in `accuracy`. F1 = 2 TP / (2 TP + FP + FN) (van Rijsbergen, Information
    Retrieval, 1979, chapter 7).
    """
    scores = []
    for label in labels:
        given = (answers == label).astype(np.float64)
        true = (truth == label).astype(np.float64)
        hits = (given * true) @ weights.T
        all_of_it = given @ weights.T + weights @ true
        scores.append(np.divide(2 * hits, all_of_it, out=np.zeros_like(hits), where=all_of_it > 0))
    mean: Floats = np.mean(scores, axis=0)
    return mean


@dataclass(frozen=True, slots=True)
class _Sheet:
    """All answers as arrays: shape (entries, questions), the truth (questions,)."""

    names: tuple[str, ...]
    answers: Ints
    truth: Ints
    labels: tuple[int, ...]


def _sheet(entries: Sequence[Entry], gold: Mapping[str, int]) -> _Sheet:
    ids = sorted(gold)
    return _Sheet(
        names=tuple(entry.name for entry in entries),
        answers=np.array([[entry.predictions[name] for name in ids] for entry in entries]),
        truth=np.array([gold[name] for name in ids]),
        labels=tuple(sorted(set(gold.values()))),
    )


def _measure(sheet: _Sheet, weights: Floats) -> Floats:
    """Return both metrics, shape (metrics, entries, resamples)."""
    return np.stack(
        [
            accuracy(sheet.answers, sheet.truth, weights),
            macro_f1(sheet.answers, sheet.truth, weights, sheet.labels),
        ]
    )


def _scores(
    sheet: _Sheet, seed: int, resamples: int, level: Decimal
) -> dict[str, tuple[Score, ...]]:
    """Return every metric's scores of all entries."""
    questions = len(sheet.truth)
    values = _measure(sheet, np.ones((1, questions)))[:, :, 0]
    chunks = [_measure(sheet, weights) for weights in resampled(questions, resamples, seed)]
    samples = np.concatenate(chunks, axis=2)
    scores = {}
    for number, metric in enumerate(METRICS):
        low, high = percentile_interval(samples[number], float(level))
        ends = zip(values[number], low, high, strict=True)
        scores[metric] = tuple(Score(*map(_digits, three)) for three in ends)
    return scores


def _rows(sheet: _Sheet, scores: Mapping[str, tuple[Score, ...]], level: float) -> tuple[Row, ...]:
    right = sheet.answers == sheet.truth
    hits = right.sum(axis=1)
    ranges = rank_ranges(right, level)
    equal = [[ranges[j] for j in np.flatnonzero(hits == hits[i])] for i in range(len(hits))]
    rows = [
        Row(
            place=1 + int((hits > hits[i]).sum()),
            # Equal results share a rank: the range that holds all of theirs.
            rank_low=min(one.low for one in equal[i]),
            rank_high=max(one.high for one in equal[i]),
            name=name,
            scores={metric: found[i] for metric, found in scores.items()},
        )
        for i, name in enumerate(sheet.names)
    ]
    return tuple(sorted(rows, key=lambda row: (row.place, -row.scores["macro_f1"].value, row.name)))


def _digits(value: float) -> Decimal:
    return Decimal(str(float(value))).quantize(DIGITS, ROUND_HALF_EVEN)


def _check(entries: Sequence[Entry], gold: Mapping[str, int]) -> None:
    if entries and not gold:
        raise CourseError("there are no questions to rank by")
    names = Counter(entry.name for entry in entries)
    twice = sorted(name for name, count in names.items() if count > 1)
    if twice:
        raise CourseError(
            f"two entries have the name {twice[0]!r}", todo="Give every entry a name of its own"
        )
    labels = set(gold.values())
    for entry in entries:
        given = entry.predictions
        problems = {
            "there is no answer for": gold.keys() - given.keys(),
            "there is no question": given.keys() - gold.keys(),
            "the label is unknown of": {name for name, x in given.items() if x not in labels},
        }
        for trouble, ids in problems.items():
            if ids:
                raise CourseError(
                    f"{trouble} {_some(ids)} ({len(ids)} in all)",
                    where=f"the predictions of {entry.name!r}",
                    todo="Give one known label for every question and for nothing else",
                )


def _some(ids: Iterable[str]) -> str:
    """Return the first few ids, quoted."""
    named = sorted(ids)
    more = ", …" if len(named) > NAMED else ""
    return ", ".join(repr(name) for name in named[:NAMED]) + more
