"""Ranking of any file: Bradley–Terry ratings of battles, win rates of annotations."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graders.cli import console
from graders.cli.options import Json

if TYPE_CHECKING:
    from leaderboard.ranking.annotations import Annotations, WinRate
    from leaderboard.ranking.report import Report

SEED = 2026

BattlesFile = Annotated[Path, typer.Argument(metavar="FILE", help="Battles in JSON Lines.")]
AnnotationsFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="Annotations in JSON, as AlpacaEval writes them.")
]
Resamples = Annotated[int, typer.Option("--resamples", min=1, help="Refits for the intervals.")]
Level = Annotated[
    float, typer.Option("--level", min=0.5, max=0.9999, help="Of the intervals and rank sets.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of the resamples.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (rank, winrate):
        app.command()(command)


def rank(
    file: BattlesFile,
    resamples: Resamples = 2000,
    level: Level = 0.95,
    seed: Seed = SEED,
    as_json: Json = False,
) -> None:
    """Rate the models of a battles file by Bradley–Terry, with intervals and rank sets."""
    from leaderboard.ranking.battles import read_battles
    from leaderboard.ranking.report import rate

    report = rate(read_battles(file), seed=seed, resamples=resamples, level=level)
    settings = {"level": level, "resamples": resamples, "seed": seed}
    if as_json:
        console.print_json({**settings, **_plain(report)})
    else:
        _show(report, level)


def winrate(
    file: AnnotationsFile,
    resamples: Resamples = 500,
    level: Level = 0.95,
    seed: Seed = SEED,
    as_json: Json = False,
) -> None:
    """Compute the win rate of an annotations file, its standard error, and it at equal lengths."""
    from leaderboard.ranking.annotations import read_annotations, summarise

    given = read_annotations(file)
    found = summarise(given, seed=seed, resamples=resamples, level=level)
    plain = _rates(given, found)
    if as_json:
        console.print_json({**plain, "level": level, "resamples": resamples, "seed": seed})
    else:
        model, baseline = given.names[1] or "output_2", given.names[0] or "output_1"
        console.print_table(
            f"{model} against {baseline}, in per cent",
            ("", ">value"),
            [(key, "" if value is None else value) for key, value in plain.items()],
        )


def _plain(report: Report) -> dict[str, Any]:
    """Return a report as data, documented in docs/cli.md."""
    models = []
    for row in report.models:
        plain = asdict(row)
        plain["rank_set"] = [row.ranks.low, row.ranks.high]
        del plain["ranks"]
        plain["losses"] = row.battles - row.wins - row.ties
        models.append(plain)
    return {
        "models": models,
        "battles": report.battles,
        "questions": report.questions,
        "separated": report.separated,
        "notes": list(report.notes),
    }


def _show(report: Report, level: float) -> None:
    per_cent = f"{100 * level:g} %"
    rows = [
        (
            row.rank,
            f"{row.ranks.low}–{row.ranks.high}",
            row.model,
            f"{row.rating:.0f}",
            f"{_end(row.low, '−∞')} … {_end(row.high, '∞')}",
            row.battles,
            row.wins,
            row.ties,
        )
        for row in report.models
    ]
    title = f"{report.battles} battles on {report.questions} questions, {per_cent} intervals"
    columns = (">rank", "ranks", "model", ">rating", "interval", ">battles", ">wins", ">ties")
    console.print_table(title, columns, rows)
    for note in report.notes:
        console.tell(note)


def _end(value: float | None, open_end: str) -> str:
    return open_end if value is None else f"{value:.0f}"


def _rates(given: Annotations, found: WinRate) -> dict[str, Any]:
    """Return win rates as data, by AlpacaEval's names where it has one."""
    return {
        "win_rate": found.win_rate,
        "standard_error": found.standard_error,
        "discrete_win_rate": found.discrete_win_rate,
        "length_controlled_winrate": found.length_controlled,
        "lc_standard_error": found.lc_standard_error,
        "lc_low": found.lc_low,
        "lc_high": found.lc_high,
        "n_wins": found.wins,
        "n_wins_base": found.losses,
        "n_draws": found.ties,
        "n_total": found.total,
        "n_unscored": found.unscored,
        "avg_length": found.lengths[0],
        "avg_length_base": found.lengths[1],
        "instruction_difficulty": given.difficulty is not None,
    }
