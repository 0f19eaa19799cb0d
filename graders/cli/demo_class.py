"""What both acts of the demo do with a sample class: build it, enrol it, take its work in.

A class is built by a program below `tests/` (the platform imports no tests).
"""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from graders.cli import console
from graders.cli.instructor import read_class_list
from graders.core.clock import parse_instant, utc_now
from graders.core.errors import InfraError
from graders.pipeline.decisions import add_extension, enrol
from graders.pipeline.intake import take_in
from graders.pipeline.prepare import data_of
from graders.pipeline.publish import grade_homework
from graders.pipeline.workspace import Workspace


def build_class(root: Path, module: str, assignment: str, sample: Path) -> None:
    """Build a sample class.

    Args:
        root: The repository.
        module: The program, for example ``tests.classroom.build``.
        assignment: Whose data it needs.
        sample: Where it goes.

    Raises:
        InfraError: It cannot be built.
    """
    from graders.core.config import load_course

    course = load_course(root / "assignments" / "course.toml")
    data = data_of(course.assignment(assignment), console.tell)
    command = [sys.executable, "-m", module, str(sample.resolve()), "--data", str(data)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InfraError(
            f"the sample class could not be built: {last}",
            where=str(sample),
            todo="Remove that folder and run the demo again",
        )


def collect(workspace: Workspace, homework: str, assignment: str | None, sample: Path) -> datetime:
    """Enrol the class, take its work in, and grant its extensions, each once.

    Args:
        workspace: The open workspace.
        homework: Of the course.
        assignment: The variant, where there are several.
        sample: The class.

    Returns:
        When the last work was received: the class lives in its own autumn.
    """
    receipts = sample / "receipts.csv"
    enrol(workspace, read_class_list(sample / "students.csv"), utc_now())
    received = [parse_instant(row["received"]) for row in _rows(receipts)]
    now = max(utc_now(), *received)
    taken = take_in(workspace, homework, sample / "inbox", receipts, assignment, now=now)
    refused = sum(one.refusal is not None for one in taken)
    console.tell(f"{len(taken)} taken in, {refused} of them refused")
    for row in _rows(sample / "extensions.csv"):
        if not workspace.store.extensions(row["student"], row["homework"]):
            add_extension(
                workspace,
                row["homework"],
                row["student"],
                int(row["days"]),
                reason=row["reason"],
                by=row["by"],
                now=utc_now(),
            )
    return max(received)


def grade(workspace: Workspace, homework: str, jobs: int) -> None:
    """Run what has not been run yet, with progress."""
    with console.progress() as bar:
        graded = grade_homework(
            workspace, homework, jobs=jobs, students=None, watch=console.Bar(bar)
        )
    console.tell(f"{graded.tested} tested, {graded.kept} already tested before")


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
