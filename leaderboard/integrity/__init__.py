"""Signs that a person should look at an entrant, each with its evidence; no score changes.

`examine` looks at answers; `rerun_difference` at what comes out when a team's code is run again.
Every flag's arguments are plain data: counts, shares (Decimal), ``ids`` (a text) and ``examples``
(a list of texts that are cut, with invisible characters spelt out). Messages: ``integrity.*``.
"""

from leaderboard.integrity.examine import examine
from leaderboard.integrity.rerun import Difference, compare, rerun_difference

__all__ = ["Difference", "compare", "examine", "rerun_difference"]
