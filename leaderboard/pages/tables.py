"""A board's data files: a CSV for spreadsheets, a JSON for programs.

Their columns are documented in ``docs/leaderboard.md`` and, in the reader's language, on the
page. The same board gives the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graders.core.canonical import canonical
from graders.core.messages import Messages
from graders.core.records import Flag
from graders.exchange import formula_safe
from leaderboard.pages.wording import column_name
from leaderboard.records import Estimate
from leaderboard.standings import JudgeReport, Standing, Standings

FIXED = ("place", "rank_low", "rank_high", "tier", "name", "kind", "submitted", "unscored", "gain")
ENDS = {"": "value", "_low": "low", "_high": "high"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A column of the CSV and what it holds."""

    name: str
    text: str


def board_csv(standings: Standings) -> str:
    """Return a board as CSV with a header; names are safe to open in a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # with CR LF: only then is a CR inside a name quoted
    tops = _tops(standings)
    scores = [f"{column.key}{end}" for column in standings.columns for end in ENDS]
    writer.writerow([*FIXED, *(f"top_{k}" for k in tops), *scores])
    for row in standings.rows:
        numbers: list[Any] = []
        for column in standings.columns:
            score = row.scores.get(column.key)
            numbers += [score.value, score.low, score.high] if score else ["", "", ""]
        when = row.submitted.isoformat() if row.submitted else ""
        gain = "" if row.gain is None else row.gain
        # SECURITY: test_a_name_cannot_be_a_formula_in_a_spreadsheet
        name = formula_safe(row.name)
        ranks = [row.place, row.rank_low, row.rank_high, row.tier]
        facts = [name, row.kind.value, when, row.unscored, gain]
        writer.writerow([*ranks, *facts, *(row.top.get(k, "") for k in tops), *numbers])
    return text.getvalue()


def board_json(standings: Standings, title: Mapping[str, str], *, staff: bool) -> str:
    """Return a board as canonical JSON, ending with a line feed; decimals are strings.

    Args:
        standings: The board.
        title: What is ranked, by language.
        staff: Whether integrity flags are told.
    """
    told = {
        "title": dict(title),
        "competition": standings.competition,
        "part": standings.part.value,
        "comparison": standings.comparison,
        "columns": [
            {"key": one.key, "higher_is_better": one.higher_is_better, "weight": one.weight}
            for one in standings.columns
        ],
        "questions": standings.questions,
        "level": standings.level,
        "resamples": standings.resamples,
        "seed": standings.seed,
        "frozen": [_flag(flag) for flag in standings.frozen],
        "commitment": standings.commitment,
        "judge": _judge(standings.judge) if standings.judge else None,
        "rows": [_row(row, staff=staff) for row in standings.rows],
        "pairs": [
            {
                "first": pair.first,
                "second": pair.second,
                "difference": _estimate(pair.difference),
                "p_value": pair.p_value,
                "adjusted": pair.adjusted,
            }
            for pair in standings.pairs
        ],
        "history": [
            {
                "team": one.team,
                "received": one.received,
                "shown": _estimate(one.shown) if one.shown else None,
                "best": one.best,
                "selected": one.selected,
            }
            for one in standings.history
        ],
    }
    return canonical(told).decode() + "\n"


def meanings(standings: Standings, words: Messages) -> tuple[Meaning, ...]:
    """Return what the columns of the CSV mean."""
    fixed = [Meaning(name, words.text(f"leaderboard.csv.{name}")) for name in FIXED]
    tops = [Meaning(f"top_{k}", words.text("leaderboard.csv.top", k=k)) for k in _tops(standings)]
    scores = [
        Meaning(
            column.key + end,
            words.text(f"leaderboard.csv.{key}", metric=column_name(words, column)),
        )
        for column in standings.columns
        for end, key in ENDS.items()
    ]
    return (*fixed, *tops, *scores)


def _tops(standings: Standings) -> list[int]:
    return sorted({k for row in standings.rows for k in row.top})


def _row(row: Standing, *, staff: bool) -> dict[str, Any]:
    told = {
        "place": row.place,
        "rank_low": row.rank_low,
        "rank_high": row.rank_high,
        "tier": row.tier,
        "name": row.name,
        "kind": row.kind.value,
        "submitted": row.submitted,
        "unscored": row.unscored,
        "gain": row.gain,
        "top": {str(k): row.top[k] for k in sorted(row.top)},
        "scores": {key: _estimate(score) for key, score in row.scores.items()},
    }
    if staff:
        told["flags"] = [_flag(flag) for flag in row.flags]
    return told


def _judge(report: JudgeReport) -> dict[str, Any]:
    licence = report.licence
    card = licence.judge
    return {
        "name": card.name,
        "family": card.family,
        "version": card.version,
        "parameters": dict(card.parameters),
        "prompt_version": card.prompt_version,
        "licence": {
            "licensed": licence.licensed,
            "accuracy": _estimate(licence.accuracy),
            "kappa": licence.kappa,
            "swap_consistency": licence.swap_consistency,
            "first_position": _estimate(licence.first_position),
            "coverage": licence.coverage,
            "items": licence.items,
            "by_kind": dict(licence.by_kind),
            "exam": licence.exam,
        },
        "verdicts": report.verdicts,
        "coverage": report.coverage,
        "swap_consistency": report.swap_consistency,
        "tokens_in": report.tokens_in,
        "tokens_out": report.tokens_out,
        "cost": report.cost,
        "ledger_head": report.ledger_head,
    }


def _estimate(score: Estimate) -> dict[str, Any]:
    return {"value": score.value, "low": score.low, "high": score.high}


def _flag(flag: Flag) -> dict[str, Any]:
    return {"key": flag.key, "args": dict(flag.args)}
