"""The class list, and what was handed in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from graders.core.errors import CourseError, StudentError
from graders.core.records import Intake, Student, Submission
from graders.store import convert, encode
from graders.store.base import Room
from graders.store.models import FileRow, StudentRow, SubmissionRow


class Receipts(Room):
    """Students and submissions."""

    def add_students(self, students: Iterable[Student], now: datetime) -> None:
        """Put students on the class list; a known id gets the new name and e-mail.

        Raises:
            CourseError: An id or a name cannot be stored as it is.
        """
        added = encode.instant(now, "now")
        wanted = {encode.name(student.id, "student"): student for student in students}
        for student in wanted.values():
            encode.text(student.name, "name")
            encode.text(student.email or "", "e-mail address")
        with self._writing("students") as session:
            for key, student in wanted.items():
                row = session.get(StudentRow, key)
                if row is None:
                    row = StudentRow(id=key, added=added)
                    session.add(row)
                row.name, row.email = student.name, student.email

    def students(self) -> tuple[Student, ...]:
        """Return the class list by id."""
        with self._reading() as session:
            rows = session.scalars(select(StudentRow))
            return tuple(sorted((convert.student(row) for row in rows), key=lambda s: s.id))

    def add_submission(self, intake: Intake) -> Submission:
        """Keep something handed in, whole; the same receipt twice is one submission.

        The same receipt has the same student, assignment, content, receipt time and source.

        Raises:
            CourseError: A name, a path or the receipt time cannot be stored as it is.
            InfraError: There is no room, or the database failed; nothing is there in part.
        """
        values = convert.submission_values(intake)
        files = [
            {"path": path, "sha256": self.blobs.put(content), "size": len(content)}
            for path, content in sorted(intake.files.items())
        ]
        with self._writing() as session:
            new = self._insert_unless_there(session, SubmissionRow, values)
            found = select(SubmissionRow).where(SubmissionRow.receipt == values["receipt"])
            row = session.scalars(found.options(selectinload(SubmissionRow.files))).one()
            if new:
                row.files = [FileRow(position=place, **file) for place, file in enumerate(files)]
                session.flush()
            return convert.submission(row)

    def submission(self, submission_id: int) -> Submission:
        """Return one submission.

        Raises:
            CourseError: There is none with this id.
        """
        with self._reading() as session:
            row = session.get(
                SubmissionRow, submission_id, options=[selectinload(SubmissionRow.files)]
            )
            if row is None:
                raise CourseError(f"there is no submission {submission_id}", where=self.where)
            return convert.submission(row)

    def submissions(
        self, assignment: str | None = None, student: str | None = None
    ) -> tuple[Submission, ...]:
        """Return submissions, refused ones too, by receipt time and then by id."""
        query = select(SubmissionRow).options(selectinload(SubmissionRow.files))
        if assignment is not None:
            query = query.where(SubmissionRow.assignment == assignment)
        if student is not None:
            query = query.where(SubmissionRow.student == student)
        with self._reading() as session:
            rows = session.scalars(query.order_by(SubmissionRow.received, SubmissionRow.id))
            return tuple(convert.submission(row) for row in rows)

    def read_file(self, submission: Submission, path: str) -> bytes:
        """Return the content of one file of a submission.

        Raises:
            StudentError: The submission has no such file.
            InfraError: The stored file is missing or damaged.
        """
        for file in submission.files:
            if file.path == path:
                return self.blobs.get(file.sha256)
        raise StudentError(f"submission {submission.id} has no file {path}", where=path)

    def materialise(self, submission: Submission, folder: Path) -> None:
        """Write a submission's files into an empty folder (made when missing).

        Raises:
            InfraError: The folder is not empty, there is no room, or a blob is damaged.
        """
        self.blobs.materialise(submission.files, folder)
