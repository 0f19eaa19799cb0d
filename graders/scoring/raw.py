"""From cases and marks to a raw score: sums per part, and what still waits for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from graders.core.errors import CourseError
from graders.core.exact import checked, exact
from graders.core.records import Case, Mark, PartRule, PartScore, RawScore, RubricRule

ZERO = Decimal(0)
Rule = TypeVar("Rule", PartRule, RubricRule)


def score(
    parts: Sequence[PartRule],
    rubric: Sequence[RubricRule],
    cases: Sequence[Case],
    marks: Sequence[Mark],
) -> RawScore:
    """Add up what a submission earned.

    Args:
        parts: The parts of the assignment.
        rubric: The items that only a person marks.
        cases: The outcomes of the hidden tests of one run; without an `earned`, one is unscored.
        marks: The marks of the submission, oldest first; the last one of an item counts.

    Returns:
        The raw score: what the parts earned so far. It is provisional while a case is unscored or
        a rubric item has no mark.

    Raises:
        CourseError: A part's cases and rubric items give more points than the part has, something
            names a part or item that does not exist, a key stands twice, or points are not exact
            or out of range.
    """
    possible = _by_key(parts, "part")
    items = _by_key(rubric, "rubric item")
    last = {mark.item: mark for mark in marks}
    _check_names(possible, items, cases, last)
    for case in cases:
        _check_range(case.earned, case.points, f"the case {case.key}")
    for item, mark in last.items():
        _check_range(mark.points, items[item].points, f"the mark of {item}")
    with exact():
        scores = tuple(_part_score(part, rubric, cases, last) for part in parts)
        raw = sum((part.earned for part in scores), ZERO)
    return RawScore(raw, scores, provisional=_waits(rubric, cases, last))


def _part_score(
    part: PartRule,
    rubric: Sequence[RubricRule],
    cases: Sequence[Case],
    marks: Mapping[str, Mark],
) -> PartScore:
    mine = [case for case in cases if case.part == part.key]
    items = [item for item in rubric if item.part == part.key]
    told = sum((case.points for case in mine), ZERO) + sum((i.points for i in items), ZERO)
    if told > part.points:
        raise CourseError(
            f"the cases and the rubric give {told} points, the part has {part.points}",
            where=f"part {part.key}",
            todo="Lower the points of the hidden tests or of the rubric",
        )
    earned = sum((case.earned for case in mine if case.earned is not None), ZERO)
    earned += sum((marks[item.key].points for item in items if item.key in marks), ZERO)
    unscored = sum((case.points for case in mine if case.earned is None), ZERO)
    unscored += sum((item.points for item in items if item.key not in marks), ZERO)
    return PartScore(part.key, earned, part.points, unscored)


def _waits(rubric: Sequence[RubricRule], cases: Sequence[Case], marks: Mapping[str, Mark]) -> bool:
    return any(case.earned is None for case in cases) or any(
        item.key not in marks for item in rubric
    )


def _by_key(rules: Sequence[Rule], what: str) -> dict[str, Rule]:
    counts = Counter(rule.key for rule in rules)
    for rule in rules:
        checked(rule.points, f"the points of the {what} {rule.key}")
        if counts[rule.key] > 1:
            raise CourseError(f"the {what} {rule.key!r} stands twice", todo="Rename one")
    return {rule.key: rule for rule in rules}


def _check_names(
    parts: Mapping[str, PartRule],
    items: Mapping[str, RubricRule],
    cases: Sequence[Case],
    marks: Mapping[str, Mark],
) -> None:
    """Check that whatever names a part or a rubric item names one that exists."""
    for case in cases:
        _known(case.part, parts, "part", f"the case {case.key}")
    for item in items.values():
        _known(item.part, parts, "part", f"the rubric item {item.key}")
    for name, mark in marks.items():
        _known(name, items, "rubric item", f"the mark by {mark.by}")


def _known(name: str, names: Iterable[str], what: str, where: str) -> None:
    if name not in names:
        known = ", ".join(names) or "none"
        raise CourseError(f"there is no {what} {name!r}", where=where, todo=f"There are: {known}")


def _check_range(earned: Decimal | None, points: Decimal, what: str) -> None:
    checked(points, f"the points of {what}")
    if points < 0:
        raise CourseError(f"{what} has negative points", where=str(points))
    if earned is not None and not 0 <= checked(earned, what) <= points:
        raise CourseError(f"{what} gives {earned} of {points} points", todo="Give 0 up to the most")
