"""From answers, verdicts and metrics to a board: pure composition, without a judge or a file.

The same evidence and rules give the same `Standings`, bit for bit. Teams are ranked by the main
score, the judge's conservative win rate against the baseline; baselines and canaries stand among
them by their score and have no rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from graders.core.errors import CourseError
from graders.core.records import Flag
from leaderboard.competition.columns import Evidence, estimates_of, main_scores
from leaderboard.competition.config import MAIN, CompetitionConfig
from leaderboard.records import Entrant, Estimate, Kind, Outcome, digits
from leaderboard.standings import HeadToHead, JudgeReport, Standing, Standings

if TYPE_CHECKING:
    from leaderboard.ranking import Placed

NO_LICENCE, CANARY = "leaderboard.frozen.no_licence", "leaderboard.frozen.canary"
FIRST = datetime.min.replace(tzinfo=UTC)


def standings(config: CompetitionConfig, competition: str, evidence: Evidence) -> Standings:
    """Return the board of one part.

    Args:
        config: The rules.
        competition: Name of the assignment.
        evidence: What was answered, judged and measured.

    Raises:
        CourseError: There is no baseline, a name occurs twice, or verdicts are missing for an
            entrant altogether.
    """
    from leaderboard.ranking import stand

    rules = config.competition
    _check(config, evidence)
    main = main_scores(config, evidence)
    columns = config.standings_columns(evidence.directions)
    scores = estimates_of(config, evidence, main)
    teams = [i for i, one in enumerate(evidence.entrants) if one.kind is Kind.TEAM]
    names = [evidence.entrants[i].name for i in teams]
    ranking = stand(
        main[teams],
        names,
        seed=rules.seed,
        resamples=rules.resamples,
        level=rules.level,
        questions=[question.id for question in evidence.questions],
        top=tops(len(teams)),
    )
    placed = {row.name: row for row in ranking.rows}
    made = (
        _row(entrant, placed.get(entrant.name), scores[entrant.name], evidence)
        for entrant in evidence.entrants
    )
    rows = tuple(sorted(made, key=_order))
    return Standings(
        competition=competition,
        part=evidence.part,
        columns=columns,
        comparison=ranking.comparison,
        rows=rows,
        pairs=_in_order(ranking.pairs, rows),
        history=evidence.history,
        judge=evidence.judge,
        questions=len(evidence.questions),
        level=rules.level,
        resamples=rules.resamples,
        seed=rules.seed,
        frozen=(*frozen(config, evidence.judge, rows), *evidence.drift),
        commitment=evidence.commitment,
    )


def frozen(
    config: CompetitionConfig, judge: JudgeReport | None, rows: Sequence[Standing]
) -> tuple[Flag, ...]:
    """Return why the board does not count; empty when it does.

    It counts as plumbing only while the judge has no licence, and is frozen when a canary's main
    score is above the ceiling.
    """
    found = []
    if judge is None or not judge.licence.licensed:
        found.append(Flag(NO_LICENCE))
    for row in rows:
        value = row.scores.get(MAIN)
        if row.kind is Kind.CANARY and value and value.value > config.canaries.ceiling:
            told = {"name": row.name, "score": str(value.value)}
            told |= {"low": str(value.low), "high": str(value.high)}
            found.append(Flag(CANARY, told))
    return tuple(found)


def tops(teams: int) -> tuple[int, ...]:
    """Return the k of P(rank ≤ k) that say something in a class of this size."""
    return tuple(k for k in (1, 3, 10) if k < teams) or (1,)


def _row(
    entrant: Entrant,
    placed: Placed | None,
    scores: Mapping[str, Estimate],
    evidence: Evidence,
) -> Standing:
    row = Standing(
        0,
        0,
        0,
        0,
        entrant.name,
        entrant.kind,
        scores,
        unscored=_unscored(evidence.outcomes.get(entrant.name, ())),
        flags=evidence.flags.get(entrant.name, ()),
        submitted=evidence.submitted.get(entrant.name),
    )
    if placed is None:
        return row
    return replace(
        row,
        place=placed.place,
        rank_low=placed.rank_low,
        rank_high=placed.rank_high,
        tier=placed.tier,
        top=placed.top,
        gain=placed.gain,
        unscored=placed.unscored,
    )


def _unscored(outcomes: Sequence[Outcome]) -> Decimal:
    missing = sum(outcome.score is None for outcome in outcomes)
    return digits(missing / len(outcomes)) if outcomes else Decimal(0)


def _order(row: Standing) -> tuple[Decimal, int, datetime, str]:
    """Order rows by the main score; among equals teams first, the earlier submission first."""
    value = row.scores[MAIN].value if MAIN in row.scores else Decimal(-1)
    kinds = (Kind.TEAM, Kind.BASELINE, Kind.CANARY)
    return -value, kinds.index(row.kind), row.submitted or FIRST, row.name


def _in_order(pairs: Sequence[HeadToHead], rows: Sequence[Standing]) -> tuple[HeadToHead, ...]:
    """Return pairs with the first named one above the second, in the order of rows."""
    place = {row.name: number for number, row in enumerate(rows)}
    turned = [pair if place[pair.first] < place[pair.second] else _turned(pair) for pair in pairs]
    return tuple(sorted(turned, key=lambda pair: (place[pair.first], place[pair.second])))


def _turned(pair: HeadToHead) -> HeadToHead:
    found = pair.difference
    return HeadToHead(
        pair.second,
        pair.first,
        Estimate(-found.value, -found.high, -found.low),
        pair.p_value,
        pair.adjusted,
    )


def _check(config: CompetitionConfig, evidence: Evidence) -> None:
    names = [entrant.name for entrant in evidence.entrants]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CourseError(
            f"two entrants have the name {twice[0]!r}", todo="Rename the baseline, or the team"
        )
    baseline = config.competition.baseline
    if baseline not in names:
        raise CourseError(f"the baseline {baseline!r} is not among the entrants")
    for name in names:
        if name != baseline and not evidence.outcomes.get(name):
            raise CourseError(f"nothing of {name!r} was judged", todo="Score again")
