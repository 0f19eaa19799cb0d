"""Intake: from uploads on disk to stored submissions, refusals included."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from graders.core.errors import CourseError
from graders.core.records import Submission
from graders.exchange import already_received, collect
from graders.pipeline.workspace import Workspace


def take_in(
    workspace: Workspace,
    homework_id: str,
    source: Path,
    receipts: Path | None,
    assignment: str | None,
    *,
    now: datetime,
) -> tuple[Submission, ...]:
    """Store everything handed in under `source`; the same receipt twice is one submission.

    Args:
        workspace: The open workspace.
        homework_id: Homework of the course.
        source: A folder with one folder or archive per student.
        receipts: The manifest of receipt times; None makes `now` the receipt time.
        assignment: The variant; may be left out when the homework has one.
        now: The present instant in UTC.

    Raises:
        CourseError: The source, the manifest or the variant is wrong, or somebody is not on the
            class list; everybody else's work is stored.
    """
    homework = workspace.course.homework(homework_id)
    if assignment is None and len(homework.assignments) > 1:
        raise CourseError(
            f"{homework_id} has variants",
            where="--assignment",
            todo=f"Name one: {', '.join(homework.assignments)}",
        )
    name = assignment or homework.assignments[0]
    if name not in homework.assignments:
        raise CourseError(
            f"{name} is no variant of {homework_id}",
            where="--assignment",
            todo=f"Name one: {', '.join(homework.assignments)}",
        )
    store = workspace.store
    listed = {student.id for student in store.students()}
    taken, strangers = [], set()
    # One at a time: a class of uploads need not fit into memory.
    for one in collect(source, workspace.course.assignment(name), now=now, manifest=receipts):
        if one.student not in listed:
            strangers.add(one.student)
            continue
        # An upload that lies there since an earlier call keeps the receipt time it got then.
        known = store.submissions(name, student=one.student) if receipts is None else ()
        taken.append(already_received(one, known) or store.add_submission(one))
    if strangers:
        raise CourseError(
            f"not on the class list: {', '.join(sorted(strangers))} (the others are taken in)",
            where=str(source),
            todo="Add them with `zachetka init --students`, or rename the folders to their ids.",
        )
    return tuple(taken)
