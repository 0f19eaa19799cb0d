"""Chance: the tail of a sum of unequal coins, and the rate of the others."""

import numpy as np
import pytest
from scipy.stats import binom

from leaderboard.integrity.chance import others_rate, shifted, upper_tail


def test_the_tail_of_equal_chances_is_the_binomial_one():
    for count in (0, 1, 7, 30, 40):
        expected = binom.sf(count - 1, 40, 0.3)
        assert upper_tail(np.full(40, 0.3), count) == pytest.approx(expected, rel=1e-9)


def test_the_tail_of_unequal_chances_is_that_of_all_outcomes():
    chances = np.array([0.1, 0.5, 0.9, 0.25])
    expected = 0.0
    for outcome in np.ndindex(2, 2, 2, 2):
        if sum(outcome) >= 3:
            expected += np.prod(np.where(outcome, chances, 1 - chances))
    assert upper_tail(chances, 3) == pytest.approx(expected)


def test_the_rate_is_of_the_others_and_of_the_prior_where_there_are_none():
    events = np.array([[True, False], [True, False], [False, False]])
    # Two others and a prior of weight 2: (1 + 2 * 0.1) / 4, and so on.
    expected = [[0.3, 0.05], [0.3, 0.05], [0.55, 0.05]]
    assert others_rate(events, 0.1) == pytest.approx(np.array(expected))
    assert others_rate(events[:1], 0.1) == pytest.approx(np.full((1, 2), 0.1))


def test_a_leaning_moves_log_odds():
    rates = np.array([[0.5, 0.2], [0.5, 0.2]])
    expected = [[0.5, 0.2], [0.75, 3 / 7]]  # odds 1 and 1/4, times 3
    assert shifted(rates, np.log([1.0, 3.0])) == pytest.approx(np.array(expected))
