"""The division: a pure function of the rows, fair to the labels, and without leaks."""

import itertools
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.assets.division import NEAR, Row, divide, near_duplicates, read_samples
from graders.core.errors import CourseError

SIZES = {"hidden": 20, "public": 10, "train": 40}
headlines = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f"]), min_size=1, max_size=7)
texts = st.lists(headlines.map(" ".join), max_size=25)


def rows(count: int, alike: int = 0) -> list[Row]:
    """Return rows of different words; the first `alike` of them in pairs that differ in one."""
    found = []
    for number in range(count):
        of = number - number % 2 if number < alike else number
        last = "x" if number % 2 else "y"
        text = " ".join(f"w{of}{letter}" for letter in "abcdefgh") + f" {last}"
        found.append(Row(f"h{number:03}", text, int(number % 5 < 2)))
    return found


def similar(first: str, second: str) -> bool:
    a, b = set(first.casefold().split()), set(second.casefold().split())
    return len(a & b) >= NEAR * len(a | b)


@given(texts)
def test_near_duplicates_are_those_that_comparing_all_pairs_finds(texts):
    pairs = itertools.combinations(range(len(texts)), 2)
    expected = {place for a, b in pairs if similar(texts[a], texts[b]) for place in (a, b)}
    assert near_duplicates(texts) == expected


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rng):
    shuffled = rows(100, alike=20)
    rng.shuffle(shuffled)
    assert divide(shuffled, SIZES) == divide(rows(100, alike=20), SIZES)


def test_parts_have_their_sizes_and_share_no_row():
    parts = divide(rows(100), SIZES)
    assert {name: len(part) for name, part in parts.items()} == SIZES
    ids = [row.id for part in parts.values() for row in part]
    assert len(set(ids)) == len(ids)


def test_every_part_has_the_labels_in_the_shares_of_the_whole():
    parts = divide(rows(100), SIZES)
    ones = {name: sum(row.label for row in part) for name, part in parts.items()}
    assert ones == {name: size * 2 // 5 for name, size in SIZES.items()}


def test_a_headline_with_a_near_duplicate_stands_in_the_last_part_or_nowhere():
    whole = rows(100, alike=30)
    parts = divide(whole, SIZES)
    twins = {row.id for row in whole[:30]}
    assert not twins & {row.id for name in ("hidden", "public") for row in parts[name]}
    assert twins & {row.id for row in parts["train"]}


def test_rows_are_ordered_by_id_so_that_labels_make_no_run():
    for part in divide(rows(100), SIZES).values():
        assert part == sorted(part, key=lambda row: row.id)


def test_too_few_rows_are_refused_with_the_parts_name():
    with pytest.raises(CourseError, match="69 rows are too few") as refused:
        divide(rows(69), SIZES)
    assert refused.value.where == "train"


def test_too_many_twins_leave_too_few_rows_for_the_first_parts():
    with pytest.raises(CourseError, match="too few") as refused:
        divide(rows(100, alike=80), SIZES)
    assert refused.value.where == "public"


def test_the_ids_of_samples_come_from_the_headline_alone(tmp_path):
    lines = [
        {"input": [{"content": "?"}, {"content": text}], "ideal": ideal}
        for text, ideal in (("b", "1"), ("a", "0"), ("b", "1"))
    ]
    path = tmp_path / "samples.jsonl"
    found = []
    for order in (lines, random.Random(2).sample(lines, 3)):
        path.write_text("\n".join(json.dumps(line) for line in order), encoding="utf-8")
        found.append(read_samples(path))
    assert found[0] == found[1]
    assert {(row.headline, row.label) for row in found[0]} == {("a", 0), ("b", 1)}
    assert [row.id for row in found[0]] == sorted(row.id for row in found[0])
