"""A board as files: a page per language, a CSV for spreadsheets, a JSON for programs.

The CSV's columns are place, rank_low, rank_high, name, and for every metric its value and the
ends of its interval (``accuracy``, ``accuracy_low``, ``accuracy_high``); the page explains them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.core.messages import Messages
from graders.exchange import formula_safe
from graders.feedback.html import render, titled
from graders.feedback.links import other_languages
from graders.pipeline.files import write_text
from leaderboard.board import Board, Score
from leaderboard.plot import Axis, Span


@dataclass(frozen=True, slots=True)
class RowView:
    """A line of the page; numbers are worded."""

    rank: str
    name: str
    scores: tuple[Score, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column of the CSV and what it holds."""

    name: str
    meaning: str


def write_board(
    board: Board, out: Path, title: Mapping[str, str], languages: Sequence[str], default: str
) -> tuple[Path, ...]:
    """Write a board's pages and data files.

    Args:
        board: What to show.
        out: The folder, made when missing.
        title: What is ranked, by language.
        languages: Languages of the pages.
        default: The one of ``index.html``; the others are ``index.<lang>.html``.

    Returns:
        The paths, pages first.

    Raises:
        CourseError: The platform does not speak a language.
        OSError: The folder cannot be written.
    """
    links = {
        lang: "index.html" if lang == default else f"index.{lang}.html"
        for lang in dict.fromkeys((default, *languages))
    }
    files = {
        links[lang]: board_page(
            board, Messages.load(lang=lang), titled(title, lang, default), links
        )
        for lang in links
    }
    files["leaderboard.csv"] = board_csv(board)
    files["leaderboard.json"] = board_json(board, title)
    for name, text in files.items():
        write_text(out / name, text)
    return tuple(out / name for name in files)


def board_page(board: Board, words: Messages, title: str, links: Mapping[str, str]) -> str:
    """Return the page of a board in one language, the same for the same arguments."""
    leading = [row.scores[board.metrics[0]] for row in board.rows]
    axis = Axis.around(leading) if leading else None
    rows = [
        RowView(
            rank=_rank(row.rank_low, row.rank_high),
            name=row.name,
            scores=tuple(row.scores[metric] for metric in board.metrics),
            span=axis.span(row.scores[board.metrics[0]]),
        )
        for row in board.rows
        if axis is not None
    ]
    return render(
        "board.jinja",
        words,
        {
            "title": title,
            "board": board,
            "metrics": [words.text(f"leaderboard.metric.{name}") for name in board.metrics],
            "rows": rows,
            "ticks": axis.ticks() if axis else (),
            "level": board.level * 100,
            "columns": _columns(board, words),
            "links": other_languages(links, words.lang),
        },
        package="leaderboard",
    )


def board_csv(board: Board) -> str:
    """Return a board as CSV with a header; names are safe to open in a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # with CR LF: only then is a CR inside a name quoted
    writer.writerow(_names(board))
    for row in board.rows:
        scores = [row.scores[metric] for metric in board.metrics]
        numbers = [number for one in scores for number in (one.value, one.low, one.high)]
        # SECURITY: test_a_name_cannot_be_a_formula_in_a_spreadsheet
        name = formula_safe(row.name)
        writer.writerow([row.place, row.rank_low, row.rank_high, name, *numbers])
    return text.getvalue()


def board_json(board: Board, title: Mapping[str, str]) -> str:
    """Return a board as JSON; decimals are strings with all their digits."""
    told = {
        "title": dict(title),
        "metrics": list(board.metrics),
        "questions": board.questions,
        "level": str(board.level),
        "resamples": board.resamples,
        "seed": board.seed,
        "rows": [
            {
                "place": row.place,
                "rank_low": row.rank_low,
                "rank_high": row.rank_high,
                "name": row.name,
                "scores": {metric: _plain(row.scores[metric]) for metric in board.metrics},
            }
            for row in board.rows
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _plain(score: Score) -> dict[str, str]:
    return {"value": str(score.value), "low": str(score.low), "high": str(score.high)}


def _names(board: Board) -> list[str]:
    scores = [f"{name}{end}" for name in board.metrics for end in ("", "_low", "_high")]
    return ["place", "rank_low", "rank_high", "name", *scores]


def _columns(board: Board, words: Messages) -> list[ColumnView]:
    fixed = [
        ColumnView(name, words.text(f"leaderboard.column.{name}")) for name in _names(board)[:4]
    ]
    ends = {"": "value", "_low": "low", "_high": "high"}
    scores = [
        ColumnView(
            name + end,
            words.text(
                f"leaderboard.column.{key}", metric=words.text(f"leaderboard.metric.{name}")
            ),
        )
        for name in board.metrics
        for end, key in ends.items()
    ]
    return fixed + scores


def _rank(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"
