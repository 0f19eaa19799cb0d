"""Part "evaluation": prediction by label logits, metrics, intervals and tests."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

ENDS = (float, float)


def _probe(student, clean, seed, headlines):
    """Return the probe of the tiny model, its answers, and which headlines it is sure of."""
    prompts = [student.call("training:build_prompt", headline) for headline in headlines]
    words = student.drive("tiny", "label_words")
    found = clean.drive("oracle", "probe", seed % 10_000, prompts)
    ids = [row[0] for row in clean.drive("oracle", "ids_of", words)]
    scale = max(abs(margin) for margin in found["margins"])
    sure = [abs(margin) > 0.01 * scale for margin in found["margins"]]
    probe = {"model_seed": seed % 10_000, "label_ids": ids, "direction": found["direction"]}
    return probe, found["answers"], sure


def _agree(got, expected, sure):
    return all(a == b for a, b, known in zip(got, expected, sure, strict=True) if known)


@pytest.mark.points("0.25", key="hw1.evaluation.predict_padding", part="evaluation")
def test_predictions_in_batches_equal_those_without_padding(
    student, clean, case, rng, seed, invent
):
    headlines = [text for n in (3, 6, 9, 12) for text in invent(3, n, plain=True)]
    rng.shuffle(headlines)
    probe, expected, sure = _probe(student, clean, seed, headlines)
    alone = student.drive("tiny", "predict", headlines, 1, probe)["answers"]
    case.require(len(alone) == len(headlines), "hw1.evaluation.predict_length")
    case.require(set(alone) <= {0, 1}, "hw1.evaluation.predict_values")
    flipped = _agree([1 - answer for answer in alone], expected, sure)
    case.require(not flipped, "hw1.evaluation.labels_swapped")
    same_counts = sum(alone) == sum(expected)
    if same_counts and not _agree(alone, expected, sure):
        case.fail("hw1.evaluation.order_lost")
    case.require(_agree(alone, expected, sure), "hw1.evaluation.predict_wrong")
    # Few in a batch lose the last one easily; all in one batch need the most padding.
    for size in (5, len(headlines)):
        batched = student.drive("tiny", "predict", headlines, size, probe)["answers"]
        case.require(
            len(batched) == len(headlines), "hw1.evaluation.last_batch_lost", n=len(batched)
        )
        case.require(_agree(batched, expected, sure), "hw1.evaluation.padding_changes_answers")


@pytest.mark.points("0.15", key="hw1.evaluation.predict_batches", part="evaluation")
def test_prediction_works_in_batches_and_on_nothing(student, clean, case, rng, seed, invent):
    headlines = [*invent(5, 3, plain=True), *invent(6, 9, plain=True)]
    rng.shuffle(headlines)
    probe, expected, sure = _probe(student, clean, seed, headlines)
    for size in (4, 50):
        got = student.drive("tiny", "predict", headlines, size, probe)
        rows = [shape[0] for shape in got["shapes"]]
        case.require(max(rows) <= size, "hw1.evaluation.batch_too_big", n=max(rows), size=size)
        wanted = math.ceil(len(headlines) / size)
        case.require(len(rows) == wanted, "hw1.evaluation.forwards", n=len(rows), wanted=wanted)
        case.require(_agree(got["answers"], expected, sure), "hw1.evaluation.batch_size_matters")
    nothing = student.drive("tiny", "predict", [], 4, probe)
    case.require(nothing["answers"] == [], "hw1.evaluation.predict_nothing")


@pytest.mark.points("0.05", key="hw1.evaluation.accuracy", part="evaluation")
def test_accuracy_is_the_share_of_equal_answers(case, ask, rng):
    for size in (1, 7, 40):
        gold = [rng.randint(0, 1) for _ in range(size)]
        guess = [rng.randint(0, 1) for _ in range(size)]
        hits = sum(a == b for a, b in zip(gold, guess, strict=True))
        got = ask(float, "evaluation:accuracy", gold, guess)
        case.require(abs(got - hits / size) < 1e-9, "hw1.evaluation.accuracy_wrong")


def _f1(gold, guess):
    """Return the macro F1 over both labels; a label that nobody names counts 0."""
    scores = []
    for label in (0, 1):
        hits = sum(a == b == label for a, b in zip(gold, guess, strict=True))
        named = gold.count(label) + guess.count(label)
        scores.append(2 * hits / named if named else 0.0)
    return sum(scores) / 2


def _diagnose(case, got, expected, mistakes, tolerance=1e-9):
    """Fail with the message of the known mistake that gives this very number."""
    for value, name in mistakes.items():
        if abs(got - expected) > tolerance and abs(got - value) <= tolerance:
            case.fail(name)


@pytest.mark.points("0.15", key="hw1.evaluation.macro_f1", part="evaluation")
def test_macro_f1_averages_both_labels(case, ask, rng):
    for _ in range(3):
        gold = [int(rng.random() < 0.2) for _ in range(60)] + [0, 1]
        guess = [a if rng.random() < 0.7 else 1 - a for a in gold]
        got = ask(float, "evaluation:macro_f1", gold, guess)
        expected = _f1(gold, guess)
        micro = sum(a == b for a, b in zip(gold, guess, strict=True)) / len(gold)
        ones = 2 * sum(a == b == 1 for a, b in zip(gold, guess, strict=True))
        one = ones / (sum(gold) + sum(guess))
        _diagnose(
            case,
            got,
            expected,
            {micro: "hw1.evaluation.f1_is_micro", one: "hw1.evaluation.f1_of_one_label"},
        )
        case.require(abs(got - expected) < 1e-9, "hw1.evaluation.f1_wrong")
    for gold, guess in (([0, 0, 0], [0, 0, 0]), ([1, 1], [0, 1]), ([0, 0], [1, 1])):
        got = ask(float, "evaluation:macro_f1", gold, guess)
        case.require(abs(got - _f1(gold, guess)) < 1e-9, "hw1.evaluation.f1_absent_label")


def _percentiles(values, level, rng):
    """Return the percentile interval of the mean from many resamples."""
    drawn = np.random.default_rng(rng.getrandbits(64)).choice(values, size=(8000, len(values)))
    tail = (1 - level) / 2
    low, high = np.quantile(drawn.mean(axis=1), [tail, 1 - tail])
    return low, high


@pytest.mark.points("0.20", key="hw1.evaluation.bootstrap", part="evaluation")
def test_the_interval_is_the_percentiles_of_resampled_means(case, ask, rng):
    # One far value makes the resampled means skewed, so a symmetric interval cannot be right.
    values = [rng.random() for _ in range(11)] + [25.0 + rng.random()]
    even = [rng.gauss(3, 1) for _ in range(40)]
    oracle = random.Random(rng.random())
    for sample, level in ((values, 0.95), (even, 0.8)):
        low, high = ask(ENDS, "evaluation:bootstrap_ci", sample, level, 4000, 3)
        case.require(low < high, "hw1.evaluation.interval_order")
        want_low, want_high = _percentiles(sample, level, oracle)
        width = want_high - want_low
        centre = (low + high) / 2 - sum(sample) / len(sample)
        symmetric = sample is values and abs(centre) < 0.05 * width
        case.require(not symmetric, "hw1.evaluation.interval_normal")
        ratio = (high - low) / width
        case.require(ratio < 2, "hw1.evaluation.interval_of_values")
        case.require(ratio > 0.5, "hw1.evaluation.interval_narrow")
        near = abs(low - want_low) < 0.1 * width and abs(high - want_high) < 0.12 * width
        case.require(near, "hw1.evaluation.interval_level", level=level)
    first = ask(ENDS, "evaluation:bootstrap_ci", values, 0.9, 300, 5)
    again = ask(ENDS, "evaluation:bootstrap_ci", values, 0.9, 300, 5)
    case.require(list(first) == list(again), "hw1.evaluation.seed_ignored")
    others = [ask(ENDS, "evaluation:bootstrap_ci", values, 0.9, 30, s) for s in range(6, 10)]
    case.require(any(list(o) != list(others[0]) for o in others), "hw1.evaluation.seed_fixed")
    flat = ask(ENDS, "evaluation:bootstrap_ci", [0.5] * 9, 0.95, 100, 1)
    case.require(all(abs(end - 0.5) < 1e-9 for end in flat), "hw1.evaluation.interval_constant")


def _sign_flips(differences):
    """Return the exact two-sided p-value: the share of sign patterns at least as far out."""
    observed = abs(sum(differences))
    patterns = itertools.product((1, -1), repeat=len(differences))
    sums = (abs(sum(s * d for s, d in zip(p, differences, strict=True))) for p in patterns)
    return sum(total >= observed - 1e-9 for total in sums) / 2 ** len(differences)


@pytest.mark.points("0.20", key="hw1.evaluation.permutation", part="evaluation")
def test_the_permutation_test_is_paired_two_sided_and_corrected(case, ask, rng):
    # Items differ far more than the two systems do: only a paired test sees the difference.
    hard = [rng.uniform(0, 50) for _ in range(20)]
    better = [value + rng.uniform(0.5, 1.0) for value in hard]
    p = ask(float, "evaluation:paired_permutation", better, hard, 199, 4)
    case.require(p < 0.5, "hw1.evaluation.not_paired")
    case.require(p > 0, "hw1.evaluation.p_zero")
    case.require(abs(p - 1 / 200) < 1e-9, "hw1.evaluation.p_correction")
    back = ask(float, "evaluation:paired_permutation", hard, better, 199, 4)
    case.require(abs(back - p) < 1e-9, "hw1.evaluation.one_sided")
    for shift in (0.0, 0.5, 0.9):
        differences = [rng.gauss(shift, 1.0) for _ in range(9)]
        ones = [1.0 + d for d in differences]
        got = ask(float, "evaluation:paired_permutation", ones, [1.0] * 9, 3000, 5)
        exact = _sign_flips(differences)
        _diagnose(case, got, exact, {exact / 2: "hw1.evaluation.one_sided"}, tolerance=0.045)
        case.require(abs(got - exact) < 0.045, "hw1.evaluation.p_wrong")
    same = ask(float, "evaluation:paired_permutation", hard, hard, 99, 6)
    case.require(abs(same - 1.0) < 1e-9, "hw1.evaluation.p_ties")
    twice = [ask(float, "evaluation:paired_permutation", ones, [1.0] * 9, 200, 8) for _ in range(2)]
    case.require(twice[0] == twice[1], "hw1.evaluation.seed_ignored")
