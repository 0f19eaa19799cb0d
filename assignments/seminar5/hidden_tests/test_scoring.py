"""Part "scoring": the likelihood of options on a tiny random model."""

from __future__ import annotations

import math

import pytest

NEAR = 2e-3  # sums of a dozen float32 log-probabilities in another batch

MISTAKES = {
    "late": "seminar5.scoring.late",
    "mean": "seminar5.scoring.mean",
    "whole": "seminar5.scoring.whole",
    "first": "seminar5.scoring.first",
}


def _expected(clean, seed, prompts, options):
    """Return what the model says to every prompt and option, each pair alone."""
    texts = [*prompts, *(option for choices in options for option in choices)]
    coded = dict(zip(texts, clean.drive("tiny", "ids", texts), strict=True))
    pairs = [(p, o) for p, choices in zip(prompts, options, strict=True) for o in choices]
    rows = clean.drive("oracle", "scores", seed, [[coded[p], coded[o]] for p, o in pairs])
    flat = iter(rows)
    return [[next(flat) for _ in choices] for choices in options]


def _far(got, expected, kind="right"):
    return max(
        abs(value - told[kind])
        for row, tellings in zip(got, expected, strict=True)
        for value, told in zip(row, tellings, strict=True)
    )


def _shaped(case, told, options):
    got = case.shaped(told["scores"], [[float]], "mc_loglikelihood")
    sizes = [len(row) for row in got] == [len(choices) for choices in options]
    case.require(sizes, "seminar5.scoring.shape")
    return got


@pytest.mark.points("0.6", key="seminar5.scoring.sum", part="scoring")
def test_a_score_is_the_sum_over_the_options_tokens(student, clean, case, rng, small, words):
    prompts = [" ".join(words(2)) + "." for _ in range(3)]
    options = [[f" {w}" for w in words(rng.choice([2, 3]))] for _ in prompts]
    expected = _expected(clean, small, prompts, options)
    told = student.drive("tiny", "scores", small, prompts, options, 1)
    got = _shaped(case, told, options)
    if _far(got, expected) > NEAR:
        for kind, name in MISTAKES.items():
            case.require(_far(got, expected, kind) > NEAR, name)
        positive = _far([[-x for x in row] for row in got], expected) < NEAR
        case.require(not positive, "seminar5.scoring.sign")
    case.require(_far(got, expected) <= NEAR, "seminar5.scoring.sum_wrong")


@pytest.mark.points("0.5", key="seminar5.scoring.batches", part="scoring")
def test_neither_batches_nor_padding_change_a_score(student, clean, case, rng, small, words):
    prompts = [" ".join(words(n)) + "." for n in (1, 5, 3, 6, 2)]
    options = [[f" {' '.join(words(n))}" for n in (1, 3)] for _ in prompts]
    expected = _expected(clean, small, prompts, options)
    for size in (4, 50):
        told = student.drive("tiny", "scores", small, prompts, options, size)
        got = _shaped(case, told, options)
        case.require(max(told["rows"]) <= size, "seminar5.scoring.batch_too_big", size=size)
        batched = size == 4 or len(told["rows"]) == 1
        case.require(batched, "seminar5.scoring.not_batched")
        mixed = sorted(x for row in got for x in row)
        right = sorted(told["right"] for row in expected for told in row)
        moved = max(abs(a - b) for a, b in zip(mixed, right, strict=True)) < NEAR
        if moved and _far(got, expected) > NEAR:
            case.fail("seminar5.scoring.order_lost")
        case.require(_far(got, expected) <= NEAR, "seminar5.scoring.padding")


@pytest.mark.points("0.4", key="seminar5.scoring.boundary", part="scoring")
def test_prompt_and_option_are_tokenized_apart_and_without_special_tokens(
    student, clean, case, small, words
):
    # The toy tokenizer melts ": " and "e " into one token, and opens texts with BOS by default.
    plain = [f"{' '.join(words(2))}."]
    options = [[f" {w}" for w in words(2)]]
    got = _shaped(case, student.drive("tiny", "scores", small, plain, options, 8), options)
    expected = _expected(clean, small, plain, options)
    case.require(_far(got, expected) <= NEAR, "seminar5.scoring.bos")
    melting = [f"{' '.join(words(2))}:", f"{words(1)[0]} engine"]
    options = [[f" {w}" for w in words(2)] for _ in melting]
    got = _shaped(case, student.drive("tiny", "scores", small, melting, options, 8), options)
    expected = _expected(clean, small, melting, options)
    case.require(_far(got, expected) <= NEAR, "seminar5.scoring.melted")
    # The pad id is the end-of-text token, which a prompt may hold for real.
    ended = [f"{words(1)[0]}</s>{words(1)[0]}.", f"{' '.join(words(5))}."]
    got = _shaped(case, student.drive("tiny", "scores", small, ended, options, 8), options)
    expected = _expected(clean, small, ended, options)
    case.require(_far(got, expected) <= NEAR, "seminar5.scoring.mask_by_value")


@pytest.mark.points("0.3", key="seminar5.scoring.choose", part="scoring")
def test_options_are_compared_by_sum_or_by_byte(student, case, ask, rng):
    # In turn: the best sum, the best mean by byte, and the best by character.
    options = [" да", " quieter and so on", " громче громче"]
    sizes = [len(o.encode()) for o in options]
    scores = [-5.0, -1.0 * sizes[1], -0.9 * sizes[2]]
    order = [0, 1, 2]
    rng.shuffle(order)
    texts, values = [options[i] for i in order], [scores[i] for i in order]

    def chosen(how):
        return order[ask(int, "scoring:choose", values, texts, how)]

    case.require(chosen("sum") == 0, "seminar5.scoring.choose_sum")
    by_byte = chosen("byte")
    case.require(by_byte != 0 or -5.0 / sizes[0] > -0.9, "seminar5.scoring.choose_unnormalized")
    case.require(by_byte == 2, "seminar5.scoring.choose_characters")
    tied = ask(int, "scoring:choose", [-3.0, -1.0, -1.0], ["a", "b", "c"], "sum")
    case.require(tied == 1, "seminar5.scoring.choose_tie")
    refused = student.drive("tiny", "refuses_normalization")
    case.require(refused, "seminar5.scoring.choose_unknown")


@pytest.mark.points("0.2", key="seminar5.scoring.confidence", part="scoring")
def test_confidence_is_a_softmax_that_survives_small_numbers(case, ask, rng):
    scores = [rng.uniform(-3, 0) for _ in range(4)]
    for shift in (0.0, -900.0):
        got = ask([float], "scoring:confidence", [score + shift for score in scores])
        total = sum(math.exp(score) for score in scores)
        case.require(len(got) == 4, "seminar5.scoring.confidence_wrong")
        near = all(abs(g - math.exp(s) / total) < 1e-9 for g, s in zip(got, scores, strict=True))
        case.require(near or not shift, "seminar5.scoring.confidence_underflow")
        case.require(near, "seminar5.scoring.confidence_wrong")
