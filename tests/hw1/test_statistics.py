"""What HW1's hidden tests compute themselves, against plain definitions."""

from __future__ import annotations

import math
import random
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def own():
    return runpy.run_path(str(ROOT / "assignments" / "hw1" / "hidden_tests" / "conftest.py"))


@pytest.fixture
def answers():
    rng = random.Random(4)
    gold = [rng.randint(0, 1) for _ in range(400)]
    return gold, [label if rng.random() < 0.8 else 1 - label for label in gold]


@pytest.mark.parametrize("name", ["_accuracy", "_macro_f1"])
def test_the_interval_of_counts_is_that_of_resampled_items(own, answers, name):
    gold, guess = answers
    rng = random.Random(9)
    values = []
    for _ in range(2000):
        drawn = rng.choices(range(len(gold)), k=len(gold))
        values.append(own[name]([gold[i] for i in drawn], [guess[i] for i in drawn]))
    values.sort()
    low, high = own["_interval"](own[name], gold, guess)
    assert low == pytest.approx(values[50], abs=0.006)
    assert high == pytest.approx(values[1950], abs=0.006)
    assert (low, high) == own["_interval"](own[name], gold, guess)


def test_macro_f1_of_four_answers(own):
    # F1 of 0: 2·1/(2·1 + 1 + 0) = 2/3; F1 of 1: 2·2/(2·2 + 0 + 1) = 4/5.
    assert own["_macro_f1"]([0, 0, 1, 1], [0, 1, 1, 1]) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_gaps_that_are_larger_have_a_small_p_value_and_equal_ones_do_not(own):
    rng = random.Random(1)
    usual = [rng.gauss(0.5, 1) for _ in range(150)]
    seen = [rng.gauss(1.5, 1) for _ in range(150)]
    assert own["_one_sided"](seen, usual) == pytest.approx(1 / 5001)
    assert own["_one_sided"](usual, seen) > 0.99
    assert 0.02 < own["_one_sided"]([rng.gauss(0.5, 1) for _ in range(150)], usual) < 0.98


def test_a_look_alike_has_the_same_words_with_two_in_each_others_place(own):
    items = {"a": {"headline": "man bites old dog again"}, "b": {"headline": "no no"}}
    made = own["_swapped"](items)
    assert set(made) == {"a"}
    before, after = items["a"]["headline"].split(), made["a"].split()
    assert sorted(before) == sorted(after)
    assert sum(x != y for x, y in zip(before, after, strict=True)) == 2
    assert own["_swapped"](items) == made


@pytest.mark.parametrize("margin", [-700.0, -1.3, 0.0, 2.5, 700.0])
def test_the_loss_of_a_margin_is_the_negative_log_probability(own, margin):
    assert own["_loss"](margin, 1) == pytest.approx(own["_loss"](-margin, 0))
    assert own["_loss"](margin, 1) - own["_loss"](margin, 0) == pytest.approx(-margin)
    if abs(margin) < 100:
        assert own["_loss"](margin, 1) == pytest.approx(-math.log(1 / (1 + math.exp(-margin))))
