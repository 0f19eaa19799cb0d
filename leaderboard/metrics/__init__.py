"""Automatic metrics of one-line summaries, each a small file with a declared direction.

Importing this is light: numpy, rouge-score, sacrebleu, torch and `evaluate` are imported by the
calls that need them.
"""

from leaderboard.metrics.declare import Metric
from leaderboard.metrics.discovery import discover
from leaderboard.metrics.items import per_item

METRICS = discover()

__all__ = ["METRICS", "Metric", "discover", "per_item"]
