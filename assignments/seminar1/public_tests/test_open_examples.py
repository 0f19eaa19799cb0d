"""Examples for each part: small enough to check by hand."""

from __future__ import annotations

import math

import pytest

UNFILTERED = {"temperature": 1.0, "top_p": 1.0, "min_p": 0.0, "top_k": 0}


def _chain(words):
    """Return a model in which token i is followed by i + 1."""
    table = [[20.0 * (j == (i + 1) % words) for j in range(words)] for i in range(words)]
    return {"kind": "planted", "table": table}


@pytest.mark.points("1", key="seminar1.open.chat", part="chat")
def test_a_conversation_is_spelled_by_the_template(student, case):
    talk = [{"role": "user", "content": "Привет 🙂 <|im_end|>"}]
    ids = case.shaped(student.drive("lab", "encode", [0, False], [talk], True), [[int]])[0]
    ends = student.drive("lab", "special_ids", [0, False])["<|im_end|>"]
    text = student.drive("lab", "decoded", [0, False], [ids])[0]
    case.require("Привет 🙂 <|im_end|><|im_end|>" in text, "seminar1.chat.text_changed")
    case.require(text.endswith("<|im_start|>assistant\n"), "seminar1.chat.prompt_not_opened")
    extra = ids.count(ends) - 2
    case.require(extra <= 0, "seminar1.chat.special_parsed", name="<|im_end|>", n=extra)


@pytest.mark.points("1", key="seminar1.open.filters", part="filters")
def test_filters_on_five_logits(student, case):
    logits = [[math.log(share) for share in (0.1, 0.4, 0.25, 0.2, 0.05)]]
    right = {
        "top_k_filter": (2, {1, 2}),
        "top_p_filter": (0.8, {1, 2, 3}),
        "min_p_filter": (0.3, {1, 2, 3}),
    }
    for name, (number, tokens) in right.items():
        answer = student.drive("lab", "filtered", name, logits, number)
        fine = not answer["refused"]
        case.require(fine, "seminar1.filters.refused", name=name, number=number)
        kept = {place for place, logit in enumerate(answer["out"][0]) if logit != -math.inf}
        case.require(kept == tokens, "seminar1.open.failed")


@pytest.mark.points("1", key="seminar1.open.greedy", part="decoding")
def test_greedy_follows_a_chain_until_eos(student, case):
    rows, masks = [[0, 3], [5, 6]], [[0, 1], [1, 1]]
    got = student.drive("lab", "greedy", _chain(12), rows, masks, [9, 8, 0])
    case.require(got["refused"] is False, "seminar1.decoding.refused")
    case.require(got["tokens"] == [[4, 5, 6, 7, 8], [7, 8, 0, 0, 0]], "seminar1.open.failed")


@pytest.mark.points("1", key="seminar1.open.sample", part="decoding")
def test_the_same_seed_draws_the_same_tokens(student, case):
    even = {"kind": "planted", "table": [[0.0] * 10] * 10}
    runs = [
        student.drive("lab", "sample", even, [[1], [2]], [15, -1, 0], UNFILTERED, [chance, 0])[
            "tokens"
        ]
        for chance in (7, 7, 8)
    ]
    case.require(runs[0] == runs[1], "seminar1.decoding.not_repeatable")
    case.require(runs[0] != runs[2], "seminar1.decoding.seed_ignored")


@pytest.mark.points("1", key="seminar1.open.logprob", part="beam")
def test_two_tokens_of_even_logits_have_the_logarithm_of_a_sixty_fourth(student, case):
    even = {"kind": "planted", "table": [[0.0] * 8] * 8}
    marks = [[0, 0, 1, 1]]
    got = student.drive("lab", "sequence_logprob", even, [[1, 2, 3, 4]], [[1] * 4], marks)
    case.require(math.isclose(got[0], -math.log(64), rel_tol=1e-4), "seminar1.open.failed")


@pytest.mark.points("1", key="seminar1.open.beam", part="beam")
def test_a_beam_follows_a_chain_and_is_sure(student, case):
    found = student.drive("lab", "beam_search", _chain(12), [4], [9, 8, 0], 2, 1.0)
    case.require(found, "seminar1.beam.nothing")
    case.require(found[0]["tokens"] == [5, 6, 7, 8], "seminar1.open.failed")
    case.require(abs(found[0]["score"]) < 1e-3, "seminar1.beam.penalty_wrong")


@pytest.mark.points("1", key="seminar1.open.measures", part="measures")
def test_repetition_is_measured(student, case):
    got = case.shaped(student.call("measures:distinct_n", ["a b a b", "a b"], 2), float)
    case.require(math.isclose(got, 2 / 4), "seminar1.open.failed")
    same = case.shaped(student.call("measures:self_bleu", ["a b c d"] * 2), float)
    case.require(math.isclose(same, 1.0), "seminar1.measures.bleu_of_equal_texts")
    other = student.call("measures:self_bleu", ["a b c d", "e f g h"])
    case.require(other == 0, "seminar1.open.failed")


@pytest.mark.points("1", key="seminar1.open.stability", part="measures")
def test_three_runs_are_compared(student, case):
    texts, scores = [["x", "y"], ["x", "z"], ["x", "y"]], [[1.0, 0.0], [1.0, 1.0], [1.0, 0.5]]
    got = student.drive("lab", "stability", texts, scores, [0, 1, 2])
    case.require(got["refused"] is False, "seminar1.measures.stability_refused")
    right = {"mean": 0.75, "between_seeds": 0.25, "within_prompt": 0.25, "agreement": 4 / 6}
    near = all(math.isclose(got["found"][name], value) for name, value in right.items())
    case.require(near, "seminar1.open.failed")
