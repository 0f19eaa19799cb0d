"""How far verdicts agree with labels, with chance, and with themselves.

A file of recorded verdicts is JSON Lines of ``{"label", "verdict", "verdict_swapped"}``. `label`
is what a person says of the two answers in the order of the file; `verdict` is the judge's word
in that order and `verdict_swapped` its word when it was shown the two the other way round, both in
terms of what it saw: a judge that keeps its mind says A and then B. None is an unscored verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.core.errors import CourseError
from leaderboard.judges.intervals import LEVEL, exact, wilson
from leaderboard.judges.pairs import read_lines
from leaderboard.records import Estimate, Label, digits

SEED = 2026
RESAMPLES = 2000
FIELDS = ("label", "verdict", "verdict_swapped")
_SPELLINGS = {
    **dict.fromkeys(("a", "1", "first", "model_a", "[[a]]"), Label.FIRST),
    **dict.fromkeys(("b", "2", "second", "model_b", "[[b]]"), Label.SECOND),
    **dict.fromkeys(("tie", "c", "0", "[[c]]"), Label.TIE),
}
_FLIPPED = {Label.FIRST: Label.SECOND, Label.SECOND: Label.FIRST, Label.TIE: Label.TIE}

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled pair and what a judge said of it in both orders, each in the order shown."""

    label: Label
    verdict: Label | None
    swapped: Label | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a file of verdicts says about its judge.

    Args:
        accuracy: Share of verdicts equal to the label; with Wilson's interval.
        accuracy_swapped: The same in the other order.
        accuracy_both: Over both orders: a pair counts as `Licence.accuracy` counts it.
        kappa: Cohen's, of `verdict` against `label`; with a bootstrap interval over pairs.
        alpha: Krippendorff's for nominal data, of the label and both verdicts turned to one order.
        swap_consistency: Share of pairs with the same winner in both orders; with Wilson's.
        first_position: Share of decided verdicts for the first answer shown; exact interval.
        coverage: Share of verdicts that are not unscored.
        items: Pairs.
    """

    accuracy: Estimate
    accuracy_swapped: Estimate | None
    accuracy_both: Estimate
    kappa: Estimate
    alpha: Estimate
    swap_consistency: Estimate | None
    first_position: Estimate
    coverage: Decimal
    items: int


def flipped(label: Label | None) -> Label | None:
    """Return what a verdict says of the same answers shown the other way round."""
    return None if label is None else _FLIPPED[label]


def read_label(value: object, where: str) -> Label | None:
    """Return the label that a file means: A, B or tie, in one of the usual spellings.

    Raises:
        CourseError: It is none of them.
    """
    if value is None:
        return None
    if isinstance(value, str | int) and not isinstance(value, bool):
        found = _SPELLINGS.get(str(value).strip().lower())
        if found is not None:
            return found
    raise CourseError(
        f"{value!r} is no verdict", where=where, todo='Write "A", "B", "tie", or null if unscored'
    )


def read(path: Path) -> tuple[Judged, ...]:
    """Read a file of recorded verdicts.

    Raises:
        CourseError: It is not of the form above, or holds no pairs.
    """
    found = []
    for number, row in read_lines(path):
        where = f"{path}, line {number}"
        if "label" not in row or "verdict" not in row:
            raise CourseError("a line needs label, verdict and verdict_swapped", where=where)
        label, verdict, swapped = (read_label(row.get(name), where) for name in FIELDS)
        if label is None:
            raise CourseError("a label cannot be missing", where=where, todo="Leave the line out")
        found.append(Judged(label, verdict, swapped))
    if not found:
        raise CourseError("there are no verdicts in the file", where=str(path))
    return tuple(found)


def measure(
    judged: Sequence[Judged],
    *,
    level: Decimal = LEVEL,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> Agreement:
    """Compare verdicts with labels.

    Unscored verdicts are left out of everything but `coverage` and `accuracy_both`. Without a
    single verdict in the other order what needs one is None.

    Raises:
        CourseError: There are no pairs, or no verdict at all.
    """
    if not any(one.verdict for one in judged):
        raise CourseError("there is no verdict to compare with the labels")
    forward = [(one.label, one.verdict) for one in judged if one.verdict]
    backward = [(one.label, flipped(one.swapped)) for one in judged if one.swapped]
    both = [one for one in judged if one.verdict and one.swapped]
    asked = [word for one in judged for word in (one.verdict, one.swapped)]
    if not backward:
        asked = [one.verdict for one in judged]
    same = sum(one.verdict == flipped(one.swapped) for one in both)
    return Agreement(
        accuracy=_share_equal(forward, level),
        accuracy_swapped=_share_equal(backward, level) if backward else None,
        accuracy_both=accuracy([item_score(one) for one in judged], [""] * len(judged), level),
        kappa=_kappa_interval(forward, level, seed, resamples),
        alpha=_alpha_interval(judged, level, seed, resamples),
        swap_consistency=wilson(same / len(both), len(both), level) if both else None,
        first_position=first_position(asked, level),
        coverage=digits(sum(word is not None for word in asked) / len(asked)),
        items=len(judged),
    )


def item_score(one: Judged) -> float:
    """Return how right both verdicts on a pair are, in [0, 1].

    A right one counts 1, a wrong one 0; a tie where the label is none, or a winner where the label
    is a tie, counts ½, and so does an unscored one.
    """
    return (_right(one.verdict, one.label) + _right(flipped(one.swapped), one.label)) / 2


def _right(word: Label | None, label: Label) -> float:
    if word is None:
        return 0.5
    if word is label:
        return 1.0
    return 0.5 if Label.TIE in (word, label) else 0.0


def accuracy(scores: Sequence[float], groups: Sequence[str], level: Decimal = LEVEL) -> Estimate:
    """Return the mean of item scores with Wilson's interval on an effective number of items.

    Items of one group (a document that several pairs are about) are not independent: the number
    is divided by the design effect of the groups, where that is over 1 (Kish, Survey Sampling,
    1965, section 5.4). An empty group's name stands for a group of its own.
    """
    mean = float(np.mean(scores))
    own = (group or f"\0{place}" for place, group in enumerate(groups))
    residuals: dict[str, float] = {}
    for group, score in zip(own, scores, strict=True):
        residuals[group] = residuals.get(group, 0.0) + score - mean
    alone = sum((score - mean) ** 2 for score in scores)
    together = sum(value**2 for value in residuals.values())
    effect = max(1.0, together / alone) if alone > 0 else 1.0
    return wilson(mean, len(scores) / effect, level)


def first_position(words: Iterable[Label | None], level: Decimal = LEVEL) -> Estimate:
    """Return the share of decided verdicts for the first answer shown, with its exact interval."""
    counts = Counter(words)
    first, second = counts[Label.FIRST], counts[Label.SECOND]
    return exact(first, first + second, level)


def cohen_kappa(left: Sequence[Any], right: Sequence[Any]) -> float:
    """Return Cohen's κ (Educational and Psychological Measurement 20, 1960).

    1 when both say one and the same of everything: there is nothing that chance could explain.
    """
    table = _table(_codes(left, right))
    return float(_kappas(table[None])[0])


def krippendorff_alpha(ratings: Sequence[Sequence[Any]]) -> float:
    """Return Krippendorff's α for nominal data (Content Analysis, 2004, chapter 11).

    Args:
        ratings: By unit: what each rater said; None where a rater said nothing.
    """
    counts, names = _unit_counts(ratings)
    del names
    return float(_alphas(counts, np.ones((1, len(counts))))[0])


def _share_equal(pairs: Sequence[tuple[Label, Label | None]], level: Decimal) -> Estimate:
    right = sum(label == word for label, word in pairs)
    return wilson(right / len(pairs), len(pairs), level)


def _codes(left: Sequence[Any], right: Sequence[Any]) -> tuple[Ints, Ints, int]:
    names = {name: place for place, name in enumerate(sorted({*left, *right}, key=str))}
    first = np.array([names[name] for name in left], dtype=np.int64)
    second = np.array([names[name] for name in right], dtype=np.int64)
    return first, second, len(names)


def _table(codes: tuple[Ints, Ints, int]) -> NDArray[np.float64]:
    first, second, size = codes
    cells = np.bincount(first * size + second, minlength=size * size)
    return cells.reshape(size, size).astype(np.float64)


def _kappas(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return κ of contingency tables of shape (tables, labels, labels)."""
    total = tables.sum(axis=(1, 2))
    seen = np.trace(tables, axis1=1, axis2=2) / total
    chance = (tables.sum(axis=2) * tables.sum(axis=1)).sum(axis=1) / total**2
    safe = np.where(chance < 1, 1 - chance, 1)
    return np.where(chance < 1, (seen - chance) / safe, 1.0)


