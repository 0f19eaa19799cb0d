"""Both orders, conservative outcomes, what is unscored, and what is asked how often."""

from dataclasses import replace
from decimal import Decimal

import pytest

from graders.core.errors import CourseError, InfraError
from leaderboard.judges import (
    Ledger,
    ReplayJudge,
    compare,
    compare_all,
    first_position,
    report,
    verdicts,
)
from leaderboard.judges.protocol import CHUNK, majority, outcome
from leaderboard.judges.report import coverage, swap_consistency
from leaderboard.records import (
    Duel,
    Entrant,
    Estimate,
    Kind,
    Label,
    Licence,
    Outcome,
    Verdict,
)
from tests.judges.scripted import BAD, GOOD, ScriptedJudge, longer, question

A, B, TIE = Label.FIRST, Label.SECOND, Label.TIE
QUESTIONS = [question(f"q{n}") for n in range(6)]
BASE = Entrant("base", {one.id: "four" for one in QUESTIONS}, Kind.BASELINE)


def entrant(name, *answers):
    return Entrant(name, {one.id: text for one, text in zip(QUESTIONS, answers, strict=True)})


@pytest.fixture
def ledger(tmp_path):
    return Ledger.open(tmp_path / "ledger.jsonl")


@pytest.mark.parametrize(
    ("forward", "backward", "score"),
    [
        (A, B, 1), (B, A, 0), (TIE, TIE, "0.5"),
        (A, A, "0.5"), (B, B, "0.5"), (A, TIE, "0.5"), (TIE, A, "0.5"), (B, TIE, "0.5"),
        (None, B, None), (A, None, None), (None, None, None),
    ],
)  # fmt: skip
def test_a_win_needs_both_orders_and_a_missing_verdict_is_no_loss(forward, backward, score):
    found = outcome("t", "q", Verdict(forward), Verdict(backward))
    assert found.score == (None if score is None else Decimal(score))


def test_every_question_is_asked_in_both_orders(ledger):
    judge = ScriptedJudge()
    team = entrant("team", "longer", "no", "longest", "a", "5", "other text")
    found = compare(judge, QUESTIONS, team, BASE, ledger)
    assert [one.score for one in found] == [1, 0, 1, 0, 0, 1]
    assert [one.question_id for one in found] == [one.id for one in QUESTIONS]
    shown = [(duel.question.id, duel.first, duel.second) for duel in judge.asked]
    assert shown[:2] == [("q0", "longer", "four"), ("q0", "four", "longer")]
    assert len(shown) == 12


def test_equal_answers_tie_and_nobody_is_asked(ledger):
    judge = ScriptedJudge()
    found = compare(judge, QUESTIONS, replace(BASE, name="copy"), BASE, ledger)
    assert {one.score for one in found} == {Decimal("0.5")}
    assert not judge.asked
    assert swap_consistency(found) == 1


def test_same_texts_are_asked_once_whoever_wrote_them(ledger):
    judge = ScriptedJudge()
    teams = [entrant("one", *["same"] * 6), entrant("two", *["same"] * 6)]
    found = compare_all(judge, QUESTIONS, teams, BASE, ledger)
    assert len(judge.asked) == 12
    assert [one.score for one in found["one"]] == [one.score for one in found["two"]]
    twins = [replace(QUESTIONS[0], id="twin"), QUESTIONS[0]]
    both = [Entrant(name, {"twin": text, "q0": text}) for name, text in (("x", "abc"), ("y", "z"))]
    compare(judge, twins, both[0], both[1], ledger)
    assert len(judge.asked) == 14


def test_all_duels_of_a_question_stand_together(ledger):
    judge = ScriptedJudge()
    teams = [entrant(name, *[name] * 6) for name in ("a", "bb", "ccc")]
    compare_all(judge, QUESTIONS, teams, BASE, ledger)
    order = [duel.question.id for duel in judge.asked]
    assert order == sorted(order)


def test_what_the_ledger_knows_is_not_asked_again(ledger, tmp_path):
    judge, team = ScriptedJudge(), entrant("team", *"abcdef")
    first = compare(judge, QUESTIONS, team, BASE, ledger)
    before = (tmp_path / "ledger.jsonl").read_bytes()
    again = Ledger.open(tmp_path / "ledger.jsonl")
    assert compare(judge, QUESTIONS, team, BASE, again) == first
    assert len(judge.asked) == 12
    assert compare(ReplayJudge(judge.card, again), QUESTIONS, team, BASE, again) == first
    assert (tmp_path / "ledger.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("why", "asked"), [("timeout", 2), ("budget", 2), ("no_verdict", 1), ("refusal", 1)]
)
def test_only_what_failed_for_a_passing_reason_is_asked_anew(ledger, why, asked):
    judge = ScriptedJudge(lambda _: Verdict(None, why=why))
    duel = Duel(QUESTIONS[0], GOOD, BAD)
    assert verdicts(judge, [duel], ledger)[0].why == why
    assert verdicts(judge, [duel], ledger)[0].why == why
    assert len(judge.asked) == asked


