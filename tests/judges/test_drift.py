"""The sentinel notices a judge that changed under its name, and no honest one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from graders.core.errors import CourseError
from leaderboard.judges import drift
from leaderboard.records import Duel, JudgeCard, Label, Question, Verdict

DUELS = [Duel(Question(f"q{n}", "", f"prompt {n}", ""), f"a{n}", f"b{n}") for n in range(100)]


class Scripted:
    """Says A, but B to every duel below `turned` and nothing to those from `silent` on."""

    def __init__(self, turned=0, silent=100, version="1"):
        self.turned, self.silent = turned, silent
        self.card = JudgeCard("scripted", "test", version)

    def judge(self, duels):
        found = []
        for duel in duels:
            number = int(duel.question.id[1:])
            label = Label.SECOND if number < self.turned else Label.FIRST
            found.append(Verdict(None if number >= self.silent else label))
        return found


def test_the_same_judge_has_not_drifted():
    sentinel = drift.record(Scripted(), DUELS)
    found = drift.check(Scripted(), DUELS, sentinel)
    assert (found.drifted, found.changed.value, found.p_value) == (False, 0, 1)
    assert drift.flag(found) == ()


@pytest.mark.parametrize(("turned", "drifted"), [(2, False), (4, False), (6, True), (40, True)])
def test_more_changes_than_the_tolerated_share_explains_are_drift(turned, drifted):
    """P(X ≥ 5 | n = 100, p = 0.02) = 0.0508, P(X ≥ 6) = 0.0155."""
    sentinel = drift.record(Scripted(), DUELS)
    found = drift.check(Scripted(turned), DUELS, sentinel)
    assert found.drifted is drifted
    assert found.changed.value == Decimal(turned) / 100


def test_p_value_is_the_binomial_tail():
    sentinel = drift.record(Scripted(), DUELS)
    assert drift.check(Scripted(5), DUELS, sentinel).p_value == Decimal("0.0508")


def test_a_verdict_that_is_missing_now_is_a_change():
    sentinel = drift.record(Scripted(), DUELS)
    assert drift.check(Scripted(silent=80), DUELS, sentinel).drifted


def test_another_version_is_drift_even_when_it_says_the_same():
    sentinel = drift.record(Scripted(), DUELS)
    found = drift.check(Scripted(version="2"), DUELS, sentinel)
    assert found.version_changed
    (flag,) = drift.flag(found)
    assert flag.key == "leaderboard.frozen.drift"
    assert flag.args["version_changed"] is True


def test_the_record_of_other_duels_is_refused():
    sentinel = drift.record(Scripted(), DUELS)
    with pytest.raises(CourseError, match="other duels"):
        drift.check(Scripted(), DUELS[1:], sentinel)


def test_a_sentinel_without_duels_is_refused():
    with pytest.raises(CourseError):
        drift.record(Scripted(), [])


def test_a_record_comes_back_from_its_file(tmp_path):
    sentinel = drift.record(Scripted(turned=30, silent=90), DUELS)
    drift.save(sentinel, tmp_path / "sentinel.json")
    assert drift.load(tmp_path / "sentinel.json") == sentinel


@pytest.mark.parametrize("text", ["", "[]", '{"format": 9}', '{"format": 1, "judge": "x"}'])
def test_a_broken_record_is_refused_with_its_name(tmp_path, text):
    path = tmp_path / "sentinel.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        drift.load(path)
    assert "sentinel.json" in str(caught.value)


def test_the_shipped_duels_are_enough_to_notice_a_coin():
    duels = drift.shipped_duels()
    assert len(duels) == 80
    assert len({duel.question.id for duel in duels}) == 80
