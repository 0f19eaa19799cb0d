"""`zachetka demo`: a whole homework on the sample class, through the same doors as a real one.

The class is built by `tests/classroom` (the platform imports no tests, so it is run as a
program). Everything lies below one folder; a second call finds the same receipts and the same
recipe there, and so runs nothing again.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import typer

from graders.cli import console
from graders.cli.board import write_board
from graders.cli.instructor import read_class_list
from graders.cli.tables import show_works
from graders.core.clock import parse_instant, utc_now
from graders.core.errors import InfraError
from graders.pipeline import releasing
from graders.pipeline.decisions import add_extension, enrol
from graders.pipeline.intake import take_in
from graders.pipeline.prepare import data_of
from graders.pipeline.publish import all_works, grade_homework, write_feedback, write_gradebook
from graders.pipeline.workspace import Workspace, create, opened

HOMEWORK = "hw1"


def play(root: Path, out: Path, jobs: int) -> None:
    """Play the homework of the sample class.

    Args:
        root: The repository.
        out: Where everything is written.
        jobs: Submissions tested at one time.

    Raises:
        InfraError: The sample class cannot be built, or the host cannot run submissions safely.
    """
    sample = out / "class"
    console.tell("1/6 the sample class")
    _build_class(root, sample)
    home = out / "workspace"
    create(home, sample / "course.toml")
    with opened(home) as workspace:
        console.tell("2/6 the students' bundle")
        bundle = releasing.release(
            workspace.course, root, HOMEWORK, out / "release", say=console.tell
        )
        console.tell("3/6 collecting")
        _collect(workspace, sample)
        console.tell("4/6 grading")
        with console.progress() as bar:
            graded = grade_homework(
                workspace, HOMEWORK, jobs=jobs, students=None, watch=console.Bar(bar)
            )
        console.tell(f"{graded.tested} tested, {graded.kept} already tested before")
        console.tell("5/6 gradebook and feedback")
        works = all_works(workspace, HOMEWORK)
        write_gradebook(workspace, works, out)
        write_feedback(workspace, works, out / "feedback")
        console.tell("6/6 leaderboard")
        write_board(workspace, HOMEWORK, out / "leaderboard")
        show_works(workspace, works, HOMEWORK)
    for path in (
        bundle.path,
        out / "gradebook.csv",
        out / "feedback" / "index.html",
        out / "leaderboard" / "index.html",
    ):
        console.say(str(path))
    if any(work.grade.status == "needs_attention" for work in works):
        console.tell("some work needs attention: the machine failed it, run the demo again")
        raise typer.Exit(1)


def _build_class(root: Path, sample: Path) -> None:
    from graders.core.config import load_course

    assignment = load_course(root / "assignments" / "course.toml").assignment(HOMEWORK)
    data = data_of(assignment, console.tell)
    command = [sys.executable, "-m", "tests.classroom.build", str(sample.resolve())]
    done = subprocess.run(
        [*command, "--data", str(data)], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InfraError(
            f"the sample class could not be built: {last}",
            where=str(sample),
            todo="Remove that folder and run the demo again",
        )


def _collect(workspace: Workspace, sample: Path) -> None:
    """Enrol the class, take its work in, and grant its extensions, each once."""
    receipts = sample / "receipts.csv"
    enrol(workspace, read_class_list(sample / "students.csv"), utc_now())
    now = max(utc_now(), *_received(receipts))  # the class lives in its own autumn
    taken = take_in(workspace, HOMEWORK, sample / "inbox", receipts, None, now=now)
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


def _received(receipts: Path) -> list[datetime]:
    return [parse_instant(row["received"]) for row in _rows(receipts)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
