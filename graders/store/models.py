"""The tables. Those in `HISTORY` are append-only: triggers of the database refuse the rest.

Students are not referred to by foreign keys: something handed in by a name that is missing
on the class list is kept all the same, and the list can be mended afterwards.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from graders.core.records import Plain
from graders.store.types import ExactDecimal, Instant, PlainJson, RowId


class Base(DeclarativeBase):
    """Holds the metadata; every constraint has a name, so that a migration can drop it."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map: ClassVar = {Decimal: ExactDecimal(), datetime: Instant(), str: Text()}


class MetaRow(Base):
    """What the store says of itself."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class StudentRow(Base):
    """The class list."""

    __tablename__ = "students"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None]
    added: Mapped[datetime]


class FileRow(Base):
    """One file of a submission; its content is a blob."""

    __tablename__ = "submission_files"
    submission_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("submissions.id"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    path: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)


class SubmissionRow(Base):
    """One thing handed in; `receipt` is a hash of all that makes it the same receipt."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("receipt"),
        Index("ix_submissions_assignment_student", "assignment", "student"),
    )
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    assignment: Mapped[str]
    student: Mapped[str]
    received: Mapped[datetime]
    source: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    receipt: Mapped[str] = mapped_column(String(64))
    refusal_key: Mapped[str | None]
    refusal_args: Mapped[Plain] = mapped_column(PlainJson)
    files: Mapped[list[FileRow]] = relationship(order_by=FileRow.position, lazy="raise")


class CaseRow(Base):
    """The outcome of one hidden test in one run."""

    __tablename__ = "cases"
    run_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("runs.id"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str]
    part: Mapped[str]
    points: Mapped[Decimal]
    earned: Mapped[Decimal | None]
    status: Mapped[str]
    message: Mapped[str]
    args: Mapped[Plain] = mapped_column(PlainJson)


class RunRow(Base):
    """One run of one submission; written whole, after it ended."""

    __tablename__ = "runs"
    __table_args__ = (Index("ix_runs_submission_id_recipe", "submission_id", "recipe"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(RowId, ForeignKey("submissions.id"))
    recipe: Mapped[str]
    seed: Mapped[str]  # as text: a seed taken from a hash is wider than 64 bits
    outcome: Mapped[str]
    flags: Mapped[Plain] = mapped_column(PlainJson)
    facts: Mapped[Plain] = mapped_column(PlainJson)
    log: Mapped[Plain] = mapped_column(PlainJson)  # as JSON: it may hold any character
    started: Mapped[datetime]
    finished: Mapped[datetime]
    cases: Mapped[list[CaseRow]] = relationship(order_by=CaseRow.position, lazy="raise")


class MarkRow(Base):
    """Points that a person gave."""

    __tablename__ = "marks"
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(RowId, ForeignKey("submissions.id"), index=True)
    item: Mapped[str]
    points: Mapped[Decimal]
    by: Mapped[str]
    comment: Mapped[str]
    at: Mapped[datetime]


class ExtensionRow(Base):
    """Days added to a student's deadlines."""

    __tablename__ = "extensions"
    __table_args__ = (Index("ix_extensions_student_homework", "student", "homework"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    student: Mapped[str]
    homework: Mapped[str]
    days: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    granted_by: Mapped[str]
    at: Mapped[datetime]


class ChoiceRow(Base):
    """A declared choice between variants."""

    __tablename__ = "choices"
    __table_args__ = (Index("ix_choices_student_homework", "student", "homework"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    student: Mapped[str]
    homework: Mapped[str]
    assignment: Mapped[str]
    at: Mapped[datetime]


class GradeRow(Base):
    """One line of the grade history."""

    __tablename__ = "grades"
    # The pointer's foreign key names all three, so that it cannot point at another's grade.
    __table_args__ = (UniqueConstraint("student", "homework", "id"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    student: Mapped[str]
    homework: Mapped[str]
    submission_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("submissions.id"))
    run_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("runs.id"))
    raw: Mapped[Decimal]
    days_late: Mapped[int] = mapped_column(BigInteger)
    penalty: Mapped[Decimal]
    final: Mapped[Decimal]
    status: Mapped[str]
    reason_key: Mapped[str | None]
    reason_args: Mapped[Plain] = mapped_column(PlainJson)
    facts: Mapped[Plain] = mapped_column(PlainJson)
    at: Mapped[datetime]


class CurrentGradeRow(Base):
    """Which line of the history is the current one."""

    __tablename__ = "current_grades"
    __table_args__ = (
        ForeignKeyConstraint(
            ["student", "homework", "grade_id"], ["grades.student", "grades.homework", "grades.id"]
        ),
    )
    student: Mapped[str] = mapped_column(primary_key=True)
    homework: Mapped[str] = mapped_column(primary_key=True)
    grade_id: Mapped[int] = mapped_column(RowId)


class LeaseRow(Base):
    """A claim on work: who does it, and until when the claim holds."""

    __tablename__ = "leases"
    job: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    token: Mapped[str] = mapped_column(String(32))
    expires: Mapped[datetime]


class MemoRow(Base):
    """A value that took long to compute, under the hash of what decided it."""

    __tablename__ = "memo"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Plain] = mapped_column(PlainJson)


HISTORY = (
    "submissions",
    "submission_files",
    "runs",
    "cases",
    "marks",
    "extensions",
    "choices",
    "grades",
)
