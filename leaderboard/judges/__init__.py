"""Judges: who says which of two answers is better, how they are asked, and what they said."""

from leaderboard.judges.config import JudgeConfig, from_config
from leaderboard.judges.ledger import Ledger
from leaderboard.judges.panel import panel
from leaderboard.judges.protocol import compare, compare_all, verdicts
from leaderboard.judges.replay import ReplayJudge
from leaderboard.judges.report import first_position, report

__all__ = [
    "JudgeConfig",
    "Ledger",
    "ReplayJudge",
    "compare",
    "compare_all",
    "first_position",
    "from_config",
    "panel",
    "report",
    "verdicts",
]
