"""What every judge must do, whoever it is: one suite for all back ends.

The local back end is held to it with a tiny model of random weights; what a real one adds is its
own tokenizer and weights (`test_local.py`).
"""

import json
import random
import re
from contextlib import contextmanager

import pytest

from graders.core.canonical import canonical
from leaderboard.judges import Ledger, ReplayJudge, panel, verdicts
from leaderboard.judges.config import EndpointTable
from leaderboard.judges.entries import card_data
from leaderboard.records import Duel, Label, Question
from tests.judges.scripted import BAD, GOOD, ODD, ScriptedJudge, question
from tests.judges.server import said, serving

SALT = b"a salt of sixteen bytes or more"


@contextmanager
def scripted(_):
    yield ScriptedJudge()


@contextmanager
def endpoint(_):
    from leaderboard.judges.endpoint import EndpointJudge

    def rule(body, _):
        content = body["messages"][1]["content"]
        found = re.search(r"=== A (\w+)\n(.*)\n=== B \1\n(.*)\n=== end \1", content, re.DOTALL)
        if found is None:  # the probe
            return said('{"reason": "", "verdict": "A"}')
        first, second = len(found[2]), len(found[3])
        verdict = "tie" if first == second else "A" if first > second else "B"
        return said(json.dumps({"reason": f"{first} {second}", "verdict": verdict}))

    with serving(rule) as server:
        told = {"kind": "endpoint", "name": "remote", "family": "remote", "base_url": server.url,
                "model": "m", "budget": {"tokens": 10**9}}  # fmt: skip
        yield EndpointJudge(EndpointTable.model_validate(told), salt=SALT)


@contextmanager
def local(tmp_path_factory):
    from leaderboard.judges.local import LocalJudge, LocalOptions
    from tests.judges.tiny import make

    # With these random weights it gives both labels; other words of the prompt may need others.
    folder = make(tmp_path_factory.mktemp("tiny"), seed=1)
    yield LocalJudge(folder, SALT, LocalOptions("tiny", "random", "float32", batch_tokens=2048))


@contextmanager
def trained(_):
    from leaderboard.judges.trained import TrainedJudge

    yield TrainedJudge.load()


@contextmanager
def seated(_):
    yield panel([ScriptedJudge(name="one"), ScriptedJudge(name="two")])


SLOW, SLOW_MODEL = [pytest.mark.slow], [pytest.mark.slow, pytest.mark.model]


@pytest.fixture(
    scope="module",
    params=[
        scripted,
        endpoint,
        seated,
        pytest.param(local, marks=SLOW),
        pytest.param(trained, marks=SLOW_MODEL),
    ],
    ids=lambda make: make.__name__,
)
def judge(request, tmp_path_factory):
    with request.param(tmp_path_factory) as made:
        yield made


QUESTIONS = [
    Question(f"q{n}", "pkg", f"f{n}(x)\n\n" + "Return the items of x in order. " * (n + 1), "")
    for n in range(3)
]
DUELS = [
    duel
    for number, one in enumerate(QUESTIONS)
    for other in (BAD, "Sort" + " again" * number)
    for duel in (Duel(one, GOOD, other), Duel(one, other, GOOD))
]


def test_each_duel_gets_one_verdict_in_order(judge):
    found = judge.judge(DUELS)
    assert len(found) == len(DUELS)
    assert list(judge.judge([])) == []
    alone = [judge.judge([duel])[0].label for duel in DUELS[::3]]
    assert [one.label for one in found[::3]] == alone


def test_a_verdict_has_a_label_or_a_reason_and_a_sound_confidence(judge):
    for one in judge.judge(DUELS):
        assert (one.label is None) == bool(one.why)
        assert one.label is None or one.label in Label
        assert one.confidence is None or 0 <= one.confidence <= 1
        assert min(one.tokens_in, one.tokens_out, one.cost) >= 0


def test_both_labels_are_given(judge):
    assert {Label.FIRST, Label.SECOND} <= {one.label for one in judge.judge(DUELS)}


def test_place_in_the_batch_changes_no_verdict(judge):
    order = list(range(len(DUELS)))
    random.Random(7).shuffle(order)
    mixed = judge.judge([DUELS[place] for place in order])
    straight = judge.judge(DUELS)
    assert [one.label for one in mixed] == [straight[place].label for place in order]


def test_asking_twice_gives_the_same_verdicts(judge):
    assert list(judge.judge(DUELS)) == list(judge.judge(DUELS))


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_no_answer_breaks_a_judge(judge, odd):
    found = judge.judge([Duel(question(), odd, GOOD), Duel(question(), GOOD, odd)])
    assert len(found) == 2
    assert all((one.label is None) == bool(one.why) for one in found)


def test_the_card_is_plain_and_stays(judge):
    card = judge.card
    judge.judge(DUELS[:1])
    assert judge.card == card
    assert canonical(card_data(card))
    assert card.name
    assert card.family
    assert card.version
    assert card.prompt_version


def test_the_ledger_gives_the_same_verdicts_again_without_the_judge(judge, tmp_path):
    path = tmp_path / "ledger.jsonl"
    first = verdicts(judge, DUELS, Ledger.open(path))
    content = path.read_bytes()
    again = Ledger.open(path)
    assert verdicts(ReplayJudge(judge.card, again), DUELS, again) == first
    assert verdicts(judge, DUELS, again) == first
    assert path.read_bytes() == content
