"""A team's own page: where it stands, what is near, its history and its comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from graders.core.messages import Messages
from leaderboard.pages.duels import DuelView, duels_of
from leaderboard.pages.plot import MARGIN, Axis, Tick
from leaderboard.pages.rows import places_by
from leaderboard.pages.wording import NONE, column_name, flag_text, percent, rank_text
from leaderboard.records import Estimate
from leaderboard.standings import Attempt, Standing, Standings

LEFT = Decimal(14)  # percent of a plot's width that its scale stands in
FEW = 5  # ticks of a small plot


@dataclass(frozen=True, slots=True)
class Chance:
    """P(rank <= k): in words and as the width of a bar."""

    k: int
    share: str
    width: str


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One column's score of a team."""

    title: str
    score: Estimate | None
    place: str
    weight: str
    lower: bool


@dataclass(frozen=True, slots=True)
class AttemptView:
    """A submission of the history; `kept` where the board went on showing the score before."""

    when: str
    score: Estimate | None
    kept: bool
    best: bool
    selected: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of the history's line, in percent of the plot."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A submission on the plot; not `shown` is drawn hollow."""

    x: str
    y: str
    shown: bool


@dataclass(frozen=True, slots=True)
class HistoryView:
    """The history as lines of a table and as steps of a plot (empty with nothing shown)."""

    attempts: tuple[AttemptView, ...]
    steps: tuple[Step, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class TeamView:
    """All that a team's page shows."""

    name: str
    rank: str
    tier: str
    other_rank: str
    submitted: str
    unscored: str
    gain: str
    chances: tuple[Chance, ...]
    scores: tuple[ScoreLine, ...]
    history: HistoryView
    duels: tuple[DuelView, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is made: the language, the zone of times, whether it is staff."""

    words: Messages
    zone: ZoneInfo | None
    staff: bool

    def moment(self, value: datetime) -> str:
        """Return an instant as the reader's clock tells it."""
        return self.words.instant(value, self.zone)


def team_view(
    standings: Standings,
    row: Standing,
    reader: Reader,
    pages: Mapping[str, str],
    other: Standings | None = None,
) -> TeamView:
    """Return what a team's page shows.

    Args:
        standings: The board.
        row: The team's row in it.
        reader: Whom the page is for; flags are for staff.
        pages: Links to other teams' pages, by name, from this one.
        other: The other part's board, whose rank and history are told too.
    """
    words = reader.words
    attempts = [one for one in standings.history if one.team == row.name] or [
        one for one in (other.history if other else ()) if one.team == row.name
    ]
    theirs = next((one for one in other.rows if one.name == row.name), None) if other else None
    return TeamView(
        name=row.name,
        rank=rank_text(row),
        tier=str(row.tier) if row.tier else "",
        other_rank=rank_text(theirs) if theirs else "",
        submitted=reader.moment(row.submitted) if row.submitted else "",
        unscored=percent(words, row.unscored) if row.unscored else "",
        gain=words.decimal(row.gain) if row.gain is not None else "",
        chances=tuple(_chance(k, row.top[k], words) for k in sorted(row.top)),
        scores=_score_lines(standings, row, words),
        history=_history(attempts, reader),
        duels=duels_of(standings, row.name, words, pages),
        flags=tuple(flag_text(words, flag) for flag in row.flags) if reader.staff else (),
    )


def _chance(k: int, share: Decimal, words: Messages) -> Chance:
    return Chance(k, percent(words, share), f"{share * 100:.2f}%")


def _score_lines(standings: Standings, row: Standing, words: Messages) -> tuple[ScoreLine, ...]:
    lines = []
    for column in standings.columns:
        score = row.scores.get(column.key)
        place = places_by(column, standings.rows).get(row.name)
        lines.append(
            ScoreLine(
                title=column_name(words, column),
                score=score,
                place=str(place) if place else NONE,
                weight=words.decimal(column.weight.normalize()) if column.weight else NONE,
                lower=not column.higher_is_better,
            )
        )
    return tuple(lines)


def _history(attempts: list[Attempt], reader: Reader) -> HistoryView:
    views = tuple(
        AttemptView(
            when=reader.moment(one.received),
            score=one.shown,
            kept=one.shown is None,
            best=one.best,
            selected=one.selected,
        )
        for one in attempts
    )
    shown = [one.shown for one in attempts if one.shown]
    if not shown:
        return HistoryView(views, (), (), ())
    axis = Axis.around(shown, FEW)
    ticks = tuple(Tick(tick.value, axis.up(tick.value)) for tick in axis.ticks())
    steps, marks = _steps(attempts, axis)
    return HistoryView(views, steps, marks, ticks)


def _steps(attempts: list[Attempt], axis: Axis) -> tuple[tuple[Step, ...], tuple[Mark, ...]]:
    """Return the line of what the board showed: level between submissions, a jump at a new score.

    Submissions are drawn evenly: a night of five of them would be one dot on a scale of weeks.
    """
    steps, marks = [], []
    level: str | None = None
    before = ""
    width = 100 - LEFT - MARGIN
    for number, one in enumerate(attempts):
        share = Decimal(number) / (len(attempts) - 1) if len(attempts) > 1 else Decimal("0.5")
        x = f"{LEFT + share * width:.2f}%"
        new = axis.up(one.shown.value) if one.shown else level
        if level is not None and new is not None:
            steps.append(Step(before, level, x, level))
            if new != level:
                steps.append(Step(x, level, x, new))
        marks.append(Mark(x, new or axis.up(axis.low), one.shown is not None))
        level, before = new, x
    return tuple(steps), tuple(marks)
