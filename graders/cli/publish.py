"""What goes out: the students' bundle, feedback pages, the leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graders.cli import console
from graders.cli.options import (
    DEFAULT_HOME,
    AssignmentName,
    CourseFile,
    Home,
    HomeworkId,
    Json,
    load,
    repository,
    workspace,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (release, feedback, leaderboard):
        app.command()(command)


def release(
    assignment: AssignmentName,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the bundle goes.")] = Path(
        "build/release"
    ),
    with_model: Annotated[
        bool,
        typer.Option(
            "--model/--no-model", help="Whether the base model goes with it (offline classes)."
        ),
    ] = True,
    starter: Annotated[
        bool, typer.Option("--starter", help="Only write starter_code/PACKAGE again.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether starter_code is stale (status 1).")
    ] = False,
    course: CourseFile = None,
    as_json: Json = False,
) -> None:
    """Build what students receive; refuses when a solution or a hidden test would leak."""
    from graders.pipeline import releasing

    root, opened = repository(course), load(course)
    asked = opened.assignment(assignment)
    if starter:
        releasing.write_starter(opened, root, asked)
        console.say(f"wrote starter_code/{asked.package}")
    elif check:
        stale = releasing.stale_files(opened, root, asked)
        for name in stale:
            console.tell(f"stale: {name}")
        if stale:
            raise typer.Exit(1)
    else:
        bundle = releasing.release(
            opened, root, assignment, out, console.tell, with_model=with_model
        )
        if as_json:
            console.print_json({"bundle": str(bundle.path), "sha256": bundle.sha256})
        else:
            console.say(f"{bundle.path}\nSHA-256 {bundle.sha256}")


def feedback(
    homework: HomeworkId,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the pages go.")] = Path(
        "build/feedback"
    ),
    home: Home = DEFAULT_HOME,
) -> None:
    """Write a page per student (in every language of the course) and an index for staff."""
    from graders.pipeline.publish import all_works, write_feedback

    with workspace(home) as found:
        pages = write_feedback(found, all_works(found, homework), out)
    console.say(f"{pages} pages in {out}")


def leaderboard(
    homework: HomeworkId,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the page goes.")] = Path(
        "build/leaderboard"
    ),
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Rank what was measured on the hidden set, with intervals; write page, CSV and JSON."""
    from graders.cli.board import write_board

    with workspace(home) as found:
        board = write_board(found, homework, out)
    if as_json:
        console.print_json(board)
    else:
        console.say(str(out / "index.html"))
