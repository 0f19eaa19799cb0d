"""The competition of the sample class: from the launch to the final board, through the real doors.

The class is built by `tests/classroom_hw2a` (the platform imports no tests, so it is run as a
program). Everything lies below one folder; a second call judges nothing again.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

from graders.cli import console
from graders.cli.competition_tables import Bar, show_boards, write_pages
from graders.cli.instructor import read_class_list
from graders.core.clock import parse_instant, utc_now
from graders.core.errors import InfraError
from graders.pipeline.decisions import enrol
from graders.pipeline.intake import take_in
from graders.pipeline.prepare import data_of
from graders.pipeline.workspace import Workspace, create, opened

HOMEWORK, ASSIGNMENT = "hw2", "hw2a"


def play(root: Path, out: Path) -> tuple[Path, ...]:
    """Play the competition of the sample class; return the pages that are worth a look.

    Args:
        root: The repository.
        out: Where everything is written.

    Raises:
        InfraError: The sample class cannot be built, or the judge failed.
    """
    sample = out / "competition-class"
    console.tell("competition 1/4: the sample class")
    _build_class(root, sample)
    home = out / "competition-workspace"
    create(home, sample / "course.toml")
    with opened(home) as workspace:
        console.tell("competition 2/4: launch and collecting")
        _collect(workspace, sample)
        return _scored(root, workspace, out)


def _scored(root: Path, workspace: Workspace, out: Path) -> tuple[Path, ...]:
    """Launch, score both parts, and write the boards of students and staff."""
    from leaderboard.competition import build, scoring
    from leaderboard.competition.answers import ids_of
    from leaderboard.competition.attempts import Field
    from leaderboard.competition.baselines import maker
    from leaderboard.competition.config import load

    told = workspace.course.assignment(ASSIGNMENT)
    data = data_of(told, console.tell)
    assert data is not None, "HW2A has data"
    field = Field(workspace, ASSIGNMENT, load(told.folder), ids_of(data / "test.jsonl"))
    baselines = maker(root / "reference" / ASSIGNMENT / "baselines.py", None)
    build.build(field, data, baselines, console.tell)
    console.tell("competition 3/4: judging")
    with console.progress() as shown:
        judge = scoring.judge_of(field)
        boards = scoring.score(field, judge, final=True, watch=Bar(shown), now=utc_now())
    console.tell("competition 4/4: the board")
    folders = (out / "competition", out / "competition-staff")
    for folder, staff in zip(folders, (False, True), strict=True):
        write_pages(field, boards, folder, final=True, staff=staff)
    show_boards(boards, as_json=False)
    return tuple(folder / "index.html" for folder in folders)


def _build_class(root: Path, sample: Path) -> None:
    from graders.core.config import load_course

    assignment = load_course(root / "assignments" / "course.toml").assignment(ASSIGNMENT)
    data = data_of(assignment, console.tell)
    command = [sys.executable, "-m", "tests.classroom_hw2a.build", str(sample.resolve())]
    done = subprocess.run(
        [*command, "--data", str(data)], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InfraError(
            f"the competition's sample class could not be built: {last}",
            where=str(sample),
            todo="Remove that folder and run the demo again",
        )


def _collect(workspace: Workspace, sample: Path) -> None:
    receipts = sample / "receipts.csv"
    enrol(workspace, read_class_list(sample / "students.csv"), utc_now())
    with receipts.open(encoding="utf-8", newline="") as file:
        received = [parse_instant(row["received"]) for row in csv.DictReader(file)]
    now = max(utc_now(), *received)  # the class lives in its own autumn
    taken = take_in(workspace, HOMEWORK, sample / "inbox", receipts, ASSIGNMENT, now=now)
    refused = sum(one.refusal is not None for one in taken)
    console.tell(f"{len(taken)} taken in, {refused} of them refused")
