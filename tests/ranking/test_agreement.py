"""Rank correlations of teams against values worked out by hand."""

import numpy as np
import pytest

from graders.core.errors import CourseError
from leaderboard.ranking.agreement import team_agreement


def test_one_swap_of_neighbours_costs_what_the_formulas_say():
    # Four teams, one swap: Spearman 1 − 6·2 / (4·15) = 0.8, Kendall (5 − 1) / 6.
    found = team_agreement(np.array([0.9, 0.8, 0.7, 0.6]), np.array([0.9, 0.7, 0.8, 0.6]))
    assert (found.spearman, found.kendall) == (pytest.approx(0.8), pytest.approx(2 / 3))
    assert found.teams == 4


def test_teams_without_a_score_are_left_out_and_equals_say_nothing():
    missing = team_agreement(np.array([0.9, np.nan, 0.7]), np.array([0.1, 0.5, 0.2]))
    assert (missing.spearman, missing.kendall) == (pytest.approx(-1), pytest.approx(-1))
    assert missing.teams == 2
    equal = team_agreement(np.array([0.5, 0.5]), np.array([0.1, 0.2]))
    assert (equal.spearman, equal.kendall) == (None, None)
    assert team_agreement(np.zeros(0), np.zeros(0)).spearman is None


def test_rankings_of_different_teams_are_refused():
    with pytest.raises(CourseError):
        team_agreement(np.zeros(2), np.zeros(3))
