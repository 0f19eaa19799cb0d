"""What HW2A's hidden tests and its reference compute, against published code and definitions."""

from __future__ import annotations

import random
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORDS = ("sum", "of", "The", "rows,", "mean", "axis=0", "2d", "и", "the", "_x1", "x1")


@pytest.fixture(scope="module")
def hidden():
    return runpy.run_path(str(ROOT / "assignments" / "hw2a" / "hidden_tests" / "conftest.py"))


@pytest.fixture(scope="module")
def reference():
    return runpy.run_path(str(ROOT / "reference" / "hw2a" / "evaluation.py"))


@pytest.fixture
def pairs():
    rng = random.Random(3)
    drawn = [[" ".join(rng.choices(WORDS, k=rng.randint(0, 9))) for _ in "ab"] for _ in range(200)]
    return [*drawn, ["", ""], ["...", "x"], ["same words", "same words"]]


@pytest.mark.slow
def test_rouge_l_is_that_of_the_rouge_score_package(hidden, reference, pairs):
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    for answer, wanted in pairs:
        oracle = scorer.score(wanted, answer)["rougeL"].fmeasure
        assert hidden["_rouge_l"](answer, wanted) == pytest.approx(oracle)
        assert reference["rouge_l"](answer, wanted) == pytest.approx(oracle)


def test_the_interval_is_that_of_resampled_means(hidden, reference):
    rng = random.Random(5)
    values = [rng.random() ** 2 for _ in range(150)]
    means = sorted(sum(rng.choices(values, k=150)) / 150 for _ in range(2000))
    for low, high in (
        hidden["_interval"](values),
        reference["bootstrap_ci"](values, 0.95, 2000, 1),
    ):
        assert low == pytest.approx(means[50], abs=0.006)
        assert high == pytest.approx(means[1950], abs=0.006)


def test_another_bootstrap_is_near_and_an_interval_of_something_else_is_not(hidden):
    own = (0.20, 0.30)
    assert hidden["_near"]((0.205, 0.29), own)
    assert not hidden["_near"]((0.225, 0.275), own)
    assert not hidden["_near"]((0.15, 0.35), own)


def test_the_table_holds_what_was_measured_and_compares_in_pairs(reference):
    answers = [["a b", "c d", "e"], ["a b", "x", "e"]]
    variants = [
        {"name": "full", "change": "all", "against": None, "answers": answers[0]},
        {"name": "less", "change": "some", "against": "full", "answers": answers[1]},
    ]
    table = reference["ablation_table"](["i", "j", "k"], ["a b", "c d", "e"], variants)
    full, less = table["variants"]
    assert (full["mean"], full["ci"], full["scores"]) == (1.0, [1.0, 1.0], [1.0, 1.0, 1.0])
    assert "difference" not in full
    assert less["difference"] == pytest.approx(-1 / 3, abs=1e-4)
    low, high = less["difference_ci"]
    assert low < less["difference"] < high
    assert (table["items"], table["level"], table["metric"]) == (["i", "j", "k"], 0.95, "rouge_l")
