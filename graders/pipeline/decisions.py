"""What people decide: marks, extensions, choices. Each is stored, and the grade follows at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

from graders.core.errors import CourseError
from graders.core.records import Choice, Extension, GradedWork, Mark, Student
from graders.pipeline.book import settle, standing
from graders.pipeline.workspace import Workspace

_ID = re.compile(r"[^\W_][\w.@+-]{0,63}")


def enrol(workspace: Workspace, students: Sequence[Student], now: datetime) -> None:
    """Put students on the class list; a known id gets the new name and e-mail.

    Raises:
        CourseError: An id cannot be the name of a folder (their pages and uploads lie in one).
    """
    # SECURITY: test_a_student_id_cannot_lead_out_of_the_feedback_folder
    wrong = [student.id for student in students if not _ID.fullmatch(student.id)]
    if wrong:
        raise CourseError(
            f"these student ids cannot name a folder: {', '.join(map(ascii, wrong))}",
            todo="Use letters, digits and . _ @ + - (at most 64, beginning with a letter or digit)",
        )
    workspace.store.add_students(students, now)


def add_marks(
    workspace: Workspace,
    homework_id: str,
    student: str,
    rubric: Sequence[str],
    *,
    by: str,
    comment: str,
    now: datetime,
) -> GradedWork:
    """Store rubric points for the submission that counts now, all of them or none.

    Args:
        workspace: The open workspace.
        homework_id: Homework of the course.
        student: An id of the class list.
        rubric: ``ITEM=POINTS``, each.
        by: Who signs.
        comment: For the student to read.
        now: The present instant.

    Raises:
        CourseError: An item is unknown, its points are out of range, or nothing counts yet.
    """
    homework = workspace.course.homework(homework_id)
    known(workspace, student)
    stands = standing(workspace, student, homework)
    if stands.counted is None:
        raise CourseError(
            f"{student} has no submission that counts", where=homework_id, todo="Collect one first."
        )
    items = {item.key: item for item in workspace.course.assignment(stands.terms.assignment).rubric}
    marks = []
    for told in rubric:
        name, _, points = told.partition("=")
        if name not in items:
            raise CourseError(
                f"there is no rubric item {name!r}",
                where="--rubric",
                todo=f"Choose from: {', '.join(items)}",
            )
        marks.append(
            Mark(
                stands.counted.id,
                name,
                _points(points, items[name].points, name),
                by,
                comment,
                now,
            )
        )
    for mark in marks:
        workspace.store.add_mark(mark)
    return settle(workspace, student, homework, now)


def add_extension(
    workspace: Workspace,
    homework_id: str,
    student: str,
    days: int,
    *,
    reason: str,
    by: str,
    now: datetime,
) -> GradedWork:
    """Grant days on top of those granted before."""
    homework = workspace.course.homework(homework_id)
    known(workspace, student)
    if not reason.strip():
        raise CourseError("an extension needs a reason", where="--reason")
    workspace.store.add_extension(Extension(student, homework_id, days, reason, by, now))
    return settle(workspace, student, homework, now)


def add_choice(
    workspace: Workspace, homework_id: str, student: str, assignment: str, *, now: datetime
) -> GradedWork:
    """Record a declared choice between the variants of a homework."""
    homework = workspace.course.homework(homework_id)
    known(workspace, student)
    if assignment not in homework.assignments:
        raise CourseError(
            f"{assignment} is no variant of {homework_id}",
            todo=f"Choose from: {', '.join(homework.assignments)}",
        )
    workspace.store.add_choice(Choice(student, homework_id, assignment, now))
    return settle(workspace, student, homework, now)


def known(workspace: Workspace, student: str) -> None:
    """Insist that a student is on the class list.

    Raises:
        CourseError: The id is unknown.
    """
    if student not in {one.id for one in workspace.store.students()}:
        raise CourseError(
            f"there is no student {student!r} on the class list",
            where=str(workspace.home),
            todo="Add the student with `zachetka init --students`, or check the id.",
        )


def _points(text: str, most: Decimal, item: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= most:
        raise CourseError(
            f"{text!r} is no number of points for {item}",
            where="--rubric",
            todo=f"Give a number from 0 to {most}.",
        )
    return value
