"""Ranking beyond dispute: win rates, ratings, paired tests, rank sets, tiers and the Ladder.

Everything is NumPy on whole tables; SciPy is imported only where it is used, because its import
takes longer than most of the work. What this room gives is listed in `__all__` and imported on
first use, so that reading battles does not wait for records of the board.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leaderboard.ranking.agreement import TeamAgreement, team_agreement
    from leaderboard.ranking.annotations import read_annotations, summarise
    from leaderboard.ranking.battles import Battles, from_rows, read_battles
    from leaderboard.ranking.controlled import (
        Controlled,
        length_controlled,
        style_controlled,
        style_differences,
    )
    from leaderboard.ranking.ladder import Ladder, Rung
    from leaderboard.ranking.report import rate
    from leaderboard.ranking.standing import Placed, Ranking, stand
    from leaderboard.ranking.winrates import Rates, estimates, win_rates

__all__ = [
    "Battles",
    "Controlled",
    "Ladder",
    "Placed",
    "Ranking",
    "Rates",
    "Rung",
    "TeamAgreement",
    "estimates",
    "from_rows",
    "length_controlled",
    "rate",
    "read_annotations",
    "read_battles",
    "stand",
    "style_controlled",
    "style_differences",
    "summarise",
    "team_agreement",
    "win_rates",
]
_ROOMS = {
    "agreement": ("TeamAgreement", "team_agreement"),
    "annotations": ("read_annotations", "summarise"),
    "battles": ("Battles", "from_rows", "read_battles"),
    "controlled": ("Controlled", "length_controlled", "style_controlled", "style_differences"),
    "ladder": ("Ladder", "Rung"),
    "report": ("rate",),
    "standing": ("Placed", "Ranking", "stand"),
    "winrates": ("Rates", "estimates", "win_rates"),
}


def __getattr__(name: str) -> Any:
    for module, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
