"""The `case` and `memo` fixtures alone."""

from __future__ import annotations

import pytest

from graders.tester.case import CaseBook, Findings, Memo
from graders.tester.faults import CaseFailed, clean


@pytest.fixture
def case() -> CaseBook:
    return CaseBook("a.b", Findings())


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (1, int),
        (1, float),
        (0.5, float),
        ([1, 2], [int]),
        ([], [int]),
        ((1, "a"), (int, str)),
        ([1, "a"], (int, str)),
        ({"a": [True], "more": None}, {"a": [bool]}),
    ],
)
def test_a_value_of_the_shape_is_given_back(case, value, shape):
    assert case.shaped(value, shape) is value


@pytest.mark.parametrize(
    ("value", "shape", "where", "expected", "got"),
    [
        (True, int, "f", "int", "bool"),
        (1.0, int, "f", "int", "float"),
        ((1,), [int], "f", "list", "tuple"),
        ([1, "a"], [int], "f[1]", "int", "str"),
        ([1], (int, int), "f", "tuple(2)", "list"),
        ({"b": 1}, {"a": int}, "f", "key 'a'", "1 keys"),
        ([{"a": None}], [{"a": int}], "f[0]['a']", "int", "NoneType"),
        ("no", {"a": int}, "f", "dict", "str"),
    ],
)
def test_another_shape_fails_the_case_and_is_told(case, value, shape, where, expected, got):
    with pytest.raises(CaseFailed) as caught:
        case.shaped(value, shape, "f")
    assert caught.value.key == "tester.shape"
    assert caught.value.message_args == {"where": where, "expected": expected, "got": got}


def test_arguments_of_a_message_are_short_and_printable():
    told = clean({"text": "a\x1b[31m" + "x" * 999, "list": list(range(99)), "n": 1 / 3})
    assert "\x1b" not in told["text"]
    assert len(told["text"]) == 300
    assert told["list"] == list(range(20))
    assert told["n"] == "0.3333"


def test_an_argument_that_is_no_plain_data_is_the_tests_mistake():
    with pytest.raises(TypeError, match="object"):
        clean({"x": object()})


@pytest.mark.parametrize("value", [float("nan"), {"a": float("inf")}])
def test_a_fact_is_finite(case, value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        case.fact("x", value)


def test_a_measurement_is_known_by_its_material_alone():
    known: dict = {}
    memo = Memo(known.get, known.__setitem__)
    assert memo.get_or({"a": 1, "b": (2,)}, lambda: (1, 2)) == [1, 2]
    assert memo.get_or({"b": [2], "a": 1}, lambda: 1 / 0) == [1, 2]
    assert memo.get_or({"b": [3], "a": 1}, lambda: 5) == 5
    assert len(known) == 2


def test_a_measurement_that_fails_is_not_kept():
    known: dict = {}
    memo = Memo(known.get, known.__setitem__)
    with pytest.raises(ZeroDivisionError):
        memo.get_or("a", lambda: 1 / 0)
    assert known == {}
