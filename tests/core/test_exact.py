"""Exact decimals: what would have to be rounded is an error."""

from decimal import Decimal, getcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.errors import CourseError
from graders.core.exact import checked, exact

SCORES = st.decimals(-(10**9), 10**9, places=9)


@given(SCORES, SCORES, SCORES)
def test_sums_and_products_are_those_of_fractions(a, b, c):
    with exact():
        found = a * b + c
    assert Fraction(found) == Fraction(a) * Fraction(b) + Fraction(c)


@pytest.mark.parametrize(
    "compute",
    [
        lambda: Decimal(1) / 3,
        lambda: Decimal("1e300") + 1,
        lambda: Decimal(1) / 0,
        lambda: Decimal("Infinity") - Decimal("Infinity"),
        lambda: Decimal("9e999999") * 10,
        lambda: Decimal("1e300") // 1,
    ],
)
def test_a_result_that_is_not_exact_is_an_error(compute):
    with pytest.raises(CourseError, match="cannot be computed exactly"), exact():
        compute()


def test_the_callers_own_arithmetic_stays_as_it_was():
    before = getcontext().copy()
    with exact():
        pass
    assert getcontext().prec == before.prec
    assert getcontext().traps == before.traps


def test_an_error_of_another_kind_passes_through():
    with pytest.raises(KeyError), exact():
        raise KeyError


def test_a_finite_decimal_is_returned_as_it_is():
    value = Decimal("8.50")
    assert checked(value, "the score") is value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (8.5, "the score must be an exact decimal, not float"),
        (8, "the score must be an exact decimal, not int"),
        ("8.5", "the score must be an exact decimal, not str"),
        (Decimal("NaN"), "NaN: the score is not a number"),
        (Decimal("sNaN"), "sNaN: the score is not a number"),
        (Decimal("-Infinity"), "-Infinity: the score is not a number"),
    ],
)
def test_what_is_no_finite_decimal_is_an_error(value, message):
    with pytest.raises(CourseError) as caught:
        checked(value, "the score")
    assert str(caught.value) == message
