"""Ratings of a file: rank sets, open ends, and what is said about them."""

import numpy as np
import pytest
from scipy.special import expit

from leaderboard.ranking import from_rows, rate


def _many(skills, questions, seed, each=6):
    random = np.random.default_rng(seed)
    rows = []
    for question in range(questions):
        for _ in range(each):
            i, j = random.choice(len(skills), 2, replace=False)
            won = random.random() < expit(skills[i] - skills[j])
            rows.append((f"m{i}", f"m{j}", "model_a" if won else "model_b", f"q{question:04}"))
    return rows


def test_models_that_differ_much_are_told_apart_and_twins_are_not():
    report = rate(from_rows(_many([1.2, 0.0, 0.0, -1.2], 400, seed=1)), seed=1, resamples=300)
    assert [row.model for row in report.models][::3] == ["m0", "m3"]
    assert [(row.ranks.low, row.ranks.high) for row in report.models] == [
        *((1, 1), (2, 3), (2, 3), (4, 4))
    ]
    for row in report.models:
        assert row.low < row.rating < row.high
        assert (row.low, row.high) == pytest.approx((row.sandwich_low, row.sandwich_high), abs=6)
    assert not report.separated
    assert report.notes == ()


def test_counts_add_up():
    rows = [("x", "y", "model_a", "1"), ("y", "x", "tie", "2"), ("y", "z", "model_a", "3"),
            ("z", "x", "model_a", "4")]  # fmt: skip
    found = {row.model: row for row in rate(from_rows(rows), seed=1, resamples=20).models}
    counted = {name: (row.battles, row.wins, row.ties) for name, row in found.items()}
    assert counted == {"x": (3, 1, 1), "y": (3, 1, 1), "z": (2, 1, 0)}


def test_equal_records_share_a_rank():
    rows = [("base", name, ("model_a", "model_b")[n % 2], f"{n}") for n in range(40)
            for name in ("x", "y")]  # fmt: skip
    found = rate(from_rows(rows), seed=1, resamples=50)
    assert [row.rank for row in found.models] == [1, 1, 1]


def test_who_never_lost_has_no_upper_bound_and_a_note_says_so():
    rows = [("best", name, "model_a", f"{n}") for n in range(40) for name in ("x", "y")]
    rows += [("x", "y", ("model_a", "model_b")[n % 2], f"{n}") for n in range(40)]
    rows += [("x", "worst", "model_a", f"{n}") for n in range(40)]
    report = rate(from_rows(rows), seed=1, resamples=50)
    best, *middle, worst = report.models
    assert (best.model, worst.model) == ("best", "worst")
    assert (best.high, best.sandwich_high, worst.low, worst.sandwich_low) == (None,) * 4
    assert best.low is not None
    assert all(None not in (row.low, row.high) for row in middle)
    assert report.separated
    assert report.notes[0] == "best never lost to or tied with anybody else: no upper bound"
    assert report.notes[1] == "worst never beat or tied with anybody else: no lower bound"
    assert "a ridge of 0.1" in report.notes[2]
    assert (best.ranks.low, best.ranks.high) == (1, 1)  # 80 wins of 80 are no chance


def test_one_win_is_no_evidence():
    # The sandwich alone would be sure: a winner's residual is small. The curvature is not.
    rows = [("new", "x", "model_a", "q0")]
    rows += [("x", "y", ("model_a", "model_b")[n % 2], f"q{n}") for n in range(60)]
    report = rate(from_rows(rows), seed=1, resamples=50)
    assert report.models[0].model == "new"
    assert {(row.ranks.low, row.ranks.high) for row in report.models} == {(1, 3)}


def test_one_question_gives_no_intervals():
    rows = [("x", "y", ("model_a", "model_b", "model_a")[n % 3], "q") for n in range(60)]
    report = rate(from_rows(rows), seed=1, resamples=50)
    assert [(row.low, row.high) for row in report.models] == [(None, None)] * 2
    assert [(row.ranks.low, row.ranks.high) for row in report.models] == [(1, 2)] * 2
    assert "one question" in report.notes[0]


def test_few_questions_are_called_rough():
    rows = [("x", "y", ("model_a", "model_b")[n % 2], f"{n}") for n in range(8)]
    assert "only 8 questions" in rate(from_rows(rows), seed=1, resamples=10).notes[-1]


def test_the_order_of_lines_and_the_run_change_no_byte():
    rows = _many([0.5, 0.0, -0.5], 60, seed=3)
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    runs = [rate(from_rows(one), seed=4, resamples=60) for one in (rows, rows, shuffled)]
    assert repr(runs[0]) == repr(runs[1]) == repr(runs[2])


@pytest.mark.slow
def test_true_ranks_lie_in_their_sets_at_least_95_times_in_100():
    skills = [0.6, 0.45, 0.0, -0.1, -0.9]
    missed = 0
    for seed in range(150):
        report = rate(from_rows(_many(skills, 80, seed=seed)), seed=1, resamples=2)
        found = {row.model: row.ranks for row in report.models}
        missed += any(
            not found[f"m{number}"].low <= number + 1 <= found[f"m{number}"].high
            for number in range(5)
        )
    assert missed <= 13  # a true 5 % of 150 gives more once in 50 runs
