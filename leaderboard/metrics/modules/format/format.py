"""Format: the share of rules for a summary line that an answer keeps.

The rules, where each comes from and what was left out: `leaderboard.metrics.rules`. The reference
plays no part.
"""

from collections.abc import Sequence

from leaderboard.metrics.declare import evaluated, metric
from leaderboard.metrics.rules import RULES, broken


@metric(higher_is_better=True)
def score(answers: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return 1 − (rules broken) / (rules) for each answer."""
    return [1 - len(broken(answer)) / len(RULES) for answer in answers]


Evaluated = evaluated(__name__, score)
