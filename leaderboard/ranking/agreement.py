"""How alike two rankings of the same teams are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graders.core.errors import CourseError
from leaderboard.ranking.resampling import FloatArray


@dataclass(frozen=True, slots=True)
class TeamAgreement:
    """Rank correlations over teams; None where one of the rankings puts all teams equal.

    Args:
        spearman: Of the ranks, equals having their mean rank.
        kendall: τ-b, which allows for equals.
        teams: Number of teams with both scores.
    """

    spearman: float | None
    kendall: float | None
    teams: int


def team_agreement(one: FloatArray, other: FloatArray) -> TeamAgreement:
    """Compare two scores of the same teams, for example the public and the private one.

    Args:
        one: Shape (teams,); a team with nan in either is left out.
        other: Shape (teams,).

    Raises:
        CourseError: The two are not of the same teams.
    """
    if one.shape != other.shape or one.ndim != 1:
        raise CourseError("two rankings can be compared only over the same teams")
    both = ~(np.isnan(one) | np.isnan(other))
    left, right = one[both], other[both]
    if len(left) < 2 or (left == left[0]).all() or (right == right[0]).all():
        return TeamAgreement(None, None, len(left))
    from scipy.stats import kendalltau, spearmanr

    return TeamAgreement(
        float(spearmanr(left, right).statistic),
        float(kendalltau(left, right).statistic),
        len(left),
    )
