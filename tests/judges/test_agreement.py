"""Agreement of verdicts with labels, against published numbers and scikit-learn."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.errors import CourseError
from leaderboard.judges.agreement import (
    Judged,
    accuracy,
    cohen_kappa,
    flipped,
    item_score,
    krippendorff_alpha,
    measure,
    read,
)
from leaderboard.judges.intervals import exact, wilson
from leaderboard.records import Label

A, B, TIE = Label.FIRST, Label.SECOND, Label.TIE
LABELS = st.sampled_from([A, B, TIE])


@given(st.lists(st.tuples(LABELS, LABELS), min_size=2, max_size=60))
def test_kappa_is_symmetric_at_most_one_and_one_for_equals(pairs):
    left, right = zip(*pairs, strict=True)
    kappa = cohen_kappa(left, right)
    assert kappa == pytest.approx(cohen_kappa(right, left))
    assert kappa <= 1 + 1e-12
    assert cohen_kappa(left, left) == 1


@pytest.mark.slow  # imports scikit-learn
@given(st.lists(st.tuples(LABELS, LABELS), min_size=2, max_size=60))
def test_kappa_is_scikit_learns(pairs):
    from sklearn.metrics import cohen_kappa_score

    left, right = zip(*pairs, strict=True)
    if len(set(left) | set(right)) > 1:
        expected = cohen_kappa_score([x.value for x in left], [x.value for x in right])
        assert cohen_kappa(left, right) == pytest.approx(expected)


def test_kappa_of_a_textbook_table():
    # 20 times both yes, 5 and 10 times one yes, 15 times both no: (0.7 - 0.5) / 0.5 = 0.4.
    left = ["y"] * 25 + ["n"] * 25
    right = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert cohen_kappa(left, right) == pytest.approx(0.4)


def test_alpha_of_krippendorffs_two_observers():
    """Computing Krippendorff's Alpha-Reliability (2011), section A: alpha = 0.095."""
    one, other = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
    assert krippendorff_alpha(list(zip(one, other, strict=True))) == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_krippendorffs_four_observers_with_missing_data():
    """The same, section C, nominal data: alpha = 0.743."""
    n = None
    observers = (
        (1, 2, 3, 3, 2, 1, 4, 1, 2, n, n, n),
        (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, n, 3),
        (n, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, n),
        (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, n),
    )
    assert krippendorff_alpha(list(zip(*observers, strict=True))) == pytest.approx(0.743, abs=5e-4)


def test_wilson_of_newcombes_examples():
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81/263 and 15/148."""
    for hits, number, low, high in ((81, 263, "0.2553", "0.3662"), (15, 148, "0.0624", "0.1605")):
        found = wilson(hits / number, number)
        assert (found.low, found.high) == (Decimal(low), Decimal(high))


def test_exact_interval_of_newcombes_examples():
    """The same table, method 5 (Clopper-Pearson)."""
    for hits, number, low, high in ((81, 263, "0.2527", "0.3676"), (0, 20, "0.0000", "0.1684")):
        found = exact(hits, number)
        assert (found.low, found.high) == (Decimal(low), Decimal(high))


def test_a_judge_that_keeps_its_mind_says_the_other_letter_after_the_swap():
    judged = [Judged(A, A, B), Judged(B, B, A), Judged(TIE, TIE, TIE), Judged(A, A, A)]
    found = measure(judged)
    assert found.swap_consistency.value == Decimal("0.75")
    assert found.accuracy.value == 1
    assert found.accuracy_swapped.value == Decimal("0.75")
    assert found.accuracy_both.value == Decimal("0.875")


def test_a_judge_that_always_says_the_first_is_right_half_of_the_time_and_never_consistent():
    found = measure([Judged(A, A, A), Judged(B, A, A)] * 50)
    assert found.accuracy_both.value == Decimal("0.5")
    assert found.accuracy_both.low < Decimal("0.5") < found.accuracy_both.high
    assert (found.kappa.value, found.swap_consistency.value) == (0, 0)
    assert found.first_position.value == 1
    assert found.first_position.low > Decimal("0.96")


def test_an_unscored_verdict_lowers_the_coverage_and_is_no_error():
    found = measure([Judged(A, A, B), Judged(B, None, A), Judged(B, B, None)])
    assert found.coverage == Decimal("0.6667")
    assert (found.accuracy.value, found.swap_consistency.value) == (1, 1)


def test_verdicts_in_one_order_only_say_nothing_about_swaps():
    found = measure([Judged(A, A), Judged(B, A)])
    assert found.swap_consistency is None
    assert found.accuracy_swapped is None
    assert found.coverage == 1


@given(st.lists(st.tuples(LABELS, LABELS, LABELS), min_size=1, max_size=30))
def test_every_statistic_lies_in_its_interval_and_every_interval_in_its_range(rows):
    found = measure([Judged(*row) for row in rows], resamples=200)
    for one in (found.accuracy, found.accuracy_both, found.swap_consistency, found.first_position):
        assert 0 <= one.low <= one.value <= one.high <= 1
    for one in (found.kappa, found.alpha):
        assert -1 <= one.low <= one.high <= 1


@given(LABELS, LABELS, LABELS)
def test_an_items_score_does_not_depend_on_the_order_of_its_answers(label, verdict, swapped):
    turned = Judged(flipped(label), swapped, verdict)
    assert item_score(Judged(label, verdict, swapped)) == item_score(turned)


def test_items_about_one_document_count_for_less_when_they_agree():
    scores = [1.0] * 30 + [0.0] * 20
    apart = accuracy(scores, [str(place) for place in range(50)])
    together = accuracy(scores, [str(place // 5) for place in range(50)])
    assert apart == accuracy(scores, [""] * 50)
    assert together.low < apart.low < apart.value == together.value


def test_the_seed_decides_the_intervals():
    judged = [Judged(A, A, B), Judged(B, A, A), Judged(A, B, B), Judged(B, B, A)] * 5
    assert measure(judged, seed=1) == measure(judged, seed=1)
    assert measure(judged, seed=1).kappa != measure(judged, seed=2).kappa


def test_the_usual_spellings_of_verdicts_are_read(tmp_path):
    path = tmp_path / "verdicts.jsonl"
    rows = [
        {"label": "A", "verdict": "[[A]]", "verdict_swapped": "b"},
        {"label": "model_b", "verdict": 2, "verdict_swapped": "model_a"},
        {"label": "tie", "verdict": "TIE", "verdict_swapped": None},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    assert read(path) == (Judged(A, A, B), Judged(B, B, A), Judged(TIE, TIE, None))


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{", '{"label": "A"}', '{"label": "X", "verdict": "A"}',
     '{"label": null, "verdict": "A"}', '{"label": "A", "verdict": true}'],
)  # fmt: skip
def test_a_file_of_another_form_is_refused_with_its_place(tmp_path, line):
    path = tmp_path / "verdicts.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        read(path)
    assert "verdicts.jsonl" in str(caught.value)
