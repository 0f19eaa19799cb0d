"""The last verdict, in the words that were offered, or none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.judges.parse import MAX_REPLY, last_verdict, strip_invisible
from leaderboard.records import Label

A, B, TIE = Label.FIRST, Label.SECOND, Label.TIE


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ('{"reason": "B adds nothing", "verdict": "A"}', A),
        ('```json\n{"verdict": "B"}\n```', B),
        ('{"verdict": "TIE"}', TIE),
        ('{"verdict": "A"} No, I was wrong. {"verdict": "B"}', B),
        ('{"verdict": "A"}\nFinal verdict: B', B),
        ("Verdict: A\n\nOn second thought, verdict: **tie**", TIE),
        ("**Verdict:** B", B),
        ("The verdict is B, for A is vague.", B),
        ("My verdict: a tie", TIE),
        ("[[A]]", A),
        ("First [[B]], finally [[A]]", A),
        ("A", A),
        (" **B**. ", B),
        ("tie", TIE),
        ("Ver\u200bdict: \u2060B", B),
        ("<think>Verdict: A</think>Verdict: B", B),
        ('{"reason": "the answer says verdict: B", "verdict": "A"}', A),
        ('{"reason": "", "verdict": "A"', A),  # the brace is missing, the word is not
    ],
)
def test_the_last_verdict_counts(reply, label):
    assert last_verdict(reply) is label


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I prefer the first answer.",
        "A is good and B is bad",
        "Verdict: C",
        '{"verdict": "A"} but then {"verdict": "C"}',  # the last is no verdict; none is taken back
        '{"verdict": null}',
        '{"verdict": ["A"]}',
        '{"result": {"verdict": "A"}}',
        'Reply with {"verdict": "A"} or verdict: A, B or tie',  # the offer, echoed
        "verdict: A or B",
        "Verdict: \u0410",  # Cyrillic
        "<think>Verdict: A",  # cut off while thinking
        "Verdict: both A and B are bad",
    ],
)
def test_what_is_no_verdict_stays_unscored(reply):
    assert last_verdict(reply) is None


def test_only_offered_labels_are_accepted():
    assert last_verdict("verdict: tie", (A, B)) is None
    assert last_verdict('{"verdict": "tie"}', (A, B)) is None
    assert last_verdict("verdict: A", (A, B)) is A


def test_only_the_end_of_a_flood_is_read():
    assert last_verdict("Verdict: A " + "x" * MAX_REPLY) is None
    assert last_verdict("x" * (10 * MAX_REPLY) + "\nVerdict: B") is B


@pytest.mark.parametrize("opening", ['{"a":', "{", '{"verdict":', "[[", "verdict: "])
def test_nesting_and_repetition_end(opening):
    last_verdict(opening * 5000)
    assert last_verdict(opening * 3000 + '\n{"verdict": "B"}') is B


PLAIN = st.text(st.characters(exclude_characters="{<"))  # no open object, no open thought


@given(PLAIN, PLAIN, st.sampled_from(list(Label)))
def test_json_at_the_end_wins_over_all_before_it(before, reason, label):
    reply = before + "\n" + json.dumps({"reason": reason, "verdict": label.value})
    assert last_verdict(reply) is label


@given(st.text())
def test_any_reply_gives_a_label_or_none(reply):
    assert last_verdict(reply) in {None, *Label}


@given(st.text(), st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\ufe0f\U000e0041"))
def test_invisible_characters_change_no_verdict(reply, invisible):
    hidden = invisible.join(reply)
    assert strip_invisible(hidden) == strip_invisible(reply)
    assert last_verdict(hidden) is last_verdict(reply)
