"""From answers, verdicts and metrics to a board: pure composition, without a judge or a file.

The same evidence and rules give the same `Standings`, bit for bit. Teams are ranked by the main
score, the judge's conservative win rate against the baseline; baselines and canaries stand among
them by their score and have no rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from graders.core.errors import CourseError
from graders.core.records import Flag
from leaderboard.competition.config import COMPOSITE, CONTROLLED, MAIN, CompetitionConfig
from leaderboard.records import Entrant, Estimate, Kind, Outcome, Part, Question, digits
from leaderboard.standings import Attempt, HeadToHead, JudgeReport, Standing, Standings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from leaderboard.ranking import Placed

    FloatArray = NDArray[np.float64]

CONTROLLED_RESAMPLES = 500  # each is a fit; AlpacaEval 2's intervals come from as many
NO_LICENCE, CANARY = "leaderboard.frozen.no_licence", "leaderboard.frozen.canary"
FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a board is made from, besides the rules.

    Args:
        part: Which items.
        questions: N of them.
        entrants: T of them, the rules' baseline among them; names are unique.
        outcomes: Of every entrant but the baseline, against the baseline, by name.
        metrics: By key, shape (T, N), in the orders of entrants and questions.
        directions: By metric's key: whether higher is better.
        judge: What its card says.
        submitted: When an entrant's answers were received, by name.
        history: Attempts, as the board may tell them.
        flags: For a person to look at, by entrant's name.
        commitment: The sealed split's hash.
        drift: Why the judge may have changed.
    """

    part: Part
    questions: Sequence[Question]
    entrants: Sequence[Entrant]
    outcomes: Mapping[str, Sequence[Outcome]]
    metrics: Mapping[str, FloatArray]
    directions: Mapping[str, bool]
    judge: JudgeReport | None
    submitted: Mapping[str, datetime] = field(default_factory=dict)
    history: tuple[Attempt, ...] = ()
    flags: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)
    commitment: str = ""
    drift: tuple[Flag, ...] = ()


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
    scores = _scores(config, evidence, main)
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


def main_scores(config: CompetitionConfig, evidence: Evidence) -> FloatArray:
    """Return the judge's scores of every entrant on every question, nan where unscored.

    The baseline against itself is a tie by definition: nobody is asked.
    """
    import numpy as np

    places = {question.id: column for column, question in enumerate(evidence.questions)}
    main = np.full((len(evidence.entrants), len(places)), np.nan)
    for row, entrant in enumerate(evidence.entrants):
        if entrant.name == config.competition.baseline:
            main[row] = 0.5
            continue
        for outcome in evidence.outcomes.get(entrant.name, ()):
            if outcome.score is not None and outcome.question_id in places:
                main[row, places[outcome.question_id]] = float(outcome.score)
    return main


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


def _scores(
    config: CompetitionConfig, evidence: Evidence, main: FloatArray
) -> dict[str, dict[str, Estimate]]:
    """Return the estimates of every column, by entrant's name."""
    rules = config.competition
    found: dict[str, dict[str, Estimate]] = {one.name: {} for one in evidence.entrants}
    each: dict[str, FloatArray] = {MAIN: main, **evidence.metrics}
    each[COMPOSITE] = _composite(config, evidence, main)
    shown = [column.key for column in config.standings_columns(evidence.directions)]
    for key in shown:
        if key in CONTROLLED:
            values = _controlled(config, key, evidence, main)
        else:
            values = _means(each[key], rules.seed, rules.resamples, rules.level)
        for entrant, value in zip(evidence.entrants, values, strict=True):
            if value is not None:
                found[entrant.name][key] = value
    return found


def _means(
    scores: FloatArray, seed: int, resamples: int, level: Decimal
) -> Sequence[Estimate | None]:
    from leaderboard.ranking.winrates import estimates, win_rates

    rates = win_rates(scores, seed=seed, resamples=resamples, level=float(level))
    return estimates(rates.value, rates.low, rates.high)


def _composite(config: CompetitionConfig, evidence: Evidence, main: FloatArray) -> FloatArray:
    """Return the weighted sum of the columns on every question; all lie in [0, 1].

    A column where lower is better enters as its distance from 1.
    """
    import numpy as np

    total = np.zeros_like(main)
    for column in config.columns:
        if column.weight == 0:
            continue
        values = main if column.key == MAIN else evidence.metrics[column.key]
        if not evidence.directions.get(column.key, True):
            values = 1 - values
        total += float(column.weight) * values
    return total


def _controlled(
    config: CompetitionConfig, key: str, evidence: Evidence, main: FloatArray
) -> Sequence[Estimate | None]:
    """Return controlled win rates.

    How hard a question is, is told by teams and baselines alone: a canary's losses say nothing
    of it, so canaries are fitted apart.
    """
    honest = [i for i, one in enumerate(evidence.entrants) if one.kind is not Kind.CANARY]
    values: list[Estimate | None] = [None] * len(evidence.entrants)
    for chosen in (honest, range(len(evidence.entrants))):
        fitted = _fit(config, key, evidence, main, list(chosen))
        for place, value in zip(chosen, fitted, strict=True):
            if values[place] is None:
                values[place] = value
    return values


def _fit(
    config: CompetitionConfig,
    key: str,
    evidence: Evidence,
    main: FloatArray,
    chosen: Sequence[int],
) -> Sequence[Estimate | None]:
    import numpy as np

    from leaderboard.ranking.controlled import (
        length_controlled,
        style_controlled,
        style_differences,
    )
    from leaderboard.ranking.winrates import estimates

    rules = config.competition
    ids = [question.id for question in evidence.questions]
    texts = [[evidence.entrants[i].answers[one] for one in ids] for i in chosen]
    base = next(one for one in evidence.entrants if one.name == rules.baseline)
    against = [base.answers[one] for one in ids]
    if key == "length_controlled":
        lengths = np.array([[len(text) for text in row] for row in texts], dtype=np.float64)
        theirs = np.array([len(text) for text in against], dtype=np.float64)
        fitted = length_controlled(
            main[chosen],
            lengths,
            theirs,
            seed=rules.seed,
            resamples=CONTROLLED_RESAMPLES,
            level=float(rules.level),
        )
    else:
        styles = np.stack([style_differences(row, against) for row in texts])
        fitted = style_controlled(
            main[chosen],
            styles,
            seed=rules.seed,
            resamples=CONTROLLED_RESAMPLES,
            level=float(rules.level),
        )
    return estimates(fitted.value, fitted.low, fitted.high)


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
