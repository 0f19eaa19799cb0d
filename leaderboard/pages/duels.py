"""Head to head: who stands above whom by more than chance, as a matrix and from one team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graders.core.messages import Messages
from leaderboard.pages.wording import p_value, signed
from leaderboard.records import Estimate
from leaderboard.standings import HeadToHead, Standings


@dataclass(frozen=True, slots=True)
class DuelView:
    """One comparison from the row's side; `verdict` is ``better``, ``worse`` or ``even``."""

    name: str
    href: str
    verdict: str
    difference: str
    interval: str
    p_value: str
    adjusted: str


@dataclass(frozen=True, slots=True)
class CellView:
    """A narrow cell: who is better, and the difference with its sign."""

    verdict: str
    difference: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A row of the matrix: a comparison with every ranked row, None with itself."""

    number: int
    name: str
    href: str
    cells: tuple[CellView | None, ...]


def duels_of(
    standings: Standings, name: str, words: Messages, pages: Mapping[str, str]
) -> tuple[DuelView, ...]:
    """Return a team's comparisons in the order of rows."""
    by_other = {}
    for pair in standings.pairs:
        if name in (pair.first, pair.second):
            turned = pair if pair.first == name else _turned(pair)
            by_other[turned.second] = _view(turned, standings, words, pages)
    return tuple(by_other[row.name] for row in standings.rows if row.name in by_other)


def matrix(
    standings: Standings, words: Messages, pages: Mapping[str, str]
) -> tuple[MatrixRow, ...]:
    """Return all comparisons; empty where nobody is compared."""
    views = {}
    for pair in standings.pairs:
        for one in (pair, _turned(pair)):
            difference = signed(words, one.difference.value, 2)
            views[one.first, one.second] = CellView(_verdict(one, standings), difference)
    compared = {first for first, _ in views}
    names = [row.name for row in standings.rows if row.name in compared]
    return tuple(
        MatrixRow(
            number=number,
            name=name,
            href=pages.get(name, ""),
            cells=tuple(views.get((name, other)) for other in names),
        )
        for number, name in enumerate(names, start=1)
    )


def _turned(pair: HeadToHead) -> HeadToHead:
    seen = pair.difference
    difference = Estimate(-seen.value, -seen.high, -seen.low)
    return HeadToHead(pair.second, pair.first, difference, pair.p_value, pair.adjusted)


def _view(
    pair: HeadToHead, standings: Standings, words: Messages, pages: Mapping[str, str]
) -> DuelView:
    seen = pair.difference
    return DuelView(
        name=pair.second,
        href=pages.get(pair.second, ""),
        verdict=_verdict(pair, standings),
        difference=signed(words, seen.value),
        interval=f"{signed(words, seen.low)} … {signed(words, seen.high)}",
        p_value=p_value(words, pair.p_value),
        adjusted=p_value(words, pair.adjusted),
    )


def _verdict(pair: HeadToHead, standings: Standings) -> str:
    """Say who is better by Holm at the board's level, in the main column's direction."""
    gain = pair.difference.value
    if not standings.columns[0].higher_is_better:
        gain = -gain
    if pair.adjusted > 1 - standings.level or gain == 0:
        return "even"
    return "better" if gain > 0 else "worse"
