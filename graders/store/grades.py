"""What people decide (marks, extensions, choices) and the grades that follow from it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from graders.core.errors import CourseError
from graders.core.records import Choice, Extension, Grade, Mark
from graders.store import convert
from graders.store.base import Room
from graders.store.models import (
    ChoiceRow,
    CurrentGradeRow,
    ExtensionRow,
    GradeRow,
    MarkRow,
)


class Grades(Room):
    """Marks, extensions, choices and the grade history."""

    def add_mark(self, mark: Mark) -> Mark:
        """Append a mark and return it with its id.

        Raises:
            CourseError: There is no such submission, or the points are not a number.
        """
        row = convert.mark_row(mark)
        with self._writing() as session:
            session.add(row)
            session.flush()
            return convert.mark(row)

    def marks(self, submission_id: int) -> tuple[Mark, ...]:
        """Return all marks of a submission, oldest first; the last of an item counts."""
        query = select(MarkRow).where(MarkRow.submission_id == submission_id)
        with self._reading() as session:
            return tuple(convert.mark(row) for row in session.scalars(query.order_by(MarkRow.id)))

    def add_extension(self, extension: Extension) -> None:
        """Append an extension."""
        with self._writing() as session:
            session.add(convert.extension_row(extension))

    def extensions(
        self, student: str | None = None, homework: str | None = None
    ) -> tuple[Extension, ...]:
        """Return extensions, oldest first."""
        query = select(ExtensionRow).order_by(ExtensionRow.id)
        if student is not None:
            query = query.where(ExtensionRow.student == student)
        if homework is not None:
            query = query.where(ExtensionRow.homework == homework)
        with self._reading() as session:
            return tuple(convert.extension(row) for row in session.scalars(query))

    def add_choice(self, choice: Choice) -> None:
        """Append a declared choice."""
        with self._writing() as session:
            session.add(convert.choice_row(choice))

    def choices(
        self, student: str | None = None, homework: str | None = None
    ) -> tuple[Choice, ...]:
        """Return declared choices, oldest first; the last one counts."""
        query = select(ChoiceRow).order_by(ChoiceRow.id)
        if student is not None:
            query = query.where(ChoiceRow.student == student)
        if homework is not None:
            query = query.where(ChoiceRow.homework == homework)
        with self._reading() as session:
            return tuple(convert.choice(row) for row in session.scalars(query))

    def record_grade(self, grade: Grade) -> Grade:
        """Append a grade and make it the current one, in one transaction.

        A grade that differs from the current one in nothing but its id and time is not
        appended, and the current one is returned. The id given is ignored.

        Raises:
            CourseError: It refers to a submission or run that is not stored.
        """
        row = convert.grade_row(grade)
        with self._writing("grade", grade.student, grade.homework) as session:
            pointer = session.get(CurrentGradeRow, (grade.student, grade.homework))
            if pointer is not None:
                current = convert.grade(session.get_one(GradeRow, pointer.grade_id))
                if convert.same_grade(current, grade):
                    return current
            session.add(row)
            session.flush()
            if pointer is None:
                pointer = CurrentGradeRow(student=grade.student, homework=grade.homework)
                session.add(pointer)
            pointer.grade_id = row.id
            session.flush()
            return convert.grade(row)

    def grade(self, grade_id: int) -> Grade:
        """Return one line of the grade history.

        Raises:
            CourseError: There is none with this id.
        """
        with self._reading() as session:
            row = session.get(GradeRow, grade_id)
            if row is None:
                raise CourseError(f"there is no grade {grade_id}", where=self.where)
            return convert.grade(row)

    def current_grade(self, student: str, homework: str) -> Grade | None:
        """Return the grade that counts now, if there is one."""
        wanted = (GradeRow.student == student, GradeRow.homework == homework)
        with self._reading() as session:
            row = session.scalars(_current().where(*wanted)).one_or_none()
            return None if row is None else convert.grade(row)

    def current_grades(self, homework: str | None = None) -> tuple[Grade, ...]:
        """Return the grades that count now, by student and homework."""
        query = _current()
        if homework is not None:
            query = query.where(GradeRow.homework == homework)
        with self._reading() as session:
            grades = [convert.grade(row) for row in session.scalars(query)]
        # Sorted here: the order of text in a database depends on its locale.
        return tuple(sorted(grades, key=lambda grade: (grade.student, grade.homework)))

    def grade_history(self, student: str, homework: str) -> tuple[Grade, ...]:
        """Return all grades that a student ever had for a homework, oldest first."""
        query = select(GradeRow).where(GradeRow.student == student, GradeRow.homework == homework)
        with self._reading() as session:
            rows = session.scalars(query.order_by(GradeRow.id))
            return tuple(convert.grade(row) for row in rows)


def _current() -> Select[Any]:
    """Return the query of the grades that the pointers name."""
    return select(GradeRow).join(CurrentGradeRow, CurrentGradeRow.grade_id == GradeRow.id)
