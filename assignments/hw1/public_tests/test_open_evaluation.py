"""Examples for `evaluation.py` and `analysis.py`."""

from __future__ import annotations

import pytest


@pytest.mark.points("1", key="hw1.open.metrics", part="evaluation")
def test_metrics_on_five_answers(student, case):
    right, given = [1, 1, 1, 0, 0], [1, 1, 0, 0, 1]
    share = case.shaped(student.call("evaluation:accuracy", right, given), float)
    case.require(abs(share - 0.6) < 1e-6, "hw1.evaluation.accuracy_wrong")
    mean = case.shaped(student.call("evaluation:macro_f1", right, given), float)
    case.require(abs(mean - (2 / 3 + 1 / 2) / 2) < 1e-6, "hw1.evaluation.f1_wrong")


@pytest.mark.points("1", key="hw1.open.interval", part="evaluation")
def test_an_interval_holds_the_mean_and_repeats(student, case):
    coins = [0, 1] * 50
    ends = case.shaped(
        student.call("evaluation:bootstrap_ci", coins, 0.95, 1000, 0), (float, float)
    )
    case.require(0.35 < ends[0] < 0.47 and 0.53 < ends[1] < 0.65, "hw1.open.interval.failed")
    twin = case.shaped(
        student.call("evaluation:bootstrap_ci", coins, 0.95, 1000, 0), (float, float)
    )
    case.require(list(ends) == list(twin), "hw1.evaluation.seed_ignored")


@pytest.mark.points("1", key="hw1.open.permutation", part="evaluation")
def test_equal_systems_are_not_told_apart(student, case):
    p = case.shaped(
        student.call("evaluation:paired_permutation", [1, 0, 1, 1], [1, 0, 1, 1], 99, 0), float
    )
    case.require(p == 1, "hw1.evaluation.p_ties")


@pytest.mark.points("1", key="hw1.open.kappa", part="errors")
def test_kappa_of_six_labels(student, case):
    kappa = case.shaped(student.call("analysis:cohen_kappa", list("aabbab"), list("aabbba")), float)
    case.require(abs(kappa - 1 / 3) < 1e-6, "hw1.errors.kappa_wrong")
