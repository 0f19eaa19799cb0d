"""The run's reports on answers that need no model."""

from __future__ import annotations

import json
import random

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def reported():
    """Return a function that reports invented answers into a folder."""
    from reference.experiment import Report, Setting
    from reference.seminar5_benchmark import checks, run
    from reference.seminar5_benchmark.tasks import NAMES, Answer, Item
    from reference.seminar5_benchmark.trials import Subject

    def make(folder, seed=3, skill=0.9):
        rng = random.Random(seed)
        drawn, answers = {}, {}
        for name in NAMES:
            drawn[name] = [
                Item(f"{name}-{n}", name, f"p{n // 2}", f"question {n} of {name}", ("a", "b"), 0)
                for n in range(20)
            ]
            right = [int(rng.random() < skill) for _ in drawn[name]]
            answers[name] = [Answer(1 - r, 0.5 + rng.random() / 2, r) for r in right]
        told = Setting(folder, {}, None, folder / "out", 20, 1.0)
        report, subject = Report(5, "toys", told), Subject(None, None, 20)
        known = {name: items[:2] for name, items in drawn.items()}
        report.reading(*run.accuracies(subject, drawn, answers, report))
        report.reading(*checks.calibration(subject, answers, report))
        report.reading(*checks.leaks(drawn, known, report))
        run.write_page(subject, drawn, answers, told, report)
        return json.loads(report.finish().read_text(encoding="utf-8"))

    return make


def test_equal_answers_have_equal_hashes_and_pages_and_others_have_not(reported, tmp_path):
    one, two, other = (reported(tmp_path / str(n), seed) for n, seed in enumerate((3, 3, 4)))
    assert one["hash"] == two["hash"] != other["hash"]
    pages = [(tmp_path / str(n) / "out" / "errors.html").read_bytes() for n in range(3)]
    assert pages[0] == pages[1] != pages[2]
    assert one["results"]["errors_hash"].encode() in pages[0]
    for name in ("accuracy.svg", "calibration.svg"):
        assert (tmp_path / "0" / "out" / name).stat().st_size > 1000


def test_what_is_read_out_of_the_numbers_follows_them(reported, tmp_path):
    able = " ".join(reported(tmp_path / "able", skill=0.95)["reading"])
    assert "above chance on quartz, fcc_amateur_extra" in able
    assert "underconfident" in able
    guessing = " ".join(reported(tmp_path / "guessing", skill=0.3)["reading"])
    assert "above chance on no task" in guessing
    assert "The model is overconfident" in guessing


def test_an_error_has_one_kind_and_a_right_answer_none():
    from reference.seminar5_benchmark.run import kind_of
    from reference.seminar5_benchmark.tasks import Answer, Item

    item = Item("1", "quartz", "", "?", ("long one", "b", "cc"), 0)
    assert kind_of(item, Answer(0, 0.9, 1)) == ""
    assert kind_of(item, Answer(1, 0.9, 0)) == "sure and wrong"
    assert kind_of(item, Answer(1, 0.4, 0)) == "a coin's throw"
    assert kind_of(item, Answer(1, 0.6, 0)) == "the shortest option"
    assert kind_of(item, Answer(2, 0.6, 0)) == "a distractor"


def test_the_question_that_every_item_of_russe_asks_is_no_leak():
    from reference.seminar5_benchmark.checks import _own_words
    from reference.seminar5_benchmark.tasks import Item

    asked = 'Sentence A: раз\nSentence B: два\nQuestion: Is word "x" used in the same meaning?'
    assert "Is word" not in _own_words(Item("1", "russe", "", asked, ("Yes", "No"), 0))
