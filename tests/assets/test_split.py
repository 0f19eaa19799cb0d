"""The division of "summaries": by package, without leaks, and the report that looks for them."""

import itertools
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.assets.summaries.alike import even, pairs_alike
from graders.assets.summaries.docstrings import Documented
from graders.assets.summaries.report import leakage_report, leaks_of
from graders.assets.summaries.split import (
    PACKAGES,
    SIZES,
    divide,
    items_of,
    mixed,
    tells_itself,
)
from graders.core.errors import CourseError

from .conftest import WORDS

TOY = {"private": ("oak", "elm"), "public": ("ash",), "train": ("fir", "yew")}
TOY_SIZES = {"private": 12, "public": 6, "train": 15}
texts = st.lists(st.lists(st.sampled_from("abcdef"), max_size=7).map(" ".join), max_size=20)


def rows(package: str, count: int) -> list[Documented]:
    """Return objects of invented words."""
    rng = random.Random(package)
    return [
        Documented(
            f"{package}.module",
            f"thing{number}",
            f"def thing{number}()",
            " ".join(rng.choices(WORDS, k=30)) + ".",
            f"Things {' '.join(rng.choices(WORDS, k=5))} {package} {number}.",
        )
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def items():
    counts = {"oak": 20, "elm": 4, "ash": 9, "fir": 9, "yew": 30, "box": 9}
    return [item for name, count in counts.items() for item in items_of(name, rows(name, count))]


@pytest.fixture(scope="module")
def parts(items):
    return divide(items, TOY, TOY_SIZES)


def test_each_part_has_its_size_and_its_packages_alone(parts):
    assert {name: len(chosen) for name, chosen in parts.items()} == TOY_SIZES
    for name, chosen in parts.items():
        assert {item.package for item in chosen} == set(TOY[name])


def test_a_small_package_gives_all_and_a_large_one_fills_up(parts):
    assert Counter(item.package for item in parts["private"]) == {"elm": 4, "oak": 8}
    assert Counter(item.package for item in parts["train"]) == {"fir": 7, "yew": 8}


def test_the_order_of_the_rows_has_no_say_in_the_division(items, parts):
    assert divide(items[::-1], TOY, TOY_SIZES) == parts


def test_the_parts_do_not_change_when_another_parts_package_is_taken_away(items, parts):
    fewer = divide(
        [item for item in items if item.package != "yew"], TOY, {**TOY_SIZES, "train": 8}
    )
    assert (fewer["private"], fewer["public"]) == (parts["private"], parts["public"])


def test_examined_items_are_mixed_and_their_order_tells_no_part(parts):
    test = mixed([*parts["private"], *parts["public"]])
    assert test == mixed([*parts["public"], *parts["private"]])
    held = {item.id: name for name, chosen in parts.items() for item in chosen}
    turns = [held[item.id] for item in test]
    assert sum(one != other for one, other in itertools.pairwise(turns)) > 1
    assert [item.id for item in test] != sorted(item.id for item in test)


def test_ids_are_hashes_of_what_is_asked(items):
    assert all(len(item.id) == 13 and int(item.id[1:], 16) >= 0 for item in items)
    assert len({item.id for item in items}) == len(items)


def test_the_train_part_takes_what_there_is_but_an_examined_part_must_be_full(items):
    assert len(divide(items, TOY, {**TOY_SIZES, "train": 1000})["train"]) == 39
    with pytest.raises(CourseError, match="9 items are too few, 10 are needed") as refused:
        divide(items, TOY, {**TOY_SIZES, "public": 10})
    assert refused.value.where == "public"


def test_a_package_in_two_parts_is_refused(items):
    with pytest.raises(CourseError, match="stands in two parts: elm"):
        divide(items, {**TOY, "train": ("fir", "elm")}, TOY_SIZES)


def test_the_courses_own_packages_stand_in_one_part_each():
    every = [package for names in PACKAGES.values() for package in names]
    assert len(every) == len(set(every))
    assert SIZES["public"] >= 200
    assert SIZES["private"] >= 400


def planted(items, at, **changed):
    """Return the items with one of them changed."""
    return [replace(item, **changed) if place == at else item for place, item in enumerate(items)]


def chosen_of(items):
    return divide(items, TOY, {"private": 12, "public": 5, "train": 1000})


def test_what_nearly_repeats_a_private_description_is_in_no_other_part(items):
    private = next(item for item in items if item.package == "elm")
    at = next(place for place, item in enumerate(items) if item.package == "fir")
    words = private.document.split()
    near = " ".join([*words[:-3], "other", "words", "here."])
    parts = chosen_of(planted(items, at, document=near))
    assert private in parts["private"]
    assert near not in {item.document for item in parts["train"]}
    assert len(parts["train"]) == 38


def test_what_repeats_a_summary_is_in_no_other_part(items):
    private = next(item for item in items if item.package == "elm")
    at = next(place for place, item in enumerate(items) if item.package == "fir")
    parts = chosen_of(planted(items, at, summary=private.summary.upper().rstrip(".")))
    assert private in parts["private"]
    assert len(parts["train"]) == 38


def test_a_summary_that_another_description_tells_is_not_asked(items):
    public = next(item for item in items if item.package == "ash")
    at = next(place for place, item in enumerate(items) if item.package == "fir")
    told = f"{items[at].document} See also: {public.summary}"
    parts = chosen_of(planted(items, at, document=told))
    assert public not in parts["public"]
    assert told in {item.document for item in parts["train"]}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("First words. MEND the fences, of a garden! Last words.", True),
        ("To mend the fences of a garden is hard.", True),
        ("Mend the fences of one garden. It is a long work.", True),
        ("It is a long work\nThe fences of a garden mend", True),
        ("Gardens have fences, and whoever wants to mend a board has to look at them.", False),
        ("", False),
    ],
)
def test_a_description_that_tells_its_own_summary_is_known(document, told):
    assert tells_itself("Mend the fences of a garden.", document) is told


