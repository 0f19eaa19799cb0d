"""The competition of the sample class: from the sealed launch to the gradebook.

A second call runs and judges nothing again.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from graders.cli import console
from graders.cli.competition_tables import Bar, show_boards, write_pages
from graders.cli.demo_class import build_class, collect, grade
from graders.cli.tables import show_works
from graders.core.records import GradedWork
from graders.pipeline.publish import course_words, write_feedback, write_gradebook
from graders.pipeline.workspace import create, opened

if TYPE_CHECKING:
    from leaderboard.competition.attempts import Field
    from leaderboard.competition.rounds import Boards

HOMEWORK, ASSIGNMENT = "hw2", "hw2a"


def play(root: Path, out: Path, jobs: int) -> tuple[GradedWork, ...]:
    """Play the competition of the sample class.

    Args:
        root: The repository.
        out: Where everything is written: ``leaderboard`` is the students' board, ``staff`` the
            one with flags, and gradebook and feedback lie beside them.
        jobs: Submissions tested at one time.

    Raises:
        InfraError: The sample class cannot be built, or the judge failed.
    """
    from leaderboard.competition.grades import grade as give
    from leaderboard.competition.launch import launch

    sample, home = out / "class", out / "workspace"
    console.tell("competition 1/5: the sample class")
    build_class(root, "tests.classroom_hw2a.build", ASSIGNMENT, sample)
    create(home, sample / "course.toml")
    with opened(home) as workspace:
        console.tell("competition 2/5: the sealed launch")
        field, _ = launch(workspace, ASSIGNMENT, root, None, console.tell)
        console.tell("competition 3/5: collecting and running what was handed in")
        ended = collect(workspace, HOMEWORK, ASSIGNMENT, sample)
        grade(workspace, HOMEWORK, jobs)
        console.tell("competition 4/5: judging the public and the private part")
        boards = _judged(field, out, ended)
        assert boards.private is not None, "the round is final"
        console.tell("competition 5/5: marks, gradebook, feedback")
        words = course_words(workspace, workspace.course.language)
        works = give(field, boards.private, words, ended).works
        write_gradebook(workspace, works, out)
        write_feedback(workspace, works, out / "feedback")
        show_works(workspace, works, HOMEWORK)
    return works


def _judged(field: Field, out: Path, ended: datetime) -> Boards:
    """Score both parts, and write the boards of students and staff."""
    from leaderboard.competition import scoring

    with console.progress() as shown:
        judge = scoring.judge_of(field)
        boards = scoring.score(field, judge, final=True, watch=Bar(shown), now=ended)
    for name, staff in (("leaderboard", False), ("staff", True)):
        write_pages(field, boards, out / name, final=True, staff=staff)
    show_boards(boards, as_json=False)
    return boards
