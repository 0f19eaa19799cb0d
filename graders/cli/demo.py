"""`zachetka demo`: a homework and a competition on their sample classes, played as real ones.

Everything lies below one folder; a second call finds the same receipts and the same recipes
there, and so runs nothing again.
"""

from __future__ import annotations

from pathlib import Path

import typer

from graders.cli import competition_demo, console
from graders.cli.board import write_board
from graders.cli.demo_class import build_class, collect, grade
from graders.cli.tables import show_works
from graders.core.records import GradedWork
from graders.pipeline import releasing
from graders.pipeline.publish import all_works, write_feedback, write_gradebook
from graders.pipeline.workspace import create, opened

HOMEWORK = "hw1"


def play(root: Path, out: Path, jobs: int) -> None:
    """Play the homework, then the competition.

    Args:
        root: The repository.
        out: Where everything is written; the competition's below ``competition``.
        jobs: Submissions tested at one time.

    Raises:
        InfraError: A sample class cannot be built, or the host cannot run submissions safely.
    """
    works = [*_homework(root, out, jobs), *competition_demo.play(root, out / "competition", jobs)]
    for path in (
        out / "release" / f"{HOMEWORK}-bundle.zip",
        *(
            folder / name
            for folder in (out, out / "competition")
            for name in ("gradebook.csv", "feedback/index.html", "leaderboard/index.html")
        ),
    ):
        console.say(str(path))
    if any(work.grade.status == "needs_attention" for work in works):
        console.tell("some work needs attention: the machine failed it, run the demo again")
        raise typer.Exit(1)


def _homework(root: Path, out: Path, jobs: int) -> tuple[GradedWork, ...]:
    sample, home = out / "class", out / "workspace"
    console.tell("homework 1/5: the sample class")
    build_class(root, "tests.classroom.build", HOMEWORK, sample)
    create(home, sample / "course.toml")
    with opened(home) as workspace:
        console.tell("homework 2/5: the students' bundle")
        releasing.release(workspace.course, root, HOMEWORK, out / "release", say=console.tell)
        console.tell("homework 3/5: collecting")
        collect(workspace, HOMEWORK, None, sample)
        console.tell("homework 4/5: grading")
        grade(workspace, HOMEWORK, jobs)
        console.tell("homework 5/5: gradebook, feedback, leaderboard")
        works = all_works(workspace, HOMEWORK)
        write_gradebook(workspace, works, out)
        write_feedback(workspace, works, out / "feedback")
        write_board(workspace, HOMEWORK, out / "leaderboard")
        show_works(workspace, works, HOMEWORK)
    return works