def test_fault_in_the_middle_keeps_what_was_said(ledger):
    judge = ScriptedJudge()
    duels = [Duel(question(f"n{n}"), GOOD, BAD) for n in range(CHUNK + 10)]

    def failing(duel):
        if duel.question.id == f"n{CHUNK + 3}":
            raise InfraError("away")
        return longer(duel)

    judge = ScriptedJudge(failing)
    with pytest.raises(InfraError, match="away"):
        verdicts(judge, duels, ledger)
    assert ledger.verify() == CHUNK + 1
    healed = ScriptedJudge()
    verdicts(healed, duels, ledger)
    assert len(healed.asked) == 10


class Streaming(ScriptedJudge):
    """Hands verdicts over one by one; Ctrl-C comes before the fourth."""

    closed = False

    def stream(self, duels):
        try:
            for number, duel in enumerate(duels):
                if number == 3:
                    raise KeyboardInterrupt
                yield self.judge([duel])[0]
        finally:
            self.closed = True


def test_interrupt_keeps_every_verdict_that_was_there(ledger):
    judge = Streaming()
    duels = [Duel(one, GOOD, BAD) for one in QUESTIONS]
    with pytest.raises(KeyboardInterrupt):
        verdicts(judge, duels, ledger)
    assert judge.closed
    assert ledger.verify() == 4
    rest = ScriptedJudge()
    verdicts(rest, duels, ledger)
    assert len(rest.asked) == 3


def test_repeats_are_asked_apart_and_their_majority_counts(ledger):
    def third_time_other(duel):
        said = longer(duel)
        return replace(said, label=TIE) if duel.repeat == 2 else said

    judge = ScriptedJudge(third_time_other)
    team = entrant("team", *["longer"] * 6)
    found = compare(judge, QUESTIONS, team, BASE, ledger, repeats=3)
    assert len(judge.asked) == 36
    assert {one.score for one in found} == {1}
    assert found[0].forward.tokens_in == 9


@pytest.mark.parametrize(
    ("labels", "label"),
    [((A, A, B), A), ((A, B), TIE), ((A, B, TIE), TIE), ((A, None, None), None),
     ((B, None), B), ((None, A, A), A)],
)  # fmt: skip
def test_majority_of_repeats_needs_more_than_half_of_what_was_said(labels, label):
    said = majority([Verdict(one, why="" if one else "timeout") for one in labels])
    assert said.label is label
    assert said.why == ("timeout" if label is None else "")


def test_missing_answer_and_equal_names_are_refused(ledger):
    with pytest.raises(CourseError, match="no answer to the question q0"):
        compare(ScriptedJudge(), QUESTIONS, Entrant("t", {}), BASE, ledger)
    teams = [entrant("t", *"abcdef")] * 2
    with pytest.raises(CourseError, match="names that differ"):
        compare_all(ScriptedJudge(), QUESTIONS, teams, BASE, ledger)


def outcomes(*labels) -> list[Outcome]:
    return [outcome("t", "q", Verdict(one, raw="r"), Verdict(two, raw="r")) for one, two in labels]


def test_coverage_and_swap_consistency_are_shares_of_what_was_judged():
    some = outcomes((A, B), (B, A), (TIE, TIE), (A, A), (A, TIE), (None, B))
    assert coverage(some) == Decimal("0.9167")
    assert swap_consistency(some) == Decimal("0.6")
    assert coverage([]) == swap_consistency([]) == 1


def licence(card):
    none = Estimate(Decimal(0), Decimal(0), Decimal(1))
    return Licence(card, none, Decimal(1), none, Decimal(0), 0, Decimal(1), True, {}, "")


def test_report_counts_what_the_ledger_paid(ledger):
    judge = ScriptedJudge()
    team = entrant("team", *"abcdef")
    found = compare(judge, QUESTIONS, team, BASE, ledger)
    told = report([*found, *found], licence(judge.card), ledger)
    assert (told.verdicts, told.tokens_in, told.tokens_out) == (24, 36, 12)
    assert told.coverage == told.swap_consistency == 1
    assert told.ledger_head == ledger.head
    with pytest.raises(CourseError, match="licence is not of the judge"):
        report(found, licence(replace(judge.card, version="2")), ledger)


@pytest.mark.slow  # scipy
def test_favour_of_the_first_place_is_tested_on_contradictions_alone():
    fair = first_position(outcomes(*[(A, B), (B, A)] * 50))
    assert (fair.share.value, fair.p_value) == (Decimal("0.5"), 1)
    biased = first_position(outcomes(*[(A, A)] * 9, (B, B), (A, B), (TIE, A)))
    # Two-sided exact test of 9 of 10: 2 · (1 + 10) / 2¹⁰
    assert biased.p_value == Decimal("0.0215")
    assert (biased.both_first, biased.both_second) == (9, 1)
    assert biased.share.value == Decimal("0.8696")  # 20 of 23 decided verdicts
