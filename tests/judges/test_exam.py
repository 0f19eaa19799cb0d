"""The licence exam: who passes, who does not, and what the shipped items are."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from graders.core.errors import CourseError
from leaderboard.judges import exam
from leaderboard.judges.ledger import Ledger
from leaderboard.judges.pairs import KINDS
from leaderboard.judges.words import read_prompt, words
from leaderboard.records import JudgeCard, Label, Verdict

ITEMS = exam.items()
BETTER = {item.prompt: set() for item in ITEMS}
for one in ITEMS:
    BETTER[one.prompt].add(one.first if one.label is Label.FIRST else one.second)


class Scripted:
    """Answers each duel by a function."""

    def __init__(self, say, name="scripted"):
        self.say, self.asked = say, 0
        self.card = JudgeCard(name, "test", "1")

    def judge(self, duels):
        self.asked += len(duels)
        return [Verdict(self.say(duel)) for duel in duels]


def right(duel):
    return Label.FIRST if duel.first in BETTER[duel.question.prompt] else Label.SECOND


def wrong(duel):
    return Label.SECOND if right(duel) is Label.FIRST else Label.FIRST


def examined(say, tmp_path):
    return exam.examine(Scripted(say), ITEMS, Ledger.open(tmp_path / "ledger.jsonl"))


def test_a_judge_that_is_always_right_is_licensed(tmp_path):
    found = examined(right, tmp_path)
    assert found.licensed
    assert (found.accuracy.value, found.kappa, found.swap_consistency) == (1, 1, 1)
    assert set(found.by_kind.values()) == {Decimal(1)}
    assert found.first_position.value == Decimal("0.5")


@pytest.mark.parametrize(
    "say",
    [
        wrong,
        lambda duel: Label.FIRST,
        lambda duel: Label.TIE,
        lambda duel: right(duel) if len(duel.first) % 2 else wrong(duel),
    ],
    ids=["always wrong", "always the first", "always a tie", "a coin"],
)
def test_a_judge_no_better_than_a_coin_gets_no_licence(say, tmp_path):
    assert not examined(say, tmp_path).licensed


def test_the_first_position_is_worth_nothing(tmp_path):
    found = examined(lambda duel: Label.FIRST, tmp_path)
    assert (found.accuracy.value, found.swap_consistency, found.kappa) == (Decimal("0.5"), 0, 0)
    assert found.first_position.low > Decimal("0.98")


def test_a_right_judge_that_often_says_nothing_gets_no_licence(tmp_path):
    def shy(duel):
        return None if "grid" in duel.question.prompt else right(duel)

    found = examined(shy, tmp_path)
    assert found.coverage == Decimal("0.975") < exam.COVERAGE
    assert found.accuracy.low > Decimal("0.8")
    assert not found.licensed


def test_what_the_ledger_knows_is_not_asked_again(tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    judge = Scripted(right)
    first = exam.examine(judge, ITEMS, ledger)
    asked = judge.asked
    assert exam.examine(judge, ITEMS, ledger) == first
    assert judge.asked == asked


def test_the_shipped_exam_is_large_varied_and_balanced():
    kinds = Counter(item.kind for item in ITEMS)
    assert len(ITEMS) >= 120
    assert len(kinds) >= 12
    assert {"null", "injected", "master_key", "delimiter", "flood"} < set(kinds)
    assert Counter(item.label for item in ITEMS) == {Label.FIRST: 80, Label.SECOND: 80}
    assert len({item.id for item in ITEMS}) == len(ITEMS)


def test_half_of_the_exam_is_of_kinds_that_no_judge_is_trained_on():
    unseen = [item for item in ITEMS if item.kind not in KINDS]
    assert len(unseen) > len(ITEMS) / 2


def test_every_better_summary_keeps_the_rules_of_the_competition():
    for prompt, better in BETTER.items():
        (summary,) = better
        assert 4 <= len(summary.split()) <= 14
        assert summary.endswith(".")
        assert 25 <= len(words(read_prompt(prompt).description)) <= 200


def test_a_wrong_detail_is_no_longer_than_the_right_one_by_much():
    gaps = []
    for item in ITEMS:
        if item.kind == "wrong_detail":
            sizes = [len(item.first), len(item.second)]
            gaps.append(sizes[0] - sizes[1] if item.label is Label.FIRST else sizes[1] - sizes[0])
    assert abs(sum(gaps) / len(gaps)) < 8  # characters: length alone does not pass


def test_the_longer_and_the_shorter_answer_do_not_pass_for_the_better_one_on_wrong_details():
    details = [item for item in ITEMS if item.kind == "wrong_detail"]
    longer = sum(
        (len(item.first) > len(item.second)) == (item.label is Label.FIRST) for item in details
    )
    assert 0.25 < longer / len(details) < 0.75


def test_the_digest_tells_exams_apart():
    assert exam.exam_digest(ITEMS) != exam.exam_digest(ITEMS[1:])
    assert exam.exam_digest(ITEMS) != exam.exam_digest(ITEMS[::-1])


@pytest.mark.parametrize("items", [(), (ITEMS[0], ITEMS[0])])
def test_an_exam_without_items_or_with_one_twice_is_refused(items, tmp_path):
    with pytest.raises(CourseError):
        exam.examine(Scripted(right), items, Ledger.open(tmp_path / "ledger.jsonl"))
