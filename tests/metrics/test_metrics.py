"""Metrics: found by their files, declared, checked, and scored once for each pair of texts."""

import subprocess
import sys

import numpy as np
import pytest

from graders.core.errors import CourseError
from leaderboard.metrics import METRICS, discover, per_item
from leaderboard.metrics.declare import Declared, Metric, checked
from leaderboard.metrics.texts import MAX_CHARS, scorable, words
from leaderboard.records import Entrant, Question

SHARE_OF_A = '''"""How much of an answer is the letter a."""

from leaderboard.metrics.declare import metric


@metric(higher_is_better=False)
def score(answers, references):
    """Return shares."""
    return [answer.count("a") / len(answer) for answer in answers]
'''


def question(n, reference="Return the sum."):
    return Question(f"q{n}", "package", "prompt", reference)


def scorer(raw, higher_is_better=True):
    return checked("mine", Declared(raw, higher_is_better))


def test_the_metrics_of_the_competition_are_there_and_higher_is_better():
    assert list(METRICS) == ["chrf", "cosine", "format", "rouge_l"]
    assert all(metric.higher_is_better for metric in METRICS.values())


def test_importing_the_metrics_imports_no_library_of_theirs():
    code = (
        "import sys, leaderboard.metrics, leaderboard.integrity\n"
        "heavy = {'numpy', 'scipy', 'evaluate', 'datasets', 'torch', 'rouge_score', 'sacrebleu'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_new_file_is_a_new_metric_with_its_direction(tmp_path):
    (tmp_path / "share_of_a").mkdir()
    (tmp_path / "share_of_a" / "share_of_a.py").write_text(SHARE_OF_A)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "helper.py").write_text("raise RuntimeError('no metric')")
    found = discover(tmp_path)
    assert list(found) == ["share_of_a"]
    assert not found["share_of_a"].higher_is_better
    assert found["share_of_a"].score(["aab", " "], ["", ""]).tolist() == [2 / 3, 1.0]


@pytest.mark.parametrize("text", ["x = 1", "1 / 0", SHARE_OF_A + "\nother = score\nother2 = 1 +"])
def test_a_file_that_declares_no_metric_is_named(tmp_path, text):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "bad.py").write_text(text)
    with pytest.raises(CourseError) as caught:
        discover(tmp_path)
    assert "bad.py" in caught.value.where


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.001, 1.001])
def test_a_score_that_is_no_number_from_0_to_1_stops_the_metric(value):
    with pytest.raises(CourseError, match="not a number from 0 to 1"):
        scorer(lambda answers, _: [0.5, value])(["a", "b"], ["", ""])


def test_as_many_scores_as_answers_or_none():
    with pytest.raises(CourseError, match="shape"):
        scorer(lambda answers, _: [0.5])(["a", "b"], ["", ""])
    with pytest.raises(CourseError, match="2 answers"):
        scorer(lambda answers, _: [0.5])(["a", "b"], [""])


def test_blank_answers_get_the_worst_score_without_being_asked_about():
    def refuse(answers, references):
        raise AssertionError(answers)

    assert scorer(refuse)(["", " \n", "\u200b"], ["", "", ""]).tolist() == [0, 0, 0]
    assert scorer(refuse, higher_is_better=False)([""], [""]).tolist() == [1]
    assert scorer(refuse)([], []).shape == (0,)


def test_texts_are_cut_and_hold_no_lone_surrogates_when_they_are_scored():
    seen = []
    scorer(lambda answers, references: seen.extend([*answers, *references]) or [0.0])(
        ["\ud800x" + "y" * 10**6], ["ok \udfff"]
    )
    assert seen == ["\ufffdx" + "y" * (MAX_CHARS - 2), "ok \ufffd"]
    assert scorable("Слово 🙂") == "Слово 🙂"


def test_words_are_of_any_script_without_case_and_underscores():
    assert words("Sort_by KEY-2, «Ёлка» ﬁx!") == ["sort", "by", "key", "2", "ёлка", "fix"]


def test_chrf_of_a_short_pair_is_what_a_hand_computes():
    # "ab" against "ab c" without spaces. 1-grams: P 2/2, R 2/3; 2-grams: P 1/1, R 1/2; none of
    # length 3 in the answer. Means P = 1, R = 7/12; F2 = 5·P·R / (4·P + R) = 7/11.
    assert METRICS["chrf"].score(["ab"], ["ab c"])[0] == pytest.approx(7 / 11, abs=1e-12)


def test_chrf_is_that_of_sacrebleu():
    from sacrebleu.metrics.chrf import CHRF

    answers = ["Return the sum.", "Вернуть сумму чисел", "x", "a" * 3000, "Sum of\nvalues  here."]
    references = ["Returns the sum of values.", "Вернуть сумму.", "y", "a" * 40, "Sum of values."]
    expected = [
        CHRF().sentence_score(answer[:MAX_CHARS], [reference]).score / 100
        for answer, reference in zip(answers, references, strict=True)
    ]
    assert METRICS["chrf"].score(answers, references).tolist() == pytest.approx(expected, abs=1e-12)
    assert METRICS["chrf"].score(["Ab c"] * 2, ["Ab c", ""]).tolist() == [1.0, 0.0]


def counting(calls):
    def score(answers, references):
        calls.append(list(zip(answers, references, strict=True)))
        return np.array([len(a) / 100 + len(r) / 1000 for a, r in calls[-1]])

    return {"lengths": Metric("lengths", True, score)}


def test_per_item_puts_each_score_where_it_belongs():
    questions = [question(1, "r"), question(2, "rr"), question(3, "rrr")]
    entrants = [
        Entrant("one", {"q3": "aaa", "q1": "a", "q2": "aa", "q9": "not asked"}),
        Entrant("two", {"q1": "a", "q2": "bbbb", "q3": ""}),
    ]
    found = per_item(["lengths"], entrants, questions, counting([]))
    expected = [[0.011, 0.022, 0.033], [0.011, 0.042, 0.003]]
    assert found["lengths"].tolist() == pytest.approx(np.array(expected))


def test_per_item_scores_the_same_pair_once():
    calls = []
    questions = [question(1), question(2), question(3, "Other.")]
    entrants = [Entrant(name, {f"q{n}": "same" for n in (1, 2, 3)}) for name in "abc"]
    per_item(["lengths"], entrants, questions, counting(calls))
    assert calls == [[("same", "Return the sum."), ("same", "Other.")]]


def test_per_item_of_nobody_or_of_nothing_is_empty():
    assert per_item(["chrf"], [], [question(1)])["chrf"].shape == (0, 1)
    assert per_item(["chrf"], [Entrant("a", {})], [])["chrf"].shape == (1, 0)


def test_per_item_refuses_an_unknown_metric_and_a_question_without_an_answer():
    with pytest.raises(CourseError, match="there is no metric 'bleu'"):
        per_item(["bleu"], [], [])
    with pytest.raises(CourseError) as caught:
        per_item(["chrf"], [Entrant("a", {"q1": "x"})], [question(1), question(2)])
    assert caught.value.where == "a, question q2"
