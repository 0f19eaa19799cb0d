"""Several judges, one verdict."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from graders.core.errors import CourseError, InfraError
from leaderboard.judges import panel
from leaderboard.records import Duel, Label, Verdict
from tests.judges.scripted import BAD, GOOD, ScriptedJudge, question

A, B, TIE = Label.FIRST, Label.SECOND, Label.TIE
DUEL = Duel(question(), GOOD, BAD)


def saying(*labels, confidence=None):
    return [
        ScriptedJudge(lambda _, label=label: Verdict(label, confidence, why="" if label else "x"),
                      f"j{n}")
        for n, label in enumerate(labels)
    ]  # fmt: skip


def of(judges, rule="vote", **more):
    (verdict,) = panel(judges, rule, **more).judge([DUEL])
    return verdict


@pytest.mark.parametrize(
    ("labels", "label"),
    [((A, A, B), A), ((B, TIE, B), B), ((A, B), TIE), ((A, B, TIE), TIE), ((A, A, None), A),
     ((A, None, None), None), ((A, None), None), ((None,), None), ((TIE, TIE, A), TIE)],
)  # fmt: skip
def test_the_most_frequent_label_wins_when_more_than_half_have_spoken(labels, label):
    verdict = of(saying(*labels))
    assert verdict.label is label
    assert verdict.why == ("" if label else "split")


def test_mean_weighs_how_sure_the_members_are():
    sure, unsure = saying(A, confidence=0.9)[0], saying(B, B, confidence=0.45)
    judges = [replace_name(one, f"n{n}") for n, one in enumerate([sure, *unsure])]
    assert of(judges, "mean").label is A  # (0.9 + 0.45 + 0.45) / 3 = 0.6
    assert of(judges, "mean", margin=0.2).label is TIE
    assert of(judges, "vote").label is B
    assert of(saying(A, B), "mean").confidence == 0.5


def replace_name(judge, name):
    judge.card = replace(judge.card, name=name)
    return judge


def test_a_judge_does_not_judge_its_own_family():
    judges = saying(A, B, B)
    seated = panel(judges, contestants={"family-j1"})
    assert seated.judge([DUEL])[0].label is TIE
    assert not judges[1].asked
    assert seated.card.parameters["left_out"] == ["j1"]
    with pytest.raises(CourseError, match="no judge is left"):
        panel(judges[:1], contestants={"family-j0"})


def test_every_members_words_and_cost_are_kept():
    def costly(_):
        return Verdict(A, raw="said", tokens_in=5, tokens_out=2, cost=Decimal("0.1"))

    verdict = of([ScriptedJudge(costly, "x"), ScriptedJudge(costly, "y")])
    assert [one["raw"] for one in json.loads(verdict.raw)] == ["said", "said"]
    assert (verdict.tokens_in, verdict.tokens_out, verdict.cost) == (10, 4, Decimal("0.2"))


def test_the_card_changes_with_any_member():
    judges = saying(A, B)
    card = panel(judges).card
    judges[1].card = replace(judges[1].card, version="2")
    assert panel(judges).card != card
    assert panel(judges, "mean").card != panel(judges).card


def test_twins_are_refused_and_a_member_that_cannot_work_stops_all():
    with pytest.raises(CourseError, match="twice"):
        panel([ScriptedJudge(), ScriptedJudge()])

    def away(_):
        raise InfraError("away")

    with pytest.raises(InfraError):
        panel([ScriptedJudge(), ScriptedJudge(away, "other")]).judge([DUEL])
