"""The rules for a summary line, each by a text that breaks it and it alone."""

import json
from collections import Counter

import pytest

from graders.assets import ensure_data
from graders.core.messages import Messages
from leaderboard.integrity.injection import kinds_of
from leaderboard.metrics import METRICS
from leaderboard.metrics.rules import RULES, broken

GOOD = (
    "Return the sum of two numbers.",
    "Draw samples from a Poisson distribution, e.g. Poisson counts of J. Smith.",
    "Convert ``x`` to a `list` of 3.5 items - or fail.",
    "Wrap __init__ and _private_name of the class.",
    "Check whether `a > b` holds (as in C#).",
    "Посчитать сумму двух чисел.",
    "Compute f**(-1) mod x**n and pass *args, **kwargs.",
    "Return the user's name, not the signature.",
)

BAD = {
    "one_line": ["Return the sum\nof two numbers.", "Return the sum\u2028of two numbers."],
    "length": ["Return sum now.", "Return " + "very " * 13 + "much."],
    "period": [
        "Return the sum of numbers",
        "Return the sum of numbers...",
        "Is this a sum of two?",
    ],
    "one_sentence": ["Return the sum. It adds numbers.", "Do it! Really add numbers."],
    "no_markdown": [
        "**Return** the sum of numbers.",
        "Return **the whole sum** of numbers.",
        "# Return the sum of numbers.",
        "- Return the sum of numbers.",
        "1. Return the sum of numbers.",
        "Return [the sum](url) of numbers.",
        "Return ```the sum``` of numbers.",
        "Return the __whole sum__ of numbers.",
    ],
    "no_quotes": [
        '"Return the sum of numbers".',
        "«Вернуть сумму двух чисел».",
        'Return """the sum of numbers.',
    ],
    "no_prompt": [
        "Summary: return the sum of numbers.",
        "Sure, return the sum of numbers.",
        "Here is a summary of the numbers.",
        "Return the sum<|im_end|> of numbers.",
        "Return the sum [/INST] of numbers.",
        "One-line summary that returns the sum.",
    ],
    "no_signature": [
        "def add(a, b) returns the sum.",
        "np.add(first, second, third, other) -> the sum.",
    ],
    "visible": ["Return the\u200b sum of numbers.", "Return \x07 the sum of numbers."],
}


@pytest.mark.parametrize("text", GOOD)
def test_a_good_line_breaks_no_rule(text):
    assert broken(text) == ()
    assert METRICS["format"].score([text], [""]) == [1.0]


@pytest.mark.parametrize(
    ("rule", "text"), [(r, text) for r, texts in BAD.items() for text in texts]
)
def test_a_line_breaks_the_rule_that_names_its_fault(rule, text):
    assert broken(text) == (rule,)


def test_every_rule_is_broken_by_some_example_and_has_its_words():
    assert [rule.key for rule in RULES] == list(BAD)
    for lang in ("ru", "en"):
        assert {f"metrics.rule.{key}" for key in BAD} <= Messages.load(lang=lang).keys


@pytest.mark.parametrize("blank", ["", "  \n ", "\u200b\u200b", "\x00"])
def test_an_answer_without_a_visible_character_keeps_nothing(blank):
    assert METRICS["format"].score([blank], ["Return the sum."]) == [0.0]


def test_the_score_is_the_share_of_rules_kept():
    text = "**Return** the sum now"  # markdown, no period
    assert METRICS["format"].score([text, GOOD[0]], ["", ""]).tolist() == pytest.approx(
        [1 - 2 / len(RULES), 1.0]
    )


def test_endless_hostile_texts_are_judged_by_their_beginning():
    for text in ("__a " * 10**6, "a(" * 10**6, "\n" * 10**6 + "x", "." * 10**6, "sure " * 10**6):
        assert broken(text)


@pytest.mark.slow
@pytest.mark.model
def test_people_keep_the_rules_and_most_often_forget_the_period():
    rows = summaries()
    faults = Counter(rule for row in rows for rule in broken(row["summary"]))
    assert faults.most_common(1)[0][0] == "period"
    assert sum(not broken(row["summary"]) for row in rows) >= 0.9 * len(rows)
    assert sum(faults.values()) - faults["period"] <= 0.005 * len(rows)


@pytest.mark.slow
@pytest.mark.model
def test_no_human_summary_looks_like_an_attack_on_a_judge():
    assert [text for row in summaries() if kinds_of(text := row["summary"])] == []


def summaries():
    folder = ensure_data("summaries")
    files = [folder / f"{part}.jsonl" for part in ("train", "public", "private")]
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
