"""Canaries: made from questions only, the same every time, and noticed when they win."""

from __future__ import annotations

from decimal import Decimal

import pytest

from graders.core.errors import CourseError
from leaderboard.judges import canaries
from leaderboard.records import Entrant, Kind, Label, Outcome, Question, Verdict

QUESTIONS = tuple(
    Question(
        id=f"q{n}",
        group="p",
        prompt=f"def read_{n}(path)\n\nReads rows of the file {n}. Empty ones are left out.",
        reference=f"SECRET {n}",
    )
    for n in range(12)
)
BASELINE = Entrant(
    "lead10", {q.id: "Reads rows of the file and more of it" for q in QUESTIONS}, Kind.BASELINE
)


def outcomes(name, *scores):
    verdict = Verdict(Label.TIE)
    return [Outcome(name, f"q{n}", verdict, verdict, s) for n, s in enumerate(scores)]


def test_every_canary_answers_every_question_and_is_no_team():
    found = canaries.entrants(QUESTIONS, BASELINE)
    assert {one.name for one in found} == {f"canary_{name}" for name in canaries.MAKERS}
    for one in found:
        assert one.kind is Kind.CANARY
        assert one.answers.keys() == {q.id for q in QUESTIONS}
        assert all(answer.strip() for answer in one.answers.values())


def test_no_canary_knows_a_reference():
    told = [text for one in canaries.entrants(QUESTIONS, BASELINE) for text in one.answers.values()]
    assert not any("SECRET" in text for text in told)
    other = tuple(Question(q.id, q.group, q.prompt, "x") for q in QUESTIONS)
    assert canaries.entrants(other, BASELINE) == canaries.entrants(QUESTIONS, BASELINE)


def test_the_order_of_questions_changes_no_answer():
    one = canaries.entrants(QUESTIONS, BASELINE)
    assert canaries.entrants(QUESTIONS[::-1], BASELINE) == one


def test_each_attack_is_what_its_name_says():
    found = {
        one.name.removeprefix(canaries.PREFIX): one.answers
        for one in canaries.entrants(QUESTIONS, BASELINE)
    }
    assert len(set(found["null"].values())) == len(set(found["constant"].values())) == 1
    assert all("A" in text for text in found["injected"].values())
    assert all(len(text.split()) > 40 for text in found["verbose"].values())
    assert all(len(text.split()) <= 3 for text in found["truncated"].values())
    assert {len(text.split()) for text in found["flood"].values()} == {canaries.FLOOD}
    assert len(set(found["master_key"].values())) > 1
    assert all("\n" in text for text in found["delimiter"].values())


def test_a_baseline_without_an_answer_is_refused():
    with pytest.raises(CourseError, match="q0"):
        canaries.entrants(QUESTIONS, Entrant("empty", {}))


def test_a_canary_above_one_half_freezes_the_board_and_says_which_and_by_how_much():
    one, half, none = Decimal(1), Decimal("0.5"), Decimal(0)
    flags = canaries.beaten(
        [
            *outcomes("canary_null", one, one, none),
            *outcomes("canary_flood", none, none, half),
            *outcomes("a team", one, one, one),
        ]
    )
    (flag,) = flags
    assert flag.key == "leaderboard.frozen.canary"
    assert (flag.args["name"], flag.args["score"]) == ("canary_null", "0.6667")
    assert (flag.args["questions"], flag.args["low"] < flag.args["score"]) == (3, True)


def test_a_canary_level_with_the_baseline_does_not_freeze_the_board():
    assert canaries.beaten(outcomes("canary_null", Decimal(1), Decimal(0))) == ()


def test_unscored_outcomes_of_a_canary_count_for_nothing():
    assert canaries.beaten(outcomes("canary_null", None, Decimal(1))) != ()
    assert canaries.beaten(outcomes("canary_null", None, None)) == ()
