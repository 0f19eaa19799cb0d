"""What instructors see of graded work: a line per student, or the history of one grade."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from graders.cli import console

if TYPE_CHECKING:
    from graders.core.messages import Messages
    from graders.core.records import Grade, GradedWork
    from graders.pipeline.workspace import Workspace

COLUMNS = ("student", "name", ">raw", ">penalty", ">final", "status", "why")


def show_works(
    found: Workspace, works: Sequence[GradedWork], title: str, *, as_json: bool = False
) -> None:
    """Print one line per student: raw, penalty, final, status, why.

    Args:
        found: The open workspace.
        works: What to show.
        title: Stands above the table.
        as_json: The same for a machine, as `grades --json`.
    """
    from graders.exchange import rows_as_plain
    from graders.pipeline.publish import course_words, gradebook_rows

    if as_json:
        console.print_json(rows_as_plain(gradebook_rows(found, works)))
        return
    names = {one.id: one.name for one in found.store.students()}
    words = course_words(found, found.course.language)
    console.print_table(title, COLUMNS, [_line(work, names, words) for work in works])


def _line(work: GradedWork, names: dict[str, str], words: Messages) -> tuple[str, ...]:
    from graders.pipeline.publish import reason_of

    return (
        work.student,
        names.get(work.student, ""),
        *_numbers(work.grade),
        str(work.grade.status),
        reason_of(work, words),
    )


def _numbers(grade: Grade) -> tuple[str, str, str]:
    """Return raw, penalty and final; nothing where a number would be a guess."""
    from graders.core.canonical import decimal_text
    from graders.core.records import GradeStatus

    if grade.status in {GradeStatus.NEEDS_ATTENTION, GradeStatus.PENDING}:
        return "", "", ""
    raw, penalty, final = map(decimal_text, (grade.raw, grade.penalty, grade.final))
    return raw, penalty, final


def show_history(found: Workspace, homework: str, student: str, *, as_json: bool) -> None:
    """Print every grade that a student was ever given for a homework, and the last run's log.

    Args:
        found: The open workspace.
        homework: Id of the homework.
        student: Id on the class list.
        as_json: For a machine, with everything that decided each grade.
    """
    from graders.pipeline.decisions import known
    from graders.pipeline.publish import course_words

    found.course.homework(homework)
    known(found, student)
    history = found.store.grade_history(student, homework)
    if as_json:
        console.print_json([_plain(grade) for grade in history])
        return
    words = course_words(found, found.course.language)
    console.print_table(
        f"{homework}, {student}: {len(history)} grades, the last one holds",
        ("given", "submission", "run", ">raw", ">days late", ">penalty", ">final", "status"),
        [
            (
                words.instant(grade.at, found.course.zone, seconds=True),
                grade.submission_id or "",
                grade.run_id or "",
                *_with_days(grade),
                str(grade.status),
            )
            for grade in history
        ],
    )
    for line in _log(found, history):
        console.say(line)


def _with_days(grade: Grade) -> tuple[str, str, str, str]:
    raw, penalty, final = _numbers(grade)
    return raw, str(grade.days_late), penalty, final


def _log(found: Workspace, history: Sequence[Grade]) -> Iterable[str]:
    """Return what the tester wrote for instructors about the run that holds."""
    if not history or history[-1].run_id is None:
        return ()
    run = found.store.run(history[-1].run_id)
    return (f"run {run.id}: {run.result.outcome}, seed {run.seed}", *run.result.log.splitlines())


def _plain(grade: Grade) -> dict[str, Any]:
    from graders.core.canonical import plain
    from graders.core.clock import iso_utc

    raw, penalty, final = _numbers(grade)
    return {
        "id": grade.id,
        "given": iso_utc(grade.at),
        "submission": grade.submission_id,
        "run": grade.run_id,
        "raw": raw,
        "days_late": grade.days_late,
        "penalty": penalty,
        "final": final,
        "status": str(grade.status),
        "facts": plain(grade.facts),
    }
