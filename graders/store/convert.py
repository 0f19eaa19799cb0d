"""Rows into records and back; the database's own objects never leave this room."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graders.core.errors import CourseError
from graders.core.records import (
    Case,
    CaseStatus,
    Choice,
    Extension,
    Flag,
    Grade,
    GradeStatus,
    Intake,
    Mark,
    Refusal,
    Run,
    RunOutcome,
    RunReport,
    StoredFile,
    Student,
    Submission,
)
from graders.store import encode
from graders.store.models import (
    CaseRow,
    ChoiceRow,
    ExtensionRow,
    GradeRow,
    MarkRow,
    RunRow,
    StudentRow,
    SubmissionRow,
)


def digest(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of a submission: over its sorted paths, lengths and contents."""
    total = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode("utf-8", "surrogatepass"), files[path]):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return total.hexdigest()


def submission_values(intake: Intake) -> dict[str, Any]:
    """Return the columns of a submission's row, with what identifies the receipt.

    Raises:
        CourseError: A name, path or the receipt time cannot be stored as it is.
    """
    if intake.refusal is not None and intake.files:
        raise CourseError("a refused submission has no files", where=intake.student)
    for path in intake.files:
        encode.text(path, "path")
    received = encode.instant(intake.received, "the receipt time")
    values: dict[str, Any] = {
        "assignment": encode.name(intake.assignment, "assignment"),
        "student": encode.name(intake.student, "student"),
        "received": received,
        "source": encode.text(intake.source, "source"),
        "digest": digest(intake.files),
    }
    same = [*values.values()]
    same[2] = encode.instant_text(received)
    receipt = hashlib.sha256(encode.plain_text(same).encode()).hexdigest()
    return values | {"receipt": receipt} | _refusal_values(intake.refusal, "refusal")


def submission(row: SubmissionRow) -> Submission:
    """Return the record of a submission's row and its files."""
    return Submission(
        id=row.id,
        assignment=row.assignment,
        student=row.student,
        received=row.received,
        source=row.source,
        digest=row.digest,
        files=tuple(StoredFile(file.path, file.sha256, file.size) for file in row.files),
        refusal=_refusal(row.refusal_key, row.refusal_args),
    )


def run_row(run: Run) -> RunRow:
    """Return the row of a run and of its cases, without its id.

    Raises:
        CourseError: Something in it cannot be stored as it is.
    """
    result = run.result
    return RunRow(
        submission_id=run.submission_id,
        recipe=encode.name(run.recipe, "recipe"),
        seed=str(run.seed),
        outcome=result.outcome.value,
        flags=[[encode.text(flag.key, "flag"), encode.thaw(flag.args)] for flag in result.flags],
        facts=encode.thaw(result.facts),
        log=result.log,
        started=encode.instant(run.started, "the start of a run"),
        finished=encode.instant(run.finished, "the end of a run"),
        cases=[_case_row(position, case) for position, case in enumerate(result.cases)],
    )


def run(row: RunRow) -> Run:
    """Return the record of a run's row and its cases."""
    report = RunReport(
        outcome=RunOutcome(row.outcome),
        cases=tuple(_case(case) for case in row.cases),
        flags=tuple(Flag(key, args) for key, args in row.flags),
        facts=row.facts,
        log=row.log,
    )
    return Run(
        row.id, row.submission_id, row.recipe, int(row.seed), report, row.started, row.finished
    )


def _case_row(position: int, case: Case) -> CaseRow:
    """Return the row of one case."""
    return CaseRow(
        position=position,
        key=encode.text(case.key, "case key"),
        part=encode.text(case.part, "part"),
        points=encode.score(case.points),
        earned=None if case.earned is None else encode.score(case.earned),
        status=case.status.value,
        message=encode.text(case.message, "message key"),
        args=encode.thaw(case.args),
    )


def _case(row: CaseRow) -> Case:
    """Return the record of one case."""
    return Case(
        key=row.key,
        part=row.part,
        points=row.points,
        earned=row.earned,
        status=CaseStatus(row.status),
        message=row.message,
        args=row.args,
    )


