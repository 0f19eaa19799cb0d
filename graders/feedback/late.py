"""Why lateness cost what it cost, in lines that a reader can recompute by hand.

Instants are shown in the course's zone to the second. Both ends are cut to whole seconds, and
the last instant of a deadline is the last microsecond of its second, so the shown difference
rounds up to the same number of days as the exact one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from graders.core.config import Course
from graders.core.errors import CourseError
from graders.core.exact import exact
from graders.core.messages import Messages
from graders.core.records import Decision, GradedWork, LateRule

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled value of an explanation."""

    label: str
    value: str


def lateness(work: GradedWork, course: Course, words: Messages) -> tuple[Line, ...]:
    """Return the deadlines that applied and, when something was graded, the arithmetic.

    Raises:
        CourseError: Penalty or grade are not what the course's late rule gives, so that any
            explanation would be wrong.
    """
    decision = work.decision
    deadlines = decision.deadlines if decision else course.deadlines(work.homework)
    lines = [
        Line(words.text("feedback.soft"), _deadline(deadlines.soft, course, words)),
        Line(words.text("feedback.hard"), _deadline(deadlines.hard, course, words)),
    ]
    granted = decision.extension_days if decision else sum(work.grade.facts.get("extensions", ()))
    if granted:
        # Without a decision the deadlines above are the course's own.
        key = "feedback.extension.included" if decision else "feedback.extension.added"
        value = words.text(key, days=words.plural("core.days", granted))
        lines.append(Line(words.text("feedback.extension"), value))
    if decision and work.counted:
        _insist_on(course.rule, decision, work)
        received = words.instant(work.counted.received, course.zone, seconds=True)
        lines += [
            Line(words.text("feedback.received"), received),
            Line(words.text("feedback.late"), _late(decision, work.counted.received, words)),
            Line(words.text("feedback.penalty"), _penalty(decision, course.rule, words)),
            Line(words.text("feedback.final"), _final(decision, course.rule, words)),
        ]
    return tuple(lines)


def _final(decision: Decision, rule: LateRule, words: Messages) -> str:
    """Return how raw score and penalty make the grade, for example «8,5 − 3 = 5,5»."""
    with exact():
        rest = decision.raw - decision.penalty
    numbers = {
        "raw": decision.raw,
        "penalty": decision.penalty,
        "rest": words.decimal(rest).replace("-", "−"),
    }
    if rest == decision.final:
        return words.text("feedback.final.sum", **numbers)
    return words.text("feedback.final.floored", floor=rule.floor, final=decision.final, **numbers)


def _deadline(moment: datetime | None, course: Course, words: Messages) -> str:
    if moment is None:
        return words.text("core.tba")
    return words.instant(moment, course.zone, seconds=True)


def _late(decision: Decision, received: datetime, words: Messages) -> str:
    soft = decision.deadlines.soft
    if soft is None:
        return words.text("feedback.late.tba")
    if not decision.days_late:
        return words.text("feedback.late.none")
    elapsed = received.replace(microsecond=0) - soft.replace(microsecond=0)
    days = words.plural("core.days", decision.days_late)
    return words.text("feedback.late.days", elapsed=_clock(elapsed), days=days)


def _penalty(decision: Decision, rule: LateRule, words: Messages) -> str:
    if not decision.days_late:
        return words.text("feedback.penalty.none")
    with exact():
        product = decision.days_late * rule.per_day
    numbers = {
        "days": words.plural("core.days", decision.days_late),
        "per_day": rule.per_day,
        "product": product,
    }
    if product == decision.penalty:
        return words.text("feedback.penalty.days", **numbers)
    return words.text("feedback.penalty.capped", cap=rule.cap, **numbers)


def _insist_on(rule: LateRule, decision: Decision, work: GradedWork) -> None:
    """Refuse to explain numbers that the rule does not give."""
    with exact():
        penalty = min(decision.days_late * rule.per_day, rule.cap)
        final = min(decision.raw, max(decision.raw - penalty, rule.floor))
    if (decision.penalty, decision.final) != (penalty, final):
        raise CourseError(
            f"the penalty {decision.penalty} and the grade {decision.final} are not what the"
            f" course's late rule gives for {decision.days_late} days: {penalty} and {final}",
            where=f"{work.homework} of {work.student}",
            todo="Grade the homework again, then write the pages",
        )


def _clock(elapsed: timedelta) -> str:
    seconds = elapsed // SECOND
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
