"""`zachetka kaggle`: a competition to Kaggle and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graders.cli import console
from graders.cli.competition import field_of
from graders.cli.options import DEFAULT_HOME, AssignmentName, Home, Json

if TYPE_CHECKING:
    from leaderboard.competition.attempts import Field
    from leaderboard.kaggle.imports import KaggleBoard

app = typer.Typer(help="A competition to Kaggle and back.", no_args_is_help=True)
Teams = Annotated[
    Path,
    typer.Option(metavar="CSV", help="Columns student, and team_id, user or team."),
]
Out = Annotated[Path, typer.Option(metavar="FOLDER", help="Where everything is written.")]
Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The competition's name on Kaggle.")]
OUT = Path("build/kaggle")


def register(root: typer.Typer) -> None:
    """Add this module's commands."""
    root.add_typer(app, name="kaggle")


@app.command()
def export(
    assignment: AssignmentName,
    slug: Slug,
    out: Out = OUT,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Write the folder that a host uploads with Kaggle's own commands; HOST.md lists them."""
    from leaderboard.competition.seal import COMMITMENT, read_commitment
    from leaderboard.kaggle.export import Host
    from leaderboard.kaggle.export import export as write
    from leaderboard.records import Part

    with field_of(assignment, home) as field:
        course = field.workspace.course
        told = course.assignment(assignment)
        others = [lang for lang in course.languages if lang != course.language]
        host = Host(
            slug=slug,
            title=told.title,
            deadline=course.deadlines(field.homework).hard,
            per_day=field.config.competition.per_day,
            weights={one.key: one.weight for one in field.config.columns if one.weight},
            commitment=str(read_commitment(field.folder / COMMITMENT)["sha256"]),
            languages=(course.language, *others),
        )
        rows = {part: field.folder / f"{part}.jsonl" for part in Part}
        files = write(host, _data(field), rows, out)
    if as_json:
        console.print_json({"folder": str(out), "files": files})
    else:
        console.say(f"{len(files)} files in {out}; follow {out / 'HOST.md'}")


@app.command("import")
def import_(
    assignment: AssignmentName,
    leaderboard: Annotated[
        Path, typer.Argument(metavar="LEADERBOARD", help="SLUG.zip, or the CSV out of it.")
    ],
    teams: Teams,
    submissions: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A folder or zip of submissions, by team."),
    ] = None,
    out: Out = OUT,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Read Kaggle's leaderboard, find the students, and put the judge's scores beside it.

    Submissions become an inbox with receipts, for `zachetka collect`.
    """
    from leaderboard.kaggle.imports import read_leaderboard

    with field_of(assignment, home) as field:
        _take(field, read_leaderboard(leaderboard), teams, submissions, out, as_json=as_json)


@app.command()
def sync(
    assignment: AssignmentName,
    slug: Slug,
    teams: Teams,
    out: Out = OUT,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Download the leaderboard with this account's Kaggle credentials, and import it."""
    from leaderboard.kaggle.imports import read_leaderboard
    from leaderboard.kaggle.sync import downloaded, real_client

    with field_of(assignment, home) as field, downloaded(real_client(), slug) as path:
        _take(field, read_leaderboard(path), teams, None, out, as_json=as_json)


def _take(
    field: Field,
    board: KaggleBoard,
    teams: Path,
    submissions: Path | None,
    out: Path,
    *,
    as_json: bool,
) -> None:
    """Match a board with the class, keep it, merge it with the judge's, write everything."""
    from graders.pipeline.files import write_text
    from leaderboard.competition import facts, scoring
    from leaderboard.kaggle import imports, merge
    from leaderboard.kaggle import teams as matching

    kept = field.folder / "kaggle"
    listed = [student.id for student in field.workspace.store.students()]
    members = matching.read_members(teams, listed)
    matched = matching.match(board, members, matching.kept(kept, board.slug))
    matching.keep(board, kept)
    rounds = facts.rounds(field.folder)
    standings = None
    if rounds:
        boards = scoring.checked(field, rounds[-1])
        standings = boards.by_part.get(board.part, boards.public)
    merged = merge.merge(board, matched, standings)
    merge.write_merged(out / "merged.csv", merged)
    write_text(out / "matched.json", matching.as_json(matched))
    if submissions is not None:
        found = imports.read_submissions(submissions)
        count, strangers = merge.write_inbox(out, board, matched, found)
        console.tell(f"{count} submissions in {out / 'inbox'}, {len(strangers)} of unknown teams")
    for row in matched.strangers:
        console.tell(f"no student is known of team {row.team_id} ({row.team})")
    for student in matched.absent:
        console.tell(f"the team of {student} is not on the board")
    rows = merge.as_rows(merged)
    if as_json:
        console.print_json(rows)
    else:
        columns = list(merge.COLUMNS)
        console.print_table(
            f"{board.slug}, {board.part}, {board.at}",
            columns,
            [[row[name] for name in columns] for row in rows],
        )


def _data(field: Field) -> Path:
    """Return the folder of the data set that the competition was built from."""
    from graders.pipeline.prepare import data_of

    told = field.workspace.course.assignment(field.name)
    found = data_of(told, console.tell)
    assert found is not None, "a competition is built from data"
    return found
