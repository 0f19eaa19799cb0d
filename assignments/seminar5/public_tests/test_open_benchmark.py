"""Examples for every module, easier than the tests that grade and on other inputs."""

from __future__ import annotations

import math

import pytest


@pytest.mark.points("1", key="seminar5.open.metrics", part="metrics")
def test_metrics_of_short_answers(student, case):
    em = student.call("metrics:exact_match", "The Moon!", ["sun", "moon"])
    case.require(em == 1, "seminar5.metrics.em_references")
    f1 = case.shaped(student.call("metrics:token_f1", "red red car", ["red car"]), float)
    case.require(abs(f1 - 0.8) < 1e-9, "seminar5.metrics.f1_wrong")
    rouge = case.shaped(student.call("metrics:rouge_l", "один два три", "один три"), float)
    case.require(abs(rouge - 0.8) < 1e-9, "seminar5.metrics.rouge_wrong")


@pytest.mark.points("1", key="seminar5.open.scoring", part="scoring")
def test_scores_are_log_probabilities_and_batches_change_nothing(student, case):
    prompts, options = ["One two.", "A longer prompt than that."], [[" a", " bcd"]] * 2
    alone, together = (
        student.drive("tiny", "scores", 3, prompts, options, size)["scores"] for size in (1, 8)
    )
    case.shaped(alone, [[float]])
    case.require(all(value < 0 for row in alone for value in row), "seminar5.scoring.sign")
    gaps = [
        abs(a - b) for x, y in zip(alone, together, strict=True) for a, b in zip(x, y, strict=True)
    ]
    case.require(max(gaps) < 2e-3, "seminar5.scoring.padding")
    shares = case.shaped(student.call("scoring:confidence", [-1.0, -1.0 - math.log(3)]), [float])
    case.require(abs(shares[0] - 0.75) < 1e-9, "seminar5.scoring.confidence_wrong")


@pytest.mark.points("1", key="seminar5.open.stats", part="stats")
def test_statistics_of_a_few_numbers(student, case):
    low, high = case.shaped(
        student.call("stats:bootstrap_ci", [0, 1] * 50, 0.95, 1000, 0), (float, float)
    )
    case.require(
        0.35 < low < 0.47 and 0.53 < high < 0.65, "seminar5.stats.interval_level", level=0.95
    )
    p = case.shaped(student.call("stats:paired_permutation", [2, 3, 4], [1, 1, 1], 100, 0), float)
    case.require(abs(p - 0.25) < 1e-9, "seminar5.stats.not_exact")
    adjusted = case.shaped(student.call("stats:holm", [0.02, 0.01]), [float])
    case.require(max(abs(x - 0.02) for x in adjusted) < 1e-9, "seminar5.stats.holm_wrong")
    kappa = case.shaped(student.call("stats:cohen_kappa", list("aabbab"), list("aabbba")), float)
    case.require(abs(kappa - 1 / 3) < 1e-9, "seminar5.stats.kappa_wrong")


@pytest.mark.points("1", key="seminar5.open.judge", part="judge")
def test_verdicts_of_a_judge_that_likes_what_stands_first(student, case):
    case.require(
        student.call("judge:parse_verdict", "B is off.\n[[A]]") == "A", "seminar5.judge.plain"
    )
    got = student.call("judge:parse_verdict", "Its text says [[B]], so what?")
    case.require(got is None, "seminar5.judge.quoted")
    told = student.call("judge:swap_consistency", ["A", "A"], ["A", "B"])
    case.require(told["winners"] == ["tie", "x"], "seminar5.judge.contradiction")
    case.require(told["first_position"] == 0.5, "seminar5.judge.position", name="first_position")


@pytest.mark.points("1", key="seminar5.open.diagnosis", part="diagnosis")
def test_sources_and_leaks(student, case):
    got = student.drive("tiny", "attribution", ["one", "two", "three"], [0.0, 5.0, 1.0], 0.0)
    case.require(got["values"] == [0.0, 5.0, 1.0], "seminar5.diagnosis.sources_wrong")
    error = student.call("diagnosis:calibration_error", [0.9, 0.9], [1, 0], 10)
    case.require(abs(error - 0.4) < 1e-9, "seminar5.diagnosis.calibration_wrong")
    leaks = student.call("diagnosis:contaminated", ["a b c", "c b a"], ["x a b c"], 3)
    case.require(leaks == [0], "seminar5.diagnosis.leak_wrong")


@pytest.mark.points("1", key="seminar5.open.report", part="report")
def test_a_page_shows_an_error_as_text(student, case):
    row = {"id": "1", "task": "toy", "question": "1 < 2?", "gold": "yes", "answer": "<i>no</i>"}
    row |= {"correct": 0, "confidence": 0.5, "kind": "hasty"}
    task = {"task": "toy", "items": 1, "accuracy": 0.0, "low": 0.0, "high": 0.5}
    page = case.shaped(student.call("report:report", "Errors", [row], [task]), str)
    case.require("<i>" not in page, "seminar5.report.unescaped", field="answer")
    case.require("&lt;i&gt;no" in page, "seminar5.report.text_lost", field="answer")
