"""The board of a homework with labels: entries in order, scores and ranks with what chance allows.

`build` fills the record that the competition fills too, so that both get the same pages; what
needs a judge stays empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from graders.core.errors import CourseError
from leaderboard.ranking import Placed, stand
from leaderboard.ranking.resampling import percentile_interval, resampled
from leaderboard.records import Estimate, Kind, Part, digits
from leaderboard.standings import Column, Standing, Standings

LEVEL = Decimal("0.95")
METRICS = ("accuracy", "macro_f1")
TOP = (1, 3, 10)  # the k of P(rank <= k), as far as there are more entries
NAMED = 5  # ids that an error names

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Entry:
    """One participant: a name to show, and the label given to every question."""

    name: str
    predictions: Mapping[str, int]


def build(
    entries: Sequence[Entry],
    gold: Mapping[str, int],
    *,
    seed: int,
    competition: str = "",
    resamples: int = 2000,
    level: Decimal = LEVEL,
) -> Standings:
    """Rank entries by accuracy, with macro F1 beside it.

    All entries are scored on the same resamples of the questions, so that equal answers get
    equal intervals. The order of `entries` and of ids changes nothing.

    Args:
        entries: Participants; each has one label for every question and for nothing else.
        gold: The right label of every question.
        seed: Of the resamples.
        competition: The homework's id.
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
    sheet = _sheet(sorted(entries, key=lambda entry: entry.name), gold)
    ranking = stand(
        (sheet.answers == sheet.truth).astype(np.float64),
        sheet.names,
        seed=seed,
        resamples=resamples,
        level=level,
        top=[k for k in TOP if k == 1 or k < len(entries)],
    )
    macro = _macro_scores(sheet, seed, resamples, level)
    return Standings(
        competition=competition,
        part=Part.PRIVATE,
        columns=tuple(map(Column, METRICS)),
        comparison=ranking.comparison,
        rows=tuple(_row(one, macro[one.name]) for one in ranking.rows),
        pairs=ranking.pairs,
        history=(),
        judge=None,
        questions=len(gold),
        level=level,
        resamples=resamples,
        seed=seed,
    )


def _row(one: Placed, macro: Estimate) -> Standing:
    return Standing(
        place=one.place,
        rank_low=one.rank_low,
        rank_high=one.rank_high,
        tier=one.tier,
        name=one.name,
        kind=Kind.TEAM,
        scores={"accuracy": one.score, "macro_f1": macro},
        top=one.top,
        gain=one.gain,
    )


def macro_f1(answers: Ints, truth: Ints, weights: Floats, labels: Iterable[int]) -> Floats:
    """Return the mean F1 over labels, 0 for a label that is neither right nor given anywhere.

    F1 = 2 TP / (2 TP + FP + FN) (van Rijsbergen, Information
    Retrieval, 1979, chapter 7).

    Args:
        answers: Shape (entries, questions).
        truth: Shape (questions,).
        weights: How often a question counts, shape (resamples, questions).
        labels: The classes.

    Returns:
        Shape (entries, resamples).
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
        answers=np.array(
            [[entry.predictions[name] for name in ids] for entry in entries], dtype=np.int64
        ).reshape(len(entries), len(ids)),
        truth=np.array([gold[name] for name in ids], dtype=np.int64),
        labels=tuple(sorted(set(gold.values()))),
    )


def _macro_scores(sheet: _Sheet, seed: int, resamples: int, level: Decimal) -> dict[str, Estimate]:
    """Return everybody's macro F1, on the same resamples as the accuracy."""
    if not sheet.names:
        return {}
    questions = len(sheet.truth)

    def score(weights: Floats) -> Floats:
        return macro_f1(sheet.answers, sheet.truth, weights, sheet.labels)

    values = score(np.ones((1, questions)))[:, 0]
    samples = np.hstack([score(weights) for weights in resampled(questions, resamples, seed)])
    ends = zip(values, *percentile_interval(samples, float(level)), strict=True)
    return {
        name: Estimate(*map(digits, three)) for name, three in zip(sheet.names, ends, strict=True)
    }


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
