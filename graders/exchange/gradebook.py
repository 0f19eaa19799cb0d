"""The gradebook's rows: what every export of it says, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from graders.core.canonical import decimal_text
from graders.core.messages import Messages
from graders.core.records import FinalGrade, GradedWork, GradeStatus, Plain

_UNSCORED = {GradeStatus.PENDING, GradeStatus.NEEDS_ATTENTION}


@dataclass(frozen=True, slots=True)
class GradebookRow:
    """One student's homework.

    Args:
        student: Id on the class list.
        name: Name on the class list; empty when the student is no longer there.
        homework: Homework of the course.
        assignment: The variant that is graded.
        counted: Source of the submission that counted; empty when none did.
        received: When that was received, in the course's zone.
        raw: Score before the late penalty; None while nothing is scored yet, which is not 0.
        penalty: Points taken for lateness, or None likewise.
        final: Score after it, or None likewise.
        status: A `GradeStatus`, as its value.
        reason: The sentence that says why.
        course_final: The student's grade of the whole course, exact.
        course_final_rounded: The same as the course rounds it.
        course_missing: The homeworks that count 0 in it.
    """

    student: str
    name: str
    homework: str
    assignment: str
    counted: str
    received: datetime | None
    raw: Decimal | None
    penalty: Decimal | None
    final: Decimal | None
    status: str
    reason: str
    course_final: Decimal | None
    course_final_rounded: Decimal | None
    course_missing: tuple[str, ...]


def rows(
    works: Sequence[GradedWork],
    names: Mapping[str, str],
    finals: Mapping[str, FinalGrade],
    zone: ZoneInfo,
    words: Messages,
    reason_of: Callable[[GradedWork, Messages], str],
) -> tuple[GradebookRow, ...]:
    """Return a row per work, in the order of the works.

    Args:
        works: Graded homeworks, of one or of several.
        names: Names of the students by id.
        finals: Grades of the course by student's id.
        zone: The course's zone, for receipt times.
        words: The language of the reasons.
        reason_of: Says why a grade is what it is.
    """
    return tuple(
        _row(work, names, finals.get(work.student), zone, reason_of(work, words)) for work in works
    )


def _row(
    work: GradedWork,
    names: Mapping[str, str],
    final: FinalGrade | None,
    zone: ZoneInfo,
    reason: str,
) -> GradebookRow:
    grade = work.grade
    scored = grade.status not in _UNSCORED
    return GradebookRow(
        student=work.student,
        name=names.get(work.student, ""),
        homework=work.homework,
        assignment=work.assignment,
        counted=work.counted.source if work.counted else "",
        received=work.counted.received.astimezone(zone) if work.counted else None,
        raw=grade.raw if scored else None,
        penalty=grade.penalty if scored else None,
        final=grade.final if scored else None,
        status=str(grade.status),
        reason=reason,
        course_final=final.exact if final else None,
        course_final_rounded=final.rounded if final else None,
        course_missing=final.missing if final else (),
    )


def rows_as_plain(table: Sequence[GradebookRow]) -> list[dict[str, Plain]]:
    """Return rows as plain data, as `write_json` writes them.

    Scores are strings, exact; receipt times are ISO 8601 with the course zone's offset; what is
    not there is None.
    """
    return [
        {
            "student": row.student,
            "name": row.name,
            "homework": row.homework,
            "assignment": row.assignment,
            "counted": row.counted or None,
            "received": row.received.isoformat() if row.received else None,
            "raw": _exact(row.raw),
            "penalty": _exact(row.penalty),
            "final": _exact(row.final),
            "status": row.status,
            "reason": row.reason,
            "course_final": _exact(row.course_final),
            "course_final_rounded": _exact(row.course_final_rounded),
            "course_missing": list(row.course_missing),
        }
        for row in table
    ]


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