def _kappa_interval(
    pairs: Sequence[tuple[Label, Label | None]], level: Decimal, seed: int, resamples: int
) -> Estimate:
    codes = _codes([label for label, _ in pairs], [word for _, word in pairs])
    size = codes[2]
    whole = _table(codes)
    drawn = np.random.default_rng(seed).multinomial(
        len(pairs), whole.ravel() / len(pairs), size=resamples
    )
    resampled = _kappas(drawn.reshape(resamples, size, size).astype(np.float64))
    return _percentiles(float(_kappas(whole[None])[0]), resampled, level)


def _unit_counts(
    ratings: Sequence[Sequence[Any]],
) -> tuple[NDArray[np.float64], Mapping[Any, int]]:
    """Return how often each value was given to each unit that two or more raters rated."""
    given = [[value for value in unit if value is not None] for unit in ratings]
    names = {
        name: place
        for place, name in enumerate(sorted({v for unit in given for v in unit}, key=str))
    }
    counts = np.zeros((len(given), len(names)))
    for row, unit in enumerate(given):
        for value in unit:
            counts[row, names[value]] += 1
    return counts[counts.sum(axis=1) >= 2], names


def _alphas(counts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return α of weighted units.

    Args:
        counts: Shape (units, values).
        weights: How often a unit counts, shape (resamples, units).
    """
    raters = counts.sum(axis=1)
    disagreeing = (raters**2 - (counts**2).sum(axis=1)) / (raters - 1)
    totals = weights @ counts  # (resamples, values)
    number = totals.sum(axis=1)
    observed = weights @ disagreeing
    expected = (number**2 - (totals**2).sum(axis=1)) / (number - 1)
    safe = np.where(expected > 0, expected, 1)
    return np.where(expected > 0, 1 - observed / safe, 1.0)


def _alpha_interval(
    judged: Sequence[Judged], level: Decimal, seed: int, resamples: int
) -> Estimate:
    counts, _ = _unit_counts([(one.label, one.verdict, flipped(one.swapped)) for one in judged])
    units = len(counts)
    drawn = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), resamples)
    value = float(_alphas(counts, np.ones((1, units)))[0])
    return _percentiles(value, _alphas(counts, drawn.astype(np.float64)), level)


def _percentiles(value: float, resampled: NDArray[np.float64], level: Decimal) -> Estimate:
    tail = (1 - float(level)) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Estimate(digits(value), digits(low), digits(high))
