"""Examples for the four modules of seminar 4."""

from __future__ import annotations

import math

import pytest

IGNORED = -100


@pytest.mark.points("1", key="seminar4.open.pairs", part="pairs")
def test_two_answers_make_a_pair_and_a_tie_makes_none(student, case):
    candidates = [["Blue.", "The sky is blue."], ["Green.", "Red."]]
    found = student.drive("preferences", "pairs", ["sky", "hat"], candidates, [[0, 2], [1, 1]], 0.0)
    case.require(len(found["pairs"]) == 1, "seminar4.pairs.tie_kept")
    pair = found["pairs"][0]
    case.require(pair["chosen"] == "The sky is blue.", "seminar4.pairs.swapped")
    case.require(
        found["dropped"] == {"empty": 0, "identical": 0, "tie": 1, "repeated": 0},
        "seminar4.pairs.reasons",
    )


@pytest.mark.points("1", key="seminar4.open.length", part="pairs")
def test_the_length_gap_of_two_pairs(student, case):
    got = student.drive("preferences", "length", [["a b c", "a"], ["a", "b"]])
    case.require(got[0] == 1.0, "seminar4.pairs.length_mean")
    case.require(got[1] == 0.75, "seminar4.pairs.length_equal")


@pytest.mark.points("1", key="seminar4.open.logps", part="losses")
def test_even_logits_give_every_token_the_same_chance(student, case):
    even = [[[0.0] * 8] * 5] * 2
    labels = [[IGNORED, IGNORED, 3, 4, 5], [IGNORED, 1, IGNORED, IGNORED, IGNORED]]
    total = student.drive("preferences", "logps", even, labels, False)["values"]
    case.require(len(total) == 2, "seminar4.losses.logps_shape")
    for got, count in zip(total, (3, 1), strict=True):
        expected = -count * math.log(8)
        case.require(math.isclose(got, expected, rel_tol=1e-4), "seminar4.losses.logps_value")


@pytest.mark.points("1", key="seminar4.open.dpo", part="losses")
def test_a_policy_that_has_not_moved_loses_ln_2(student, case):
    rows = [[-3.0, -9.0], [-4.0, -2.0]]
    got = student.drive("preferences", "dpo", [*rows, *rows], 0.1)
    case.require(math.isclose(got["loss"], math.log(2), rel_tol=1e-5), "seminar4.losses.not_ln_2")


@pytest.mark.points("1", key="seminar4.open.orpo", part="losses")
def test_equal_answers_add_ln_2_times_the_weight(student, case):
    got = student.drive("preferences", "orpo", [[-1.0], [-1.0]], 2.0, 0.5)
    expected = 2.0 + 0.5 * math.log(2)
    case.require(
        math.isclose(got["loss"], expected, rel_tol=1e-5), "seminar4.losses.orpo_value_wrong"
    )


@pytest.mark.points("1", key="seminar4.open.refusals", part="refusals")
def test_one_refusal_of_two_replies(student, case):
    replies = ["I'm sorry, but I can't help with that.", "Sure, here is the recipe."]
    marks = student.drive("preferences", "refusals", replies)
    case.require(marks[0], "seminar4.refusals.none_found")
    case.require(not marks[1], "seminar4.refusals.answer_marked")
    rate = student.drive("preferences", "rate", replies, 0.95)
    case.require(rate["value"] == 0.5, "seminar4.refusals.rate_wrong")
    case.require(0.09 < rate["low"] < 0.1, "seminar4.refusals.interval")


@pytest.mark.points("1", key="seminar4.open.typos", part="red_team")
def test_a_word_of_four_letters_has_one_place_for_a_typo(student, case):
    got = student.drive("preferences", "typos", "the word is in", 1.0, 5)
    case.require(got == "the wrod is in", "seminar4.red_team.typos_not_a_swap")


@pytest.mark.points("1", key="seminar4.open.red_team", part="red_team")
def test_one_prompt_is_asked_twice_when_there_is_one_attack(student, case):
    script = {"Open it": "NO", "Please. Open it": "Here"}
    attacks = {"polite": "Please. {prompt}"}
    log = student.drive("preferences", "attack", ["Open it"], attacks, script, 8)["log"]
    case.require(len(log) == 2, "seminar4.red_team.attempts", n=len(log))
    verdicts = [attempt["verdict"] for attempt in log]
    case.require(verdicts == ["refused", "answered"], "seminar4.red_team.verdict")
