"""Replay: recompute every grade from stored facts alone, and compare.

Nothing is run and no configuration is read: a grade's `facts` hold the policy, the deadlines and
the parts that it was given by, its run holds the cases, its marks are stored. So this proves that
the store has everything that decided a grade, and that no row was changed behind its back.
"""

from __future__ import annotations

from dataclasses import dataclass

from graders.core.errors import ZachetkaError
from graders.core.records import Grade
from graders.pipeline.book import recompute
from graders.pipeline.workspace import Workspace
from graders.store import digest

COMPARED = ("submission_id", "raw", "days_late", "penalty", "final", "status", "reason", "facts")


@dataclass(frozen=True)
class Replayed:
    """How many grades were recomputed, and a line for each that differs."""

    grades: int
    differences: tuple[str, ...]


def replay(workspace: Workspace) -> Replayed:
    """Recompute the whole grade history, and the contents that it rests on."""
    store = workspace.store
    differences: list[str] = []
    grades = 0
    checked: set[int] = set()
    for current in store.current_grades():
        for grade in store.grade_history(current.student, current.homework):
            grades += 1
            differences += _compare(workspace, grade)
            if grade.submission_id is not None and grade.submission_id not in checked:
                checked.add(grade.submission_id)
                differences += _content(workspace, grade.submission_id)
    return Replayed(grades, tuple(differences))


def _compare(workspace: Workspace, grade: Grade) -> list[str]:
    where = f"grade {grade.id} ({grade.student}, {grade.homework})"
    try:
        again = recompute(workspace.store, grade)
    except (ZachetkaError, KeyError, ValueError) as error:
        return [f"{where}: cannot be recomputed: {error}"]
    return [
        f"{where}: {name} is stored as {getattr(grade, name)} and recomputed as "
        f"{getattr(again, name)}"
        for name in COMPARED
        if getattr(grade, name) != getattr(again, name)
    ]


def _content(workspace: Workspace, submission_id: int) -> list[str]:
    """Check that a submission's files still are what was received."""
    store = workspace.store
    try:
        submission = store.submission(submission_id)
        files = {file.path: store.read_file(submission, file.path) for file in submission.files}
    except ZachetkaError as error:
        return [f"submission {submission_id}: {error}"]
    if digest(files) != submission.digest:
        return [f"submission {submission_id}: its files are not those that were received"]
    return []
