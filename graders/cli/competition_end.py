"""`zachetka competition`, the end: re-runs, grades, and the sealed split opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graders.cli import console
from graders.cli.competition import Final, field_of
from graders.cli.options import (
    ALL_PROCESSORS,
    DEFAULT_HOME,
    AssignmentName,
    Home,
    Jobs,
    Json,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to `zachetka competition`."""
    for command in (rerun, grade, reveal, verify):
        app.command()(command)


def rerun(
    assignment: AssignmentName,
    top: Annotated[int, typer.Option(min=1, help="Teams up to this place.")] = 3,
    final: Final = False,
    jobs: Jobs = ALL_PROCESSORS,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Run the top teams' code in the jail and compare its answers with the submitted ones.

    What differs is a flag on the staff's board from the next round on; nobody loses points by it.
    """
    from graders.pipeline.prepare import Preparation
    from leaderboard.competition import reruns
    from leaderboard.competition.rerun import rerun as run
    from leaderboard.competition.rerun import top_entries
    from leaderboard.competition.scoring import checked, latest

    with field_of(assignment, home) as field:
        facts = latest(field, final=final)
        boards = checked(field, facts)
        shown = boards.private if final and boards.private is not None else boards.public
        preparation = Preparation(field.workspace, jobs, console.tell)
        rows = []
        for one in run(field, preparation, top_entries(shown, facts, top)):
            reruns.keep(field.folder, one.team, one.submission, one.compared, one.flags)
            rows.append(
                {
                    "team": one.team,
                    "submission": one.submission,
                    "compared": one.compared,
                    "flags": [{"key": flag.key, **flag.args} for flag in one.flags],
                }
            )
    if as_json:
        console.print_json(rows)
    else:
        console.print_table(
            "re-runs",
            ("team", ">submission", ">compared", "found"),
            [
                (row["team"], row["submission"], row["compared"], row["flags"] or "the same")
                for row in rows
            ],
        )


def grade(
    assignment: AssignmentName,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Turn the private board into marks: milestones and tier; a second run adds nothing.

    Refused while the judge has no licence, and while a canary beats the baseline.
    """
    from graders.cli.tables import show_works
    from graders.core.clock import utc_now
    from graders.pipeline.publish import course_words
    from leaderboard.competition.grades import grade as give
    from leaderboard.competition.scoring import checked, latest

    with field_of(assignment, home) as field:
        boards = checked(field, latest(field, final=True))
        assert boards.private is not None, "the round is final"
        words = course_words(field.workspace, field.workspace.course.language)
        given = give(field, boards.private, words, utc_now())
        console.tell(
            f"{given.new} marks added, {given.same} unchanged, {given.kept} of people kept"
        )
        show_works(field.workspace, given.works, field.homework, as_json=as_json)


def reveal(assignment: AssignmentName, home: Home = DEFAULT_HOME) -> None:
    """Open the sealed split: write reveal.json, which anybody can check with `verify`."""
    from leaderboard.competition import seal
    from leaderboard.competition.build import sealed_now

    with field_of(assignment, home) as field:
        seal.reveal(field.folder, sealed_now(field))
        path = field.folder / seal.REVEAL
        digest = seal.verify(path, field.folder / seal.COMMITMENT)
    console.say(f"{path}\ncommitment {digest} holds")


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="reveal.json.")],
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="commitment.json as it was published at launch."),
    ] = None,
) -> None:
    """Check that the private items and the rules are those that were sealed at launch.

    Needs no workspace: anybody can run it. Without --against only the file itself is checked.
    """
    from leaderboard.competition import seal

    console.say(f"commitment {seal.verify(file, against)} holds")
    if against is None:
        console.tell("checked against the file's own copy; give --against commitment.json too")
