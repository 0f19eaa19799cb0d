"""What a board is made from, and the estimates of its columns.

Every column of single questions has percentile bootstrap intervals over questions; the controlled
ones are refitted on every resample (`leaderboard.ranking`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from graders.core.records import Flag
from leaderboard.competition.config import COMPOSITE, CONTROLLED, MAIN, CompetitionConfig
from leaderboard.records import Entrant, Estimate, Kind, Outcome, Part, Question
from leaderboard.standings import Attempt, JudgeReport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

CONTROLLED_RESAMPLES = 500  # each is a fit; AlpacaEval 2's intervals come from as many


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a board is made from, besides the rules.

    Args:
        part: Which items.
        questions: N of them.
        entrants: T of them, the rules' baseline among them; names are unique.
        outcomes: Of every entrant but the baseline, against the baseline, by name.
        metrics: By key, shape (T, N), in the orders of entrants and questions; nan where an
            entrant is not measured.
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


def estimates_of(
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
    """Return controlled win rates of teams and baselines.

    Canaries have none: how hard a question is must not be told by their losses.
    """
    honest = [i for i, one in enumerate(evidence.entrants) if one.kind is not Kind.CANARY]
    values: list[Estimate | None] = [None] * len(evidence.entrants)
    for place, value in zip(honest, _fit(config, key, evidence, main, honest), strict=True):
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
