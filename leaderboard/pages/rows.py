"""The rows of a board as its page shows them: ranks, intervals on one axis, all columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graders.core.messages import Messages
from leaderboard.pages.plot import Axis, Span, Tick
from leaderboard.pages.wording import column_name, entrant_name, rank_text
from leaderboard.records import Estimate, Kind
from leaderboard.standings import Column, Standing, Standings


@dataclass(frozen=True, slots=True)
class CellView:
    """A score and the place by it among ranked rows (0 if not ranked)."""

    score: Estimate | None
    place: int


@dataclass(frozen=True, slots=True)
class RowView:
    """A row; `href` and `mark` are empty where there is no page and nothing to mark."""

    rank: str
    tier: str
    name: str
    href: str
    kind: str
    mark: str
    shared: bool
    first_of_tier: bool
    score: Estimate | None
    span: Span | None
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class ColumnView:
    """The head of a column of scores; `weight` is empty where it is only shown."""

    title: str
    higher_is_better: bool
    weight: str


@dataclass(frozen=True, slots=True)
class TableView:
    """All rows with what stands over them."""

    columns: tuple[ColumnView, ...]
    rows: tuple[RowView, ...]
    ticks: tuple[Tick, ...]
    tiers: bool


def table_view(
    standings: Standings,
    words: Messages,
    pages: Mapping[str, str],
    other: Standings | None = None,
) -> TableView:
    """Return the rows of a board.

    Args:
        standings: The board.
        words: The page's language.
        pages: Links to the teams that have a page, by name.
        other: The board of the other part, whose main score becomes the last column.
    """
    main = standings.columns[0].key
    scores = [row.scores[main] for row in standings.rows if main in row.scores]
    axis = Axis.around(scores) if scores else None
    places = [places_by(column, standings.rows) for column in standings.columns]
    shared = Counter(row.place for row in standings.rows if row.place)
    rows = []
    tier = 0
    for row in standings.rows:
        cells = [
            CellView(row.scores.get(column.key), place.get(row.name, 0))
            for column, place in zip(standings.columns, places, strict=True)
        ]
        if other:
            cells.append(_cell_of(other, row.name))
        rows.append(
            RowView(
                rank=rank_text(row),
                tier=str(row.tier) if row.tier else "",
                name=entrant_name(words, row.name, row.kind),
                href=pages.get(row.name, ""),
                kind=row.kind.value,
                mark=words.text(f"leaderboard.kind.{row.kind.value}"),
                shared=shared[row.place] > 1,
                first_of_tier=bool(tier and row.tier > tier),
                score=row.scores.get(main),
                span=axis.span(row.scores[main]) if axis and main in row.scores else None,
                cells=tuple(cells),
            )
        )
        tier = max(tier, row.tier)
    return TableView(
        columns=_columns(standings, words, other),
        rows=tuple(rows),
        ticks=axis.ticks() if axis else (),
        tiers=any(row.tier for row in standings.rows),
    )


def places_by(column: Column, rows: Sequence[Standing]) -> dict[str, int]:
    """Return the place of every ranked team by one column; equal scores share it."""
    sign = 1 if column.higher_is_better else -1
    values = {
        row.name: sign * row.scores[column.key].value
        for row in rows
        if row.kind is Kind.TEAM and row.place and column.key in row.scores
    }
    return {name: 1 + sum(one > own for one in values.values()) for name, own in values.items()}


def _cell_of(standings: Standings, name: str) -> CellView:
    found = next((row for row in standings.rows if row.name == name), None)
    if found is None:
        return CellView(None, 0)
    return CellView(found.scores.get(standings.columns[0].key), found.place)


def _columns(
    standings: Standings, words: Messages, other: Standings | None
) -> tuple[ColumnView, ...]:
    columns = [
        ColumnView(
            column_name(words, column),
            column.higher_is_better,
            words.decimal(column.weight.normalize()) if column.weight else "",
        )
        for column in standings.columns
    ]
    if other:
        main = other.columns[0]
        title = words.text(f"leaderboard.part.{other.part.value}.column")
        columns.append(ColumnView(title, main.higher_is_better, ""))
    return tuple(columns)