def mark_row(mark: Mark) -> MarkRow:
    """Return the row of a mark, without its id."""
    return MarkRow(
        submission_id=mark.submission_id,
        item=encode.name(mark.item, "rubric item"),
        points=encode.score(mark.points),
        by=encode.name(mark.by, "marker's name"),
        comment=encode.text(mark.comment, "comment"),
        at=encode.instant(mark.at, "the time of a mark"),
    )


def mark(row: MarkRow) -> Mark:
    """Return the record of a mark."""
    return Mark(row.submission_id, row.item, row.points, row.by, row.comment, row.at, id=row.id)


def extension_row(extension: Extension) -> ExtensionRow:
    """Return the row of an extension."""
    return ExtensionRow(
        student=encode.name(extension.student, "student"),
        homework=encode.name(extension.homework, "homework"),
        days=extension.days,
        reason=encode.text(extension.reason, "reason"),
        granted_by=encode.name(extension.granted_by, "granter's name"),
        at=encode.instant(extension.at, "the time of an extension"),
    )


def extension(row: ExtensionRow) -> Extension:
    """Return the record of an extension."""
    return Extension(row.student, row.homework, row.days, row.reason, row.granted_by, row.at)


def choice_row(choice: Choice) -> ChoiceRow:
    """Return the row of a choice."""
    return ChoiceRow(
        student=encode.name(choice.student, "student"),
        homework=encode.name(choice.homework, "homework"),
        assignment=encode.name(choice.assignment, "assignment"),
        at=encode.instant(choice.at, "the time of a choice"),
    )


def choice(row: ChoiceRow) -> Choice:
    """Return the record of a choice."""
    return Choice(row.student, row.homework, row.assignment, row.at)


def grade_row(grade: Grade) -> GradeRow:
    """Return the row of a grade, without its id.

    Raises:
        CourseError: Something in it cannot be stored as it is.
    """
    return GradeRow(
        student=encode.name(grade.student, "student"),
        homework=encode.name(grade.homework, "homework"),
        submission_id=grade.submission_id,
        run_id=grade.run_id,
        raw=encode.score(grade.raw),
        days_late=grade.days_late,
        penalty=encode.score(grade.penalty),
        final=encode.score(grade.final),
        status=grade.status.value,
        facts=encode.thaw(grade.facts),
        at=encode.instant(grade.at, "the time of a grade"),
        **_refusal_values(grade.reason, "reason"),
    )


def grade(row: GradeRow) -> Grade:
    """Return the record of a grade."""
    return Grade(
        id=row.id,
        student=row.student,
        homework=row.homework,
        submission_id=row.submission_id,
        run_id=row.run_id,
        raw=row.raw,
        days_late=row.days_late,
        penalty=row.penalty,
        final=row.final,
        status=GradeStatus(row.status),
        reason=_refusal(row.reason_key, row.reason_args),
        facts=row.facts,
        at=row.at,
    )


def same_grade(stored: Grade, fresh: Grade) -> bool:
    """Say whether two grades differ in nothing but their id and time."""

    def told_apart_by(grade: Grade) -> tuple[Grade, str]:
        # As text, because Python holds 1 and True for the same fact.
        reason = grade.reason and [grade.reason.key, grade.reason.args]
        plain = encode.plain_text(encode.thaw([grade.facts, reason]))
        return replace(grade, id=0, at=stored.at, facts={}, reason=None), plain

    return told_apart_by(stored) == told_apart_by(fresh)


def student(row: StudentRow) -> Student:
    """Return the record of a line of the class list."""
    return Student(row.id, row.name, row.email)


def _refusal_values(refusal: Refusal | None, prefix: str) -> dict[str, Any]:
    """Return the two columns of a catalogue key that may be absent, and its arguments."""
    if refusal is None:
        return {f"{prefix}_key": None, f"{prefix}_args": {}}
    key = encode.text(refusal.key, "message key")
    return {f"{prefix}_key": key, f"{prefix}_args": encode.thaw(refusal.args)}


def _refusal(key: str | None, args: Mapping[str, Any]) -> Refusal | None:
    """Return the record of those two columns."""
    return None if key is None else Refusal(key, args)
