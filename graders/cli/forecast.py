"""`zachetka policy`: what a submission will cost, asked before it is sent."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graders.cli import console
from graders.cli.options import (
    DEFAULT_HOME,
    CourseFile,
    Home,
    HomeworkId,
    Json,
    Lang,
    load,
    speaker,
    workspace,
)
from graders.core.errors import CourseError

if TYPE_CHECKING:
    from datetime import datetime

    from graders.core.config import Course
    from graders.core.messages import Messages
    from graders.core.records import Decision


def policy(  # noqa: PLR0913, PLR0917 - each one is an option of the command
    homework: HomeworkId,
    received: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT",
            help="When it is received, for example 2026-12-01T00:00:00+03:00; by default now.",
        ),
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="The score before lateness; by default the most."),
    ] = None,
    student: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Count this student's extensions (needs the workspace)."),
    ] = None,
    soft: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help='Another soft deadline: "2026-11-30" (23:59), "2026-11-30 18:00", TBA'
            " or an instant.",
        ),
    ] = None,
    hard: Annotated[
        str | None, typer.Option(metavar="DATE", help="Another hard deadline, as --soft.")
    ] = None,
    course: CourseFile = None,
    home: Home = DEFAULT_HOME,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Forecast: is it accepted, how late is it, what does that cost, what grade results.

    With --json every value is a string: accepted ("true" or "false"), days_late, penalty, final.
    What is not accepted is never graded: its final is 0.
    """
    from graders.core.canonical import decimal_text
    from graders.core.clock import utc_now
    from graders.core.config import override_deadlines
    from graders.policy import decide

    opened, days = _opened(course, home, student, homework)
    words = speaker(lang, opened)
    opened = override_deadlines(opened, homework, soft=soft, hard=hard)
    raw = opened.scale if score is None else _score(score, opened, words)
    instant = utc_now() if received is None else _instant(received, words)
    decision = decide(raw, instant, opened.deadlines(homework), days, opened.rule)
    if not as_json:
        console.say("\n".join(_forecast(words, opened, instant, decision)))
        return
    console.print_json(
        {
            "accepted": "true" if decision.accepted else "false",
            "days_late": str(decision.days_late),
            "penalty": decimal_text(decision.penalty),
            "final": decimal_text(decision.final if decision.accepted else Decimal(0)),
        }
    )


def _opened(
    course: Path | None, home: Path, student: str | None, homework: str
) -> tuple[Course, int]:
    """Return the course and the days that a student was granted."""
    if student is None:
        return load(course), 0
    from graders.pipeline.book import extension_days
    from graders.pipeline.decisions import known

    with workspace(home) as found:
        known(found, student)
        opened = found.course if course is None else load(course)
        opened.homework(homework)
        return opened, extension_days(found, student, homework)


def _score(text: str, course: Course, words: Messages) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= course.scale:
        raise CourseError(
            words.text("cli.policy.bad_score"),
            where=f"--score {text}",
            todo=words.text("cli.policy.give_score", scale=course.scale),
        )
    return value


def _instant(text: str, words: Messages) -> datetime:
    from graders.core.clock import parse_instant

    try:
        return parse_instant(text)
    except CourseError:
        raise CourseError(
            words.text("cli.policy.bad_instant"),
            where=f"--received {text}",
            todo=words.text("cli.policy.give_instant"),
        ) from None


def _forecast(words: Messages, course: Course, received: datetime, decision: Decision) -> list[str]:
    def when(at: datetime | None) -> str:
        return words.instant(at, course.zone) if at else words.text("core.tba")

    lines = [
        words.text("cli.policy.soft", at=when(decision.deadlines.soft)),
        words.text("cli.policy.hard", at=when(decision.deadlines.hard)),
        words.text("cli.policy.received", at=words.instant(received, course.zone, seconds=True)),
    ]
    if decision.extension_days:
        days = words.plural("core.days", decision.extension_days)
        lines.insert(2, words.text("cli.policy.extended", days=days))
    if not decision.accepted:
        return [*lines, words.text("cli.policy.not_accepted")]
    if decision.days_late == 0:
        return [*lines, words.text("cli.policy.in_time", final=decision.final)]
    is_plain = decision.raw - decision.penalty == decision.final
    told = words.text(
        "cli.policy.late" if is_plain else "cli.policy.late_to_floor",
        days=words.plural("core.days", decision.days_late),
        raw=decision.raw,
        penalty=decision.penalty,
        final=decision.final,
    )
    return [*lines, told]
