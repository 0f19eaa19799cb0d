"""Properties of seminar 5's judge, diagnosis and report, and the small pieces of its run."""

from __future__ import annotations

import json
import random
import re

import pytest

from reference.seminar5_benchmark.diagnosis import (
    calibration_error,
    contaminated,
    leave_one_context_out,
)
from reference.seminar5_benchmark.judge import parse_verdict, swap_consistency
from reference.seminar5_benchmark.report import report, report_hash


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("[[A]]", "A"),
        ("Both are fine.\nFinal verdict: [[C]].", "tie"),
        ("**Итоговый вердикт:** [[ в ]]", "B"),
        ("［［Ｂ］］\n\n", "B"),
        ("[[A]]\r\n", "A"),
        ("Answer B says [[B]], which is a trick.\n[[A]]", "A"),
        ("[[A]] and that is all", None),
        ("not [[A]]", None),
        ("[[A]] [[B]]", None),
        ("> [[A]]", None),
        ("Verdict: A", None),
        ("", None),
    ],
)
def test_a_reply_has_this_verdict(reply, verdict):
    assert parse_verdict(reply) == verdict


def test_no_text_before_the_last_line_changes_a_verdict():
    rng = random.Random(1)
    pieces = ["[[A]]", "[[B]]", "Verdict:", "\n", "ignore", '"', "```", "[[", "]]", " "]
    for _ in range(300):
        noise = "".join(rng.choices(pieces, k=rng.randint(0, 12)))
        assert parse_verdict(f"{noise}\n[[C]]") == "tie"
        assert parse_verdict(f"{noise}\nSo much for that") is None


def test_a_judge_of_places_is_never_consistent_and_a_judge_of_answers_always():
    lazy = swap_consistency(["A"] * 5, ["A"] * 5)
    assert (lazy["consistent"], lazy["first_position"], lazy["second_position"]) == (0, 1, 0)
    assert lazy["winners"] == ["tie"] * 5
    fair = swap_consistency(["A", "B", "tie"], ["B", "A", "tie"])
    assert fair["consistent"] == 1
    assert fair["winners"] == ["x", "y", "tie"]


def test_contributions_of_an_additive_score_are_its_weights():
    weights = {"one": 0.5, "two": -1.0, "three": 4.0}

    def score(shown):
        return sum(weights[text] for text in shown)

    assert leave_one_context_out(score, list(weights)) == pytest.approx(list(weights.values()))
    # The blind spot: what two passages say, neither is missed for.
    assert leave_one_context_out(lambda shown: float("x" in shown), ["x", "x"]) == [0, 0]


def test_a_calibrated_answerer_has_a_small_error_and_a_braggart_a_large_one():
    rng = random.Random(2)
    sure = [rng.random() for _ in range(4000)]
    fair = [int(rng.random() < s) for s in sure]
    assert calibration_error(sure, fair, 10) < 0.05
    assert calibration_error([0.99] * 100, [1, 0] * 50, 10) == pytest.approx(0.49)


def test_leaks_are_found_whatever_the_case_and_the_marks():
    known = ["To be, or not to be: that is the question."]
    tests = ["OR NOT TO BE", "or not be to", "Быть или не быть", ""]
    assert contaminated(tests, known, 3) == [0]
    assert contaminated(tests, [*known, "быть — или не быть"], 3) == [0, 2]


def findings():
    rows = [
        {
            "id": f"q{n}",
            "task": "toy",
            "question": f"{n} < 3 & so?",
            "gold": "yes",
            "answer": "<script>alert(1)</script>",
            "correct": int(n == 2),
            "confidence": 0.5,
            "kind": "hasty",
        }
        for n in range(4)
    ]
    return rows, [{"task": "toy", "items": 4, "accuracy": 0.25, "low": 0.0, "high": 0.75}]


def test_the_report_runs_nothing_loads_nothing_and_shows_errors_by_id_when_equally_sure():
    page = report("Errors & more", *findings())
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"https?:|src=|href=|@import|url\(", page)
    assert re.findall(r'<article id="(\w+)">', page) == ["q0", "q1", "q3"]
    assert ">4\n" in page


def test_the_reports_hash_is_of_findings_alone():
    rows, tasks = findings()
    base = report_hash(rows, tasks)
    assert report_hash(rows[::-1], tasks) == base
    rows[0]["confidence"] += 1e-9
    assert report_hash(rows, tasks) == base
    rows[0]["confidence"] += 1e-5
    assert report_hash(rows, tasks) != base
    assert base in report("x", *findings())


# ---- the run's pieces --------------------------------------------------------------------------


@pytest.fixture
def tasks():
    from reference.seminar5_benchmark import tasks  # imports torch, which takes seconds

    return tasks


@pytest.mark.slow
def test_items_come_from_the_data_set_by_task(tasks, tmp_path):
    row = {"id": "russe-1", "task": "russe", "language": "ru", "context": "", "question": "да?"}
    row |= {"options": ["Yes", "No"], "answer": 1}
    (tmp_path / "dev.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    found = tasks.load(tmp_path, "dev")
    assert set(found) == set(tasks.NAMES)
    (item,) = found["russe"]
    assert item.turned().options == ("No", "Yes")
    assert item.turned().options[item.turned().answer] == item.options[item.answer] == "No"
    assert item.turned().turned() == item


@pytest.mark.slow
def test_a_prompt_shows_solved_examples_and_ends_where_the_answer_begins(tasks):
    item = tasks.Item("1", "quartz", "", "Closer it is", ("louder", "quieter"), 0)
    shown = tasks.Item("2", "quartz", "", "Ice is", ("hot", "cold"), 1)
    text, options = tasks.prompt_of(item, tasks.Template(shots=1), [shown], None)
    assert text == "Question: Ice is\nAnswer: cold\n\nQuestion: Closer it is\nAnswer:"
    assert options == [" louder", " quieter"]
    text, options = tasks.prompt_of(item, tasks.Template(letters=True), [shown], None)
    assert text == "Question: Closer it is\nA. louder\nB. quieter\nAnswer:"
    assert options == [" A", " B"]


@pytest.mark.slow
def test_confidence_by_bytes_does_not_favour_short_options(tasks):
    item = tasks.Item("1", "quartz", "", "?", ("a", "b" * 10), 1)
    answer = tasks.answer_of(item, [-2.0, -19.0], [" a", " " + "b" * 10], "byte")
    assert (answer.choice, answer.correct) == (0, 0)
    equal = tasks.answer_of(item, [-2.0, -11.0], ["aa", "b" * 11], "byte")
    assert equal.confidence == pytest.approx(0.5)
    raw = tasks.answer_of(item, [-2.0, -19.0], [" a", " " + "b" * 10], "sum")
    assert raw.confidence > 0.999


@pytest.mark.slow
def test_an_interval_of_equal_outcomes_is_no_point():
    from reference.seminar5_benchmark.trials import Subject

    subject = Subject(None, None, 20)
    assert subject.mean([1.0] * 15) == pytest.approx([1, 0.8, 1])
    assert subject.mean([0.0] * 60) == pytest.approx([0, 0, 0.05])
    assert subject.mean([0.0, 0.0]) == [0, 0, 1]
    mean, low, high = subject.mean([0.0, 1.0] * 20)
    assert low < mean == 0.5 < high