def test_an_object_that_tells_its_own_summary_is_no_item():
    (fair,) = items_of("oak", rows("oak", 1))
    own = Documented("m", "n", "def n()", f"{fair.summary} {fair.document}", fair.summary)
    assert items_of("oak", [own]) == []


@given(texts)
def test_prefix_filtering_finds_the_pairs_that_comparing_all_finds(given_texts):
    sets = [set(even(text).split()) for text in given_texts]
    expected = [
        (one, other)
        for other in range(len(sets))
        for one in range(other)
        if sets[one] | sets[other]
        and len(sets[one] & sets[other]) / len(sets[one] | sets[other]) >= 0.6
    ]
    assert list(pairs_alike(given_texts)) == expected


def test_clean_parts_have_a_clean_report(parts):
    report = leakage_report(parts)
    assert leaks_of(report) == []
    assert report["near_from_jaccard"] == 0.6


@pytest.mark.parametrize(
    ("part", "changed", "fact", "value"),
    [
        ("train", lambda own, other: {"package": other.package}, "packages_disjoint", False),
        ("train", lambda own, other: {"document": other.document.upper()}, "documents_exact", 1),
        ("train", lambda own, other: {"document": other.document + " more"}, "documents_near", 1),
        ("train", lambda own, other: {"id": other.id}, "ids_shared", 1),
        (
            "train",
            lambda own, other: {"summary": other.summary.upper()},
            "equal_summaries_share",
            round(1 / 15, 6),
        ),
        (
            "public",
            lambda own, other: {"summary": own.document},
            "documents_telling_their_summary",
            1,
        ),
        (
            "train",
            lambda own, other: {"document": f"{own.document} {other.summary}"},
            "examined_summaries_in_a_document",
            1,
        ),
    ],
)
def test_a_planted_leak_is_in_the_report(parts, part, changed, fact, value):
    first, *others = parts[part]
    leaking = [replace(first, **changed(first, parts["private"][0])), *others]
    report = leakage_report({**parts, part: leaking})
    assert report[fact] == value
    assert fact in leaks_of(report)
