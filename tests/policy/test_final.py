"""The course's final grade: exact, and rounded beside the exact value."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.errors import CourseError
from graders.core.records import FinalGrade, Rounding, RoundingMode
from graders.policy import final_grade

WEIGHTS = {"hw1": Decimal("0.4"), "hw2": Decimal("0.6")}
SCORES = st.decimals(0, 10, places=4)


def final(hw1, hw2, rounding=Rounding()):  # noqa: B008 - frozen
    grades = {"hw1": hw1, "hw2": hw2}
    exact = {name: None if told is None else Decimal(told) for name, told in grades.items()}
    return final_grade(exact, WEIGHTS, rounding)


def test_the_final_grade_is_the_weighted_sum():
    assert final("8.5", "6.75") == FinalGrade(Decimal("7.45"), Decimal(7), ())


def test_the_exact_value_is_kept_beside_the_rounded_one():
    assert final("10", "7.5") == FinalGrade(Decimal("8.5"), Decimal(9), ())
    assert final("10", "7.4999") == FinalGrade(Decimal("8.49994"), Decimal(8), ())


def test_a_missing_homework_counts_zero_and_is_named():
    assert final("9", None) == FinalGrade(Decimal("3.6"), Decimal(4), ("hw2",))
    assert final(None, None) == FinalGrade(Decimal(0), Decimal(0), ("hw1", "hw2"))
    assert final_grade({}, WEIGHTS, Rounding()).missing == ("hw1", "hw2")


def test_a_zero_is_not_missing():
    assert final("0", "10").missing == ()


@pytest.mark.parametrize(
    ("mode", "rounded"),
    [
        (RoundingMode.HALF_UP, {"2.5": 3, "3.5": 4, "2.4999": 2, "2.0001": 2, "2": 2}),
        (RoundingMode.HALF_EVEN, {"2.5": 2, "3.5": 4, "2.5001": 3, "2.0001": 2, "2": 2}),
        (RoundingMode.DOWN, {"2.5": 2, "2.9999": 2, "2": 2}),
        (RoundingMode.UP, {"2.5": 3, "2.0001": 3, "2": 2}),
    ],
)
def test_each_mode_rounds_as_it_says(mode, rounded):
    whole = {"hw1": Decimal(1)}
    for told, expected in rounded.items():
        found = final_grade({"hw1": Decimal(told)}, whole, Rounding(mode, Decimal(1)))
        assert found.rounded == expected, told


def test_a_step_that_does_not_divide_the_value_evenly_is_exact_too():
    thirds = Rounding(RoundingMode.HALF_UP, Decimal("0.3"))
    assert final("1", "1", thirds).rounded == Decimal("0.9")
    assert final("1.05", "1.05", thirds).rounded == Decimal("1.2")


@given(SCORES, SCORES)
def test_the_sum_is_that_of_fractions(hw1, hw2):
    expected = Fraction(2, 5) * Fraction(hw1) + Fraction(3, 5) * Fraction(hw2)
    assert Fraction(final_grade({"hw1": hw1, "hw2": hw2}, WEIGHTS, Rounding()).exact) == expected


@given(SCORES)
def test_rounding_to_a_whole_is_that_of_the_decimal_module(score):
    for mode, oracle in (
        (RoundingMode.HALF_UP, ROUND_HALF_UP),
        (RoundingMode.HALF_EVEN, ROUND_HALF_EVEN),
    ):
        found = final_grade({"hw1": score}, {"hw1": Decimal(1)}, Rounding(mode, Decimal(1)))
        assert found.rounded == score.quantize(Decimal(1), rounding=oracle)


@given(SCORES, st.sampled_from(RoundingMode), st.sampled_from(["1", "0.5", "0.3", "7"]))
def test_the_rounded_grade_is_the_multiple_of_the_step_next_to_the_exact_one(score, mode, step):
    whole = {"hw1": Decimal(1)}
    found = final_grade({"hw1": score}, whole, Rounding(mode, Decimal(step)))
    assert found.rounded % Decimal(step) == 0
    assert abs(found.rounded - score) < Decimal(step)


@pytest.mark.parametrize("grade", [8.5, Decimal("NaN"), Decimal("Infinity"), Decimal(-1)])
def test_a_grade_that_is_no_score_is_an_error(grade):
    with pytest.raises(CourseError, match="grade of hw1"):
        final_grade({"hw1": grade}, WEIGHTS, Rounding())


def test_a_grade_without_a_weight_is_an_error():
    with pytest.raises(CourseError, match="'hw3' has a grade and no weight"):
        final_grade({"hw3": Decimal(1)}, WEIGHTS, Rounding())


@pytest.mark.parametrize("step", ["0", "-1"])
def test_a_step_that_is_not_positive_is_an_error(step):
    with pytest.raises(CourseError, match="step must be positive"):
        final("1", "1", Rounding(step=Decimal(step)))


def test_a_sum_too_long_to_be_exact_is_an_error_and_is_not_rounded():
    with pytest.raises(CourseError, match="exactly"):
        final("1e300", "1e-300")
