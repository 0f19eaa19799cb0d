"""From the private board to the gradebook: three absolute milestones, and the tier.

Each milestone that a team's main score reaches earns its rubric item; the tier's item is earned in
shares, from the first milestone on. Raw ranks earn nothing: neighbours on a board can seldom be
told apart. Marks are stored for the submission that counts, signed by `BY`; a person's later mark
on the same item stands. Nothing is graded from a board that is frozen or has no licensed judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from graders.core.errors import CourseError
from graders.core.messages import Messages
from graders.core.records import GradedWork, Mark
from graders.pipeline.book import settle, standing
from leaderboard.competition.attempts import Field
from leaderboard.competition.config import MAIN, GradeTable
from leaderboard.records import Kind, Part
from leaderboard.standings import Standing, Standings

BY = "competition"


@dataclass(frozen=True, slots=True)
class Earned:
    """What a student's place on the private board earns, by rubric item, and why."""

    student: str
    points: Mapping[str, Decimal]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """What `give` did: new marks, items that already had the same mark, persons' marks kept."""

    works: tuple[GradedWork, ...]
    new: int
    same: int
    kept: int


def require_final(standings: Standings) -> None:
    """Refuse to grade from a board that does not count.

    Raises:
        CourseError: It is the public board, or it is frozen, or its judge has no licence.
    """
    if standings.part is not Part.PRIVATE:
        raise CourseError(
            "grades come from the private board",
            where=standings.competition,
            todo="Score the private items first: `zachetka competition score --final`",
        )
    if standings.judge is None or not standings.judge.licence.licensed:
        name = standings.judge.licence.judge.name if standings.judge else "no judge"
        raise CourseError(
            f"the judge has no licence ({name}): its verdicts give no points",
            where=standings.competition,
            todo="Choose a judge that passes `zachetka judge exam`, and score again",
        )
    if standings.frozen:
        reasons = ", ".join(
            f"{flag.key.rsplit('.', 1)[-1]} {dict(flag.args) or ''}".strip()
            for flag in standings.frozen
        )
        raise CourseError(
            f"the board is frozen ({reasons})",
            where=standings.competition,
            todo="Find out why the judge was fooled before anything is graded",
        )


def earned(
    standings: Standings, rules: GradeTable, most: Mapping[str, Decimal], words: Messages
) -> tuple[Earned, ...]:
    """Return what every team earns.

    Args:
        standings: The private board.
        rules: Milestones and tiers.
        most: The most that each rubric item can earn, by key.
        words: In which reasons are told.
    """
    return tuple(
        _earned(row, rules, most, words) for row in standings.rows if row.kind is Kind.TEAM
    )


def nothing(student: str, rules: GradeTable, words: Messages) -> Earned:
    """Return what somebody earns who has no scored submission."""
    items = items_of(rules)
    reason = words.text("competition.reason.none")
    return Earned(student, dict.fromkeys(items, Decimal(0)), dict.fromkeys(items, reason))


def items_of(rules: GradeTable) -> tuple[str, ...]:
    """Return the rubric items that the competition gives, milestones first."""
    milestones = [f"{rules.part}.milestone{number}" for number in (1, 2, 3)]
    return (*milestones, f"{rules.part}.tier")


def _earned(
    row: Standing, rules: GradeTable, most: Mapping[str, Decimal], words: Messages
) -> Earned:
    value = row.scores[MAIN].value
    *milestones, tier = items_of(rules)
    points: dict[str, Decimal] = {}
    reasons: dict[str, str] = {}
    for item, threshold in zip(milestones, rules.milestones, strict=True):
        reached = value >= threshold
        points[item] = most[item] if reached else Decimal(0)
        reasons[item] = words.text(
            "competition.reason.reached" if reached else "competition.reason.missed",
            score=value,
            milestone=threshold,
        )
    share = rules.tiers[row.tier - 1] if 0 < row.tier <= len(rules.tiers) else Decimal(0)
    if value < rules.milestones[0]:
        share = Decimal(0)
    points[tier] = (most[tier] * share).quantize(Decimal("0.01"))
    reasons[tier] = words.text(
        "competition.reason.tier", tier=row.tier, low=row.rank_low, high=row.rank_high
    )
    return Earned(row.name, points, reasons)


def give(field: Field, all_earned: Sequence[Earned], now: datetime) -> Given:
    """Store what teams earned as marks of the submissions that count; again adds nothing.

    Args:
        field: The workspace and the assignment.
        all_earned: Of every student who is to be graded.
        now: The present instant.
    """
    workspace = field.workspace
    homework = workspace.course.homework(field.homework)
    works, new, same, kept = [], 0, 0, 0
    for one in all_earned:
        counted = standing(workspace, one.student, homework).counted
        if counted is None or counted.assignment != field.name:
            continue
        last = {mark.item: mark for mark in workspace.store.marks(counted.id)}
        for item, points in one.points.items():
            before = last.get(item)
            if before is not None and before.by != BY:
                kept += 1
            elif before is not None and (before.points, before.comment) == (
                points,
                one.reasons[item],
            ):
                same += 1
            else:
                reason = one.reasons[item]
                workspace.store.add_mark(Mark(counted.id, item, points, BY, reason, now))
                new += 1
        works.append(settle(workspace, one.student, homework, now))
    return Given(tuple(works), new, same, kept)


def grade(field: Field, standings: Standings, words: Messages, now: datetime) -> Given:
    """Grade the class from the private board.

    Everybody whose counted submission is of this assignment is graded; who has no scored
    attempt earns nothing, so that their grade can become final.

    Raises:
        CourseError: The board does not count (`require_final`), or the assignment lacks a
            rubric item.
    """
    require_final(standings)
    rules = field.config.grades
    assignment = field.workspace.course.assignment(field.name)
    most = {item: assignment.rubric_item(item).points for item in items_of(rules)}
    found = earned(standings, rules, most, words)
    ranked = {one.student for one in found}
    homework = field.workspace.course.homework(field.homework)
    others = []
    for student in field.workspace.store.students():
        if student.id not in ranked:
            counted = standing(field.workspace, student.id, homework).counted
            if counted is not None and counted.assignment == field.name:
                others.append(nothing(student.id, rules, words))
    return give(field, (*found, *others), now)
