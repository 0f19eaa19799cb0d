"""Examples for `data.py`. The hidden tests ask for more, on inputs of their own."""

from __future__ import annotations

import pytest


@pytest.mark.points("1", key="hw1.open.normalize", part="data")
def test_an_untidy_headline_becomes_plain(student, case):
    got = student.call("data:normalize", "  area\u00a0man\u200b says:  “it’s fine” — again… ")
    case.require("“" not in str(got), "hw1.data.quotes_left", mark="“")
    case.require(got == 'area man says: "it\'s fine" - again...', "hw1.open.normalize.failed")


@pytest.mark.points("1", key="hw1.open.deduplicate", part="data")
def test_the_smallest_id_of_equal_headlines_stays(student, case, row):
    rows = [row("c", "Cat elected MAYOR", 1), row("b", "dog wins race", 0)]
    rows += [
        row("a", "cat elected mayor ", 1),
        row("d", "snow in may", 0),
        row("e", "Snow in May", 1),
    ]
    got = case.shaped(student.call("data:deduplicate", rows), [{"id": str}])
    case.require([one["id"] for one in got] == ["a", "b"], "hw1.open.deduplicate.failed")


@pytest.mark.points("1", key="hw1.open.split", part="data")
def test_the_same_words_stay_on_one_side(student, case, row):
    rows = [row(f"r{k}", f"report number {k} is out", k % 2) for k in range(40)]
    rows += [row(f"s{k}", f"is OUT report number {k}", k % 2) for k in range(10)]
    answer = student.call("data:split", rows, 0.2, 1)
    halves = case.shaped(answer, {"train": [{"id": str}], "validation": [{"id": str}]})
    train = {one["id"] for one in halves["train"]}
    apart = sum((f"r{k}" in train) != (f"s{k}" in train) for k in range(10))
    case.require(apart == 0, "hw1.data.near_duplicates_cross", n=apart)
    case.require(len(halves["validation"]) in range(8, 13), "hw1.open.split.failed")


@pytest.mark.points("1", key="hw1.open.contaminated", part="data")
def test_three_words_in_a_row_are_found(student, case):
    train = ["a b c d e", "f g h"]
    test = ["x B c D y", "d e f g", "F g H i", "a b d"]
    case.require(
        student.call("data:contaminated", train, test, 3) == [0, 2], "hw1.open.contaminated.failed"
    )
