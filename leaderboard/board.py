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
from leaderboard.intervals import (
    holm_adjusted,
    mcnemar,
    percentile_interval,
    rank_ranges,
    resampled,
)
from leaderboard.records import Estimate, Kind, Part, digits
from leaderboard.standings import Column, HeadToHead, Standing, Standings

LEVEL = Decimal("0.95")
METRICS = ("accuracy", "macro_f1")
TOP = (1, 3, 5, 10)  # the k of P(rank <= k), as far as there are so many entries
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
    rows: tuple[Standing, ...] = ()
    pairs: tuple[HeadToHead, ...] = ()
    if entries:
        sheet = _sheet(sorted(entries, key=lambda entry: entry.name), gold)
        samples = _resample(sheet, seed, resamples)
        rows = _rows(sheet, samples, float(level))
        pairs = _pairs(sheet, samples[0], [row.name for row in rows], float(level))
    return Standings(
        competition=competition,
        part=Part.PRIVATE,
        columns=tuple(map(Column, METRICS)),
        comparison="mcnemar_holm",
        rows=rows,
        pairs=pairs,
        history=(),
        judge=None,
        questions=len(gold),
        level=level,
        resamples=resamples,
        seed=seed,
    )


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


def _resample(sheet: _Sheet, seed: int, resamples: int) -> Floats:
    """Return both metrics on every resample, shape (metrics, entries, resamples)."""
    chunks = resampled(len(sheet.truth), resamples, seed)
    return np.concatenate([_measure(sheet, weights) for weights in chunks], axis=2)


def _scores(sheet: _Sheet, samples: Floats, level: float) -> list[dict[str, Estimate]]:
    """Return every entry's scores by metric."""
    values = _measure(sheet, np.ones((1, len(sheet.truth))))[:, :, 0]
    scores: list[dict[str, Estimate]] = [{} for _ in sheet.names]
    for number, metric in enumerate(METRICS):
        low, high = percentile_interval(samples[number], level)
        for entry, ends in enumerate(zip(values[number], low, high, strict=True)):
            scores[entry][metric] = Estimate(*map(digits, ends))
    return scores


def _rows(sheet: _Sheet, samples: Floats, level: float) -> tuple[Standing, ...]:
    right = sheet.answers == sheet.truth
    hits = right.sum(axis=1)
    ranges = rank_ranges(right, level)
    equal = [[ranges[j] for j in np.flatnonzero(hits == hits[i])] for i in range(len(hits))]
    scores = _scores(sheet, samples, level)
    top = _top(samples[0])
    rows = [
        Standing(
            place=1 + int((hits > hits[i]).sum()),
            # Equal results share a rank: the range that holds all of theirs.
            rank_low=min(one.low for one in equal[i]),
            rank_high=max(one.high for one in equal[i]),
            tier=0,
            name=name,
            kind=Kind.TEAM,
            scores=scores[i],
            top=top[i],
        )
        for i, name in enumerate(sheet.names)
    ]
    return tuple(sorted(rows, key=lambda row: (row.place, -row.scores["macro_f1"].value, row.name)))


def _top(samples: Floats) -> list[dict[int, Decimal]]:
    """Return P(rank <= k) of every entry over resamples; equal results share the better rank.

    Args:
        samples: Accuracy, shape (entries, resamples).
    """
    entries = len(samples)
    # A share of weighted hits is rounded in its last bits: far less than one question apart.
    ranks = np.stack([1 + (samples > one + 1e-9).sum(axis=0) for one in samples])
    return [
        {k: digits(float((own <= k).mean())) for k in TOP if k < entries or k == 1} for own in ranks
    ]


def _pairs(
    sheet: _Sheet, samples: Floats, order: Sequence[str], level: float
) -> tuple[HeadToHead, ...]:
    """Compare all pairs: accuracy's difference paired over questions, McNemar's p and Holm's."""
    right = sheet.answers == sheet.truth
    at = [sheet.names.index(name) for name in order]
    first, second = np.triu_indices(len(at), k=1)
    p_values = mcnemar(right)[at][:, at][first, second]
    adjusted = holm_adjusted(p_values)
    share = right.mean(axis=1)
    pairs = []
    for number, (i, j) in enumerate(zip(first, second, strict=True)):
        one, other = at[i], at[j]
        low, high = percentile_interval(samples[[one]] - samples[[other]], level)
        ends = share[one] - share[other], low[0], high[0]
        pairs.append(
            HeadToHead(
                order[int(i)],
                order[int(j)],
                Estimate(*map(digits, ends)),
                digits(p_values[number]),
                digits(adjusted[number]),
            )
        )
    return tuple(pairs)


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
