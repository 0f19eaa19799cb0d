"""The corrected win rate: its formula, its limits, and how often its interval holds the truth."""

from __future__ import annotations

from decimal import Decimal
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.errors import CourseError
from leaderboard.judges.correction import calibrate, corrected
from leaderboard.records import Label

SHARES = st.floats(0, 1)
COUNTS = st.integers(1, 5000)
GOOD = st.floats(0.55, 1)
Z = 1.959963984540054


def by_hand(p, n, q0, m0, q1, m1):
    """The formula of judging.md, step by step, once more."""
    theta = (p + q0 - 1) / (q0 + q1 - 1)
    p = (n * p + Z**2 / 2) / (n + Z**2)
    q0 = (m0 * q0 + 1) / (m0 + 2)
    q1 = (m1 * q1 + 1) / (m1 + 2)
    n, m0, m1 = n + Z**2, m0 + 2, m1 + 2
    t = (p + q0 - 1) / (q0 + q1 - 1)
    se = sqrt(p * (1 - p) / n + (1 - t) ** 2 * q0 * (1 - q0) / m0 + t**2 * q1 * (1 - q1) / m1) / (
        q0 + q1 - 1
    )
    shift = 2 * Z**2 * (-(1 - t) * q0 * (1 - q0) / m0 + t * q1 * (1 - q1) / m1)
    ends = (t + shift - Z * se, t + shift + Z * se)
    return [min(max(x, 0), 1) for x in (theta, *ends)]


@given(SHARES, COUNTS, GOOD, COUNTS, GOOD, COUNTS)
def test_the_estimate_and_its_interval_are_the_formulas(p, n, q0, m0, q1, m1):
    found = corrected(p, n, q0, m0, q1, m1)
    expected = by_hand(p, n, q0, m0, q1, m1)
    for value, wanted in zip((found.value, found.low, found.high), expected, strict=True):
        assert float(value) == pytest.approx(wanted, abs=6e-5)


@given(SHARES, COUNTS, COUNTS, COUNTS)
def test_a_perfect_judge_needs_no_correction(p, n, m0, m1):
    assert float(corrected(p, n, 1, m0, 1, m1).value) == pytest.approx(p, abs=6e-5)


@given(SHARES, COUNTS, GOOD, COUNTS, GOOD, COUNTS)
def test_swapping_wins_with_losses_mirrors_the_estimate(p, n, q0, m0, q1, m1):
    one, other = corrected(p, n, q0, m0, q1, m1), corrected(1 - p, n, q1, m1, q0, m0)
    assert float(one.value + other.value) == pytest.approx(1, abs=2e-4)
    assert float(one.low + other.high) == pytest.approx(1, abs=2e-4)


def test_more_labels_make_the_interval_narrower():
    widths = []
    for m in (20, 200, 2000):
        found = corrected(0.6, 800, 0.8, m, 0.8, m)
        widths.append(found.high - found.low)
    assert widths[0] > widths[1] > widths[2]


@pytest.mark.parametrize(
    ("q0", "m0", "q1", "m1"),
    [(0.5, 10, 0.5, 10), (0.2, 50, 0.6, 50), (0.0, 5, 1.0, 5), (0.96, 2, 0.1, 1000)],
)
def test_a_judge_no_better_than_chance_cannot_be_corrected(q0, m0, q1, m1):
    with pytest.raises(CourseError, match="no better than chance"):
        corrected(0.5, 100, q0, m0, q1, m1)


@pytest.mark.parametrize("wrong", [(1.2, 10, 0.9, 5), (0.5, 0, 0.9, 5), (0.5, 10, -0.1, 5)])
def test_impossible_numbers_are_refused(wrong):
    p, n, q0, m0 = wrong
    with pytest.raises(CourseError):
        corrected(p, n, q0, m0, 0.9, 5)


@pytest.mark.parametrize("level", [Decimal(0), Decimal(1), Decimal("1.5")])
def test_a_level_out_of_range_is_refused(level):
    with pytest.raises(CourseError, match="level"):
        corrected(0.5, 100, 0.9, 50, 0.9, 50, level)


@pytest.mark.parametrize(
    ("theta", "q0", "q1"), [(0.5, 0.8, 0.7), (0.1, 0.9, 0.6), (0.85, 0.7, 0.9), (0.5, 0.65, 0.65)]
)
def test_the_interval_holds_the_truth_as_often_as_it_says(theta, q0, q1):
    """Simulated as the paper does: the judge and both calibrations are binomial."""
    random = np.random.default_rng(3)
    rounds, n, m0, m1 = 1500, 600, 120, 150
    share = theta * q1 + (1 - theta) * (1 - q0)
    ps = random.binomial(n, share, rounds) / n
    zeros, ones = random.binomial(m0, q0, rounds) / m0, random.binomial(m1, q1, rounds) / m1
    held = 0
    for p, zero, one in zip(ps, zeros, ones, strict=True):
        found = corrected(p, n, zero, m0, one, m1)
        held += float(found.low) <= theta <= float(found.high)
    assert 0.93 <= held / rounds <= 0.985  # 0.95, give or take the simulation and the smoothing


def test_the_uncorrected_rate_is_biased_where_the_corrected_one_is_not():
    random = np.random.default_rng(4)
    theta, q0, q1, n, m = 0.8, 0.75, 0.7, 2000, 1000
    share = theta * q1 + (1 - theta) * (1 - q0)
    ps = random.binomial(n, share, 200) / n
    mended = [float(corrected(p, n, q0, m, q1, m).value) for p in ps]
    assert abs(np.mean(mended) - theta) < 0.01 < abs(np.mean(ps) - theta)


def test_calibration_counts_each_side_alone_and_leaves_labelled_ties_out():
    one, half, none = Decimal(1), Decimal("0.5"), Decimal(0)
    first, second, tie = Label.FIRST, Label.SECOND, Label.TIE
    labelled = [(first, one), (first, half), (first, one), (first, none)]
    labelled += [(second, none), (second, half), (tie, one), (tie, half)]
    found = calibrate(labelled)
    assert (found.sensitivity, found.wins) == (0.625, 4)
    assert (found.specificity, found.losses) == (0.75, 2)


def test_calibration_without_losses_says_what_to_do():
    with pytest.raises(CourseError, match="judge label"):
        calibrate([(Label.FIRST, Decimal(1))])
