"""What an instructor decides about one student: marks, extensions, choices."""

from __future__ import annotations

from typing import Annotated

import typer

from graders.cli.options import DEFAULT_HOME, Home, HomeworkId, Json, StudentId, author, workspace
from graders.cli.tables import show_works

By = Annotated[str | None, typer.Option("--by", help="Who decides; by default your login.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (mark, extend, choose):
        app.command()(command)


def mark(
    homework: HomeworkId,
    student: StudentId,
    rubric: Annotated[
        list[str], typer.Option("--rubric", metavar="ITEM=POINTS", help="May be repeated.")
    ],
    by: By = None,
    comment: Annotated[str, typer.Option(help="For the student to read.")] = "",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Give rubric points to the counted submission; a later mark replaces an earlier one."""
    from graders.core.clock import utc_now
    from graders.pipeline.decisions import add_marks

    with workspace(home) as found:
        work = add_marks(
            found, homework, student, rubric, by=author(by), comment=comment, now=utc_now()
        )
        show_works(found, (work,), homework, as_json=as_json)


def extend(
    homework: HomeworkId,
    student: StudentId,
    days: Annotated[int, typer.Option(min=1, help="Added to the soft and the hard deadline.")],
    reason: Annotated[str, typer.Option(help="Why it is granted.")],
    by: By = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Grant a student more days; the grade follows at once from what is stored."""
    from graders.core.clock import utc_now
    from graders.pipeline.decisions import add_extension

    with workspace(home) as found:
        work = add_extension(
            found, homework, student, days, reason=reason, by=author(by), now=utc_now()
        )
        show_works(found, (work,), homework, as_json=as_json)


def choose(
    homework: HomeworkId,
    student: StudentId,
    assignment: Annotated[
        str, typer.Argument(metavar="ASSIGNMENT", help="The variant, for example hw2a.")
    ],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Record which variant of a homework a student has chosen."""
    from graders.core.clock import utc_now
    from graders.pipeline.decisions import add_choice

    with workspace(home) as found:
        work = add_choice(found, homework, student, assignment, now=utc_now())
        show_works(found, (work,), homework, as_json=as_json)
