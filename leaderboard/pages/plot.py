"""Where the marks of a plot lie on an axis, in percent of its length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from leaderboard.records import Estimate

STEPS = tuple(
    Decimal(digit).scaleb(power) for power in range(-2, 7) for digit in (1, 2, 5)
)  # 0.01 to five millions: shares, and ratings too
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
    def around(cls, scores: Sequence[Estimate], most: int = MOST_TICKS) -> Axis:
        """Return the finest axis with few ticks that holds all intervals and their estimates.

        Args:
            scores: At least one.
            most: Ticks, at least 3.
        """
        low = min(min(one.low, one.value) for one in scores)
        high = max(max(one.high, one.value) for one in scores)
        for step in STEPS:
            first = (low / step).to_integral_value(ROUND_FLOOR) * step
            last = (high / step).to_integral_value(ROUND_CEILING) * step
            last = max(last, first + step)
            if (last - first) / step < most:
                break
        return cls(first, last, step)

    def ticks(self) -> tuple[Tick, ...]:
        """Return the ticks from the lowest on."""
        count = int((self.high - self.low) / self.step)
        values = (self.low + number * self.step for number in range(count + 1))
        return tuple(Tick(value, self.at(value)) for value in values)

    def span(self, score: Estimate) -> Span:
        """Return where an interval lies."""
        return Span(self.at(score.low), self.at(score.value), self.at(score.high))

    def at(self, value: Decimal) -> str:
        """Return a value's position from the left, for an SVG attribute."""
        return f"{self._share(value):.2f}%"

    def up(self, value: Decimal) -> str:
        """Return a value's position from the top of an upright axis."""
        return f"{100 - self._share(value):.2f}%"

    def _share(self, value: Decimal) -> Decimal:
        return MARGIN + (value - self.low) / (self.high - self.low) * (100 - 2 * MARGIN)
