"""Where the marks of a row of intervals lie on one common axis, in percent of its width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from leaderboard.board import Score

STEPS = tuple(map(Decimal, ("0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1")))
MOST_TICKS = 8
MARGIN = Decimal(6)  # percent at each end, so that the outer labels are not cut


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled position of the axis."""

    value: Decimal
    at: str


@dataclass(frozen=True, slots=True)
class Span:
    """One interval: its ends and its estimate."""

    low: str
    value: str
    high: str


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from `low` to `high` with ticks at multiples of `step`."""

    low: Decimal
    high: Decimal
    step: Decimal

    @classmethod
    def around(cls, scores: Sequence[Score]) -> Axis:
        """Return the finest axis with few ticks that holds all intervals.

        Args:
            scores: At least one.
        """
        low, high = min(one.low for one in scores), max(one.high for one in scores)
        for step in STEPS:
            first = (low / step).to_integral_value(ROUND_FLOOR) * step
            last = (high / step).to_integral_value(ROUND_CEILING) * step
            last = max(last, first + step)
            if (last - first) / step < MOST_TICKS:
                break
        return cls(first, last, step)

    def ticks(self) -> tuple[Tick, ...]:
        """Return the ticks from left to right."""
        count = int((self.high - self.low) / self.step)
        values = (self.low + number * self.step for number in range(count + 1))
        return tuple(Tick(value, self.at(value)) for value in values)

    def span(self, score: Score) -> Span:
        """Return where an interval lies."""
        return Span(self.at(score.low), self.at(score.value), self.at(score.high))

    def at(self, value: Decimal) -> str:
        """Return a value's position, for an SVG attribute."""
        share = (value - self.low) / (self.high - self.low)
        return f"{MARGIN + share * (100 - 2 * MARGIN):.2f}%"
