"""What the public board tells of a team's attempts, and which of two selected ones is better.

Which scores are shown is the Ladder's decision (`leaderboard.ranking.ladder`), attempt by attempt
in the order of receipt; the best shown attempt is the team's line on the public board.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from leaderboard.competition.facts import Fact
from leaderboard.records import Entrant, Estimate, Outcome, digits
from leaderboard.standings import Attempt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt with its answers and its verdicts on the items of one part."""

    fact: Fact
    entrant: Entrant
    outcomes: tuple[Outcome, ...]

    @property
    def scores(self) -> FloatArray:
        """The main score of every question, nan where unscored."""
        import numpy as np

        return np.array(
            [np.nan if one.score is None else float(one.score) for one in self.outcomes]
        )

    @property
    def value(self) -> Decimal:
        """The mean of the scored questions; -1 when there is none."""
        known = [one.score for one in self.outcomes if one.score is not None]
        return digits(float(sum(known)) / len(known)) if known else Decimal(-1)


@dataclass(frozen=True, slots=True)
class Climb:
    """What a team's attempts came to: those whose scores are shown, and the best of them."""

    shown: tuple[int, ...]
    best: int


def climb(tried: Sequence[Tried]) -> dict[str, Climb]:
    """Let every team climb the Ladder, attempt by attempt.

    Args:
        tried: Scored attempts of all teams in the order of receipt, on the public items.

    Returns:
        By team.
    """
    from leaderboard.ranking.ladder import Ladder

    ladders: dict[str, Ladder] = {}
    shown: dict[str, list[int]] = {}
    for one in tried:
        rung = ladders.setdefault(one.fact.team, Ladder()).offer(one.scores)
        if rung.released:
            shown.setdefault(one.fact.team, []).append(one.fact.submission)
    # What is released is better than all before it, so the last one is the best.
    return {team: Climb(tuple(numbers), numbers[-1]) for team, numbers in shown.items()}


def attempts_shown(
    tried: Sequence[Tried],
    climbs: Mapping[str, Climb],
    selected: Mapping[str, Sequence[int]],
    rates: Sequence[Estimate],
) -> tuple[Attempt, ...]:
    """Return every attempt as the board may tell it.

    Args:
        tried: As `climb`.
        climbs: By team.
        selected: Submissions that compete for the private board, by team.
        rates: The attempts' scores with intervals, in the order of `tried`.
    """
    return tuple(
        Attempt(
            team=one.fact.team,
            received=one.fact.received,
            shown=rate if one.fact.submission in climbs[one.fact.team].shown else None,
            best=one.fact.submission == climbs[one.fact.team].best,
            selected=one.fact.submission in selected[one.fact.team],
        )
        for one, rate in zip(tried, rates, strict=True)
    )


def better(tried: Iterable[Tried]) -> list[Tried]:
    """Return each team's better attempt of those selected; of equals the earlier one."""
    found: dict[str, Tried] = {}
    for one in tried:
        best = found.get(one.fact.team)
        if best is None or one.value > best.value:
            found[one.fact.team] = one
    return list(found.values())
