"""Error analysis against scikit-learn and against plain counting."""

import warnings
from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from .conftest import module

analysis = module("analysis")
names = st.sampled_from(["irony", "имя", "quote", "domain"])


def test_error_rows_are_the_wrong_ones_the_most_confident_first():
    rows = [{"id": i, "headline": f"text {i}", "label": 1} for i in "dbca"]
    predictions = {"a": 0, "b": 1, "c": 0, "d": 0}
    scores = {"a": 0.5, "b": 9.0, "c": 2.0, "d": 0.5}
    found = analysis.error_rows(rows, predictions, scores)
    assert [row["id"] for row in found] == ["c", "a", "d"]
    first = {"id": "c", "headline": "text c", "label": 1, "predicted": 0, "score": 2.0}
    assert found[0] == first
    assert all("score" not in row for row in rows)


@given(st.lists(st.tuples(names, names), min_size=1, max_size=40))
def test_kappa_is_scikit_learns(pairs):
    from sklearn.metrics import cohen_kappa_score

    first, second = map(list, zip(*pairs, strict=True))
    assume(len({*first, *second}) > 1)  # scikit-learn divides by zero there
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about strings that look like numbers
        expected = cohen_kappa_score(first, second)
    assert analysis.cohen_kappa(first, second) == pytest.approx(expected, abs=1e-12)


def test_annotators_who_use_one_same_category_agree():
    assert analysis.cohen_kappa(["a"] * 5, ["a"] * 5) == 1.0


@given(st.lists(names, max_size=40))
def test_the_taxonomy_counts_every_row_once_the_largest_category_first(categories):
    found = analysis.taxonomy([{"category": name} for name in categories])
    assert {row["category"]: row["count"] for row in found} == Counter(categories)
    assert found == sorted(found, key=lambda row: (-row["count"], row["category"]))
    assert sum(row["share"] for row in found) == pytest.approx(1.0 if categories else 0.0)
