"""`zachetka competition`: one competition from its launch to the gradebook.

Nothing is decided here: rules are in the assignment's `competition.toml`, the story is in
`leaderboard.competition`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graders.cli import console
from graders.cli.options import (
    DEFAULT_HOME,
    AssignmentName,
    CourseFile,
    Home,
    Json,
    Lang,
    StudentId,
    author,
    load,
    repository,
    speaker,
    workspace,
)
from graders.core.errors import CourseError

if TYPE_CHECKING:
    from leaderboard.competition.attempts import Field

app = typer.Typer(help="A competition, from its launch to the gradebook.", no_args_is_help=True)
Final = Annotated[
    bool, typer.Option("--final", help="The private items too: after the deadline only.")
]


def register(root: typer.Typer) -> None:
    """Add this module's commands."""
    from graders.cli import competition_end

    competition_end.register(app)
    root.add_typer(app, name="competition")


@contextmanager
def field_of(name: str, home: Path) -> Iterator[Field]:
    """Open the workspace of a competition that is built."""
    from leaderboard.competition.answers import ids_of
    from leaderboard.competition.attempts import Field
    from leaderboard.competition.config import load as load_rules

    with workspace(home) as found:
        rules = load_rules(found.course.assignment(name).folder)
        test = found.home / "competition" / name / "test.jsonl"
        if not test.is_file():
            raise CourseError(
                "this competition is not built yet",
                where=str(test.parent),
                todo=f"Run `zachetka competition build {name}`",
            )
        yield Field(found, name, rules, ids_of(test))


@app.command()
def build(
    assignment: AssignmentName,
    baselines: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Ready answers of the baselines, NAME.jsonl each."),
    ] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Launch: parts, baselines, and the published commitment to what is private.

    What is there already is checked and left alone: a commitment is made once.
    """
    from leaderboard.competition.launch import launch

    with workspace(home) as found:
        root = found.course.root.parent
        _, built = launch(found, assignment, root, baselines, console.tell)
    facts = {
        "folder": str(built.folder),
        "sha256": built.sha256,
        "items": {part.value: count for part, count in built.items.items()},
        "baselines": list(built.baselines),
    }
    if as_json:
        console.print_json(facts)
    else:
        console.say(f"{built.folder}\ncommitment {built.sha256}\npublish commitment.json now")


@app.command()
def validate(
    assignment: AssignmentName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="submission.jsonl or .csv.")],
    course: CourseFile = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Say whether a file of answers is valid; free, and nothing is stored or scored.

    Exit status 1 when it is not. Works in a student's bundle and in the staff's repository.
    """
    from graders.assets import ensure_data

    found = load(course)
    try:
        from leaderboard.metrics.answers import AnswersError, read_answers
    except ModuleNotFoundError as error:
        raise CourseError(
            "this copy of the platform has no competition in it",
            where=assignment,
            todo=f"`zachetka check {assignment}` checks the file too",
        ) from error
    data = ensure_data(found.assignment(assignment).data, console.tell, near=repository(course))
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CourseError(f"the file cannot be read ({error.strerror})", where=str(file)) from None
    lines = (data / "test.jsonl").read_text("utf-8").splitlines()
    problems: list[str] = []
    count = 0
    try:
        count = len(read_answers(content, file.name, [json.loads(line)["id"] for line in lines]))
    except AnswersError as error:
        problems = error.explain(speaker(lang, found))
    if as_json:
        console.print_json({"valid": not problems, "answers": count, "problems": problems})
    elif not problems:
        console.say(speaker(lang, found).text("competition.valid", count=count))
    for line in [] if as_json else problems:
        console.tell(f"{file.name}: {line}")
    if problems:
        raise typer.Exit(1)


@app.command()
def select(
    assignment: AssignmentName,
    student: StudentId,
    submissions: Annotated[
        list[int] | None,
        typer.Argument(metavar="[SUBMISSION]...", help="Numbers; none only lists the attempts."),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who decides; by default your login.")] = (
        None
    ),
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Declare which attempts of a student compete for the private board, or list the attempts."""
    from graders.cli.competition_tables import show_attempts
    from graders.core.clock import utc_now
    from graders.pipeline.decisions import known
    from leaderboard.competition.attempts import attempts
    from leaderboard.competition.facts import rounds
    from leaderboard.competition.selection import Declaration, declare

    with field_of(assignment, home) as field:
        known(field.workspace, student)
        found = attempts(field)
        if submissions:
            if any(one.final for one in rounds(field.folder)):
                raise CourseError(
                    "the private items have been scored: selections are closed", where=assignment
                )
            told = Declaration(student, tuple(submissions), author(by), utc_now())
            most = field.config.competition.selections
            declare(field.workspace.store, field.name, told, found, most)
        show_attempts(field, found, student, as_json=as_json)


@app.command()
def score(
    assignment: AssignmentName,
    final: Final = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Judge what has not been judged, and keep the round; Ctrl-C loses nothing."""
    from graders.cli.competition_tables import Bar, show_boards
    from graders.core.clock import utc_now
    from leaderboard.competition.scoring import judge_of
    from leaderboard.competition.scoring import score as run

    with field_of(assignment, home) as field:
        with console.progress() as shown:
            judge = judge_of(field)
            boards = run(field, judge, final=final, watch=Bar(shown), now=utc_now())
        show_boards(boards, as_json=as_json)


@app.command()
def board(
    assignment: AssignmentName,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the pages go.")] = Path(
        "build/competition"
    ),
    final: Final = False,
    staff: Annotated[
        bool, typer.Option("--staff", help="With flags and their evidence: not for students.")
    ] = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Write the pages, CSV and JSON of the last round; a frozen board shows the one before."""
    from graders.cli.competition_tables import write_pages
    from leaderboard.competition.scoring import checked, latest, published

    with field_of(assignment, home) as field:
        if staff:
            boards = checked(field, latest(field, final=final))
        else:
            boards = published(field, final=final)
        written = write_pages(field, boards, out, final=final, staff=staff)
    console.say(str(next(path for path in written if path.name == "index.html")))


@app.command()
def replay(
    assignment: AssignmentName,
    pages: Annotated[
        Path | None,
        typer.Option("--board", metavar="FOLDER", help="Compare published pages too."),
    ] = None,
    final: Final = False,
    staff: Annotated[bool, typer.Option("--staff", help="The pages are the staff's.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Rebuild every round from stored facts and the ledger, and compare byte for byte.

    Nobody is asked. Exit status 1 when anything differs.
    """
    from graders.cli.competition_tables import different_pages
    from leaderboard.competition import facts, scoring

    with field_of(assignment, home) as field:
        found = [
            scoring.Rebuilt(one, scoring.rebuild(field, one)) for one in facts.rounds(field.folder)
        ]
        wrong = [
            f"round {number}: the {part} board differs"
            for number, one in enumerate(found, start=1)
            for part in scoring.differences(one.facts, one.boards)
        ]
        if pages is not None and not wrong:
            boards = (
                scoring.checked(field, scoring.latest(field, final=final), found)
                if staff
                else scoring.published(field, final=final, known=found)
            )
            wrong = different_pages(field, boards, pages, final=final, staff=staff)
    if as_json:
        console.print_json({"rounds": len(found), "differences": wrong})
    else:
        console.say(f"{len(found)} rounds, {len(wrong)} differences")
        for line in wrong:
            console.tell(line)
    if wrong:
        raise typer.Exit(1)
