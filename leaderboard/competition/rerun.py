"""The re-run: what the top teams' code answers in the jail, compared with what they submitted.

Nothing new runs anything: the hidden test of the assignment's re-run part asks the student's
`summarize` for some answers and keeps them as a fact. Here that test alone is run again with a
seed of its own, so that it asks for other items than the graded run did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graders.core.records import Flag, RunOutcome
from graders.pipeline.engine import Engine
from graders.pipeline.prepare import Preparation
from graders.pipeline.recipe import seed_of
from leaderboard.competition.attempts import Field, read_try
from leaderboard.competition.facts import Facts
from leaderboard.integrity import rerun_difference
from leaderboard.records import Kind
from leaderboard.standings import Standings

FACT = "rerun_answers"
TEST = "rerun.same"  # of the assignment's hidden tests
NOT_RUN = "integrity.rerun_failed"


@dataclass(frozen=True, slots=True)
class Rerun:
    """What came of one team's re-run.

    Args:
        team: Whose.
        submission: Which was run.
        compared: How many answers; 0 when the code could not be run.
        flags: What a person should look at; empty when the answers are the submitted ones.
    """

    team: str
    submission: int
    compared: int
    flags: tuple[Flag, ...]


def top_entries(standings: Standings, facts: Facts, most: int) -> tuple[tuple[str, int], ...]:
    """Return the teams whose place is at most `most`, best first, and what stands for each.

    Equal places are all of them there.
    """
    by_receipt = {(fact.team, fact.received): fact.submission for fact in facts.attempts}
    return tuple(
        (row.name, by_receipt[row.name, row.submitted])
        for row in standings.rows
        if row.kind is Kind.TEAM and 0 < row.place <= most and row.submitted is not None
    )


def rerun(
    field: Field, preparation: Preparation, entries: Sequence[tuple[str, int]]
) -> tuple[Rerun, ...]:
    """Run the code of submissions in the jail.

    Args:
        field: The workspace and the assignment.
        preparation: Gives the engine.
        entries: Team and submission, each.

    Raises:
        InfraError: The host cannot run submissions safely.
    """
    # Another recipe than the graded run's makes another seed: other items are asked for.
    recipe = f"rerun {preparation.recipe(field.name)}"
    with preparation.engine(field.name) as engine:
        return tuple(_one(field, engine, recipe, team, number) for team, number in entries)


def _one(field: Field, engine: Engine, recipe: str, team: str, number: int) -> Rerun:
    submission = field.workspace.store.submission(number)
    report = engine.test(submission, seed_of(recipe, team), frozenset({f"{field.name}.{TEST}"}))
    told = report.facts.get(FACT)
    submitted = read_try(field, submission).answers
    if report.outcome is not RunOutcome.COMPLETED or not told or submitted is None:
        failed = Flag(NOT_RUN, {"submission": number, "outcome": report.outcome.value})
        return Rerun(team, number, 0, (failed,))
    flag = rerun_difference(submitted, told)
    return Rerun(team, number, len(told), () if flag is None else (flag,))
