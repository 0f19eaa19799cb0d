"""The data set "benchmark": how messages are taken apart, and what a wheel of ours gives."""

import json

import pytest

from graders.assets import benchmark, datasets, ensure_data, student_files, student_parts
from graders.assets.benchmark import TASKS, rows_of
from graders.assets.cache import sha256_of
from graders.assets.sources import Made
from graders.core.errors import InfraError

BY_NAME = {task.name: task for task in TASKS}
MESSAGES = {
    "quartz": ("Why is it {n}?\n\n A: warm\n B: cold", "B"),
    "fcc_amateur_extra": ("What is {n}?\nA. one\nB. two: A\nC. three\nD. four\n", "C"),
    "socialiqa": ("Ann met B: {n}. What next? A: go; B: stay, and sit; C: sleep.", "B"),
    "unsolvable_questions": ("Question: Who is {n}?\n Context: Some {n}\n of them.", "Unsolveable"),
    "rucola": ("Предложение номер {n}.", "Acceptable"),
    "russe": ("Sentence A: {n}\nSentence B: два\nQuestion: same?\nAnswer:", "No"),
}


def wheel(shop, monkeypatch, count=40):
    members = {"evals-1.0.dist-info/LICENSE.md": b"a licence"}
    for task in TASKS:
        text, ideal = MESSAGES[task.name]
        rows = [
            {"input": [{"content": "?"}, {"content": text.format(n=n)}], "ideal": ideal}
            for n in [*range(count), 0]
        ]
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        members[f"evals/registry/data/{task.file}"] = lines.encode()
    source = shop.sell("evals", members, f"evals/registry/data/{TASKS[0].file}")
    monkeypatch.setattr(benchmark, "SARCASM", source)
    monkeypatch.setattr(benchmark, "BENCHMARK", Made("toy", 1, {}))


@pytest.mark.parametrize(
    ("task", "question", "options", "answer"),
    [
        ("quartz", "Why is it 7?", ["warm", "cold"], 1),
        ("fcc_amateur_extra", "What is 7?", ["one", "two: A", "three", "four"], 2),
        ("socialiqa", "Ann met B: 7. What next?", ["go", "stay, and sit", "sleep"], 1),
        ("unsolvable_questions", "Who is 7?", ["Solveable", "Unsolveable"], 1),
        ("rucola", "Предложение номер 7.", ["Acceptable", "Hallucination"], 0),
        ("russe", "Sentence A: 7\nSentence B: два\nQuestion: same?", ["Yes", "No"], 1),
    ],
)
def test_a_message_is_taken_apart(task, question, options, answer):
    text, ideal = MESSAGES[task]
    (row,) = rows_of(BY_NAME[task], [(text.format(n=7), ideal)])
    assert (row["question"], row["options"], row["answer"]) == (question, options, answer)
    assert row["context"] == ("Some 7\n of them." if task == "unsolvable_questions" else "")


def test_a_text_stands_once_whatever_its_case_and_the_order_of_its_options():
    twins = [("Is it?\n\n A: up\n B: down", "A"), ("is it?\n\n A: down\n B: up", "B")]
    assert len(rows_of(BY_NAME["quartz"], twins)) == 1


def test_rows_without_one_right_answer_are_left_out():
    equal = ("Is it?\n\n A: up\n B: up", "A")
    two_at_once = ("Is it?" + "\nA. a\nB. b\nC. c\nD. d" * 2, "A")
    assert rows_of(BY_NAME["quartz"], [equal]) == []
    assert rows_of(BY_NAME["fcc_amateur_extra"], [two_at_once]) == []


@pytest.mark.parametrize(
    ("task", "text", "ideal"),
    [
        ("quartz", "no options", "A"),
        ("quartz", "Is it?\n\n A: up\n B: down", "C"),
        ("socialiqa", "What? A: go; B: stay", "A"),
        ("unsolvable_questions", "Who is it?", "Solveable"),
        ("russe", "Sentence", "Maybe"),
    ],
)
def test_a_row_of_another_shape_is_refused(task, text, ideal):
    with pytest.raises(InfraError, match="not as it was"):
        rows_of(BY_NAME[task], [(text, ideal)])


def test_both_parts_are_made_of_the_wheel_and_share_no_row(shop, monkeypatch):
    wheel(shop, monkeypatch)
    folder = ensure_data("benchmark")
    parts = {
        name: [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        for name in ("dev", "test")
    }
    assert len(parts["dev"]) == 6 * benchmark.DEV_ROWS
    assert len(parts["test"]) == 6 * (40 - benchmark.DEV_ROWS)
    ids = [row["id"] for rows in parts.values() for row in rows]
    assert len(set(ids)) == len(ids)
    told = json.loads((folder / "manifest.json").read_text())
    assert told["counts"]["dev"] == {task.name: benchmark.DEV_ROWS for task in TASKS}
    assert (folder / "LICENSES.md").read_bytes() == b"a licence"


def test_students_may_have_all_of_it(shop, monkeypatch):
    wheel(shop, monkeypatch)
    assert student_parts("benchmark") == ("dev", "test")
    files = student_files("benchmark", ensure_data("benchmark"))
    assert set(files) == {"dev.jsonl", "test.jsonl", "LICENSES.md", "manifest.json"}
    assert not datasets.hidden_values("benchmark", ensure_data("benchmark")).texts


@pytest.mark.model
def test_the_real_parts_are_the_pinned_ones():
    folder = ensure_data("benchmark")
    for name, expected in benchmark.BENCHMARK.prepared.items():
        assert sha256_of(folder / name) == expected
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]
    assert all(len(set(row["options"])) == len(row["options"]) for row in rows)
    assert {row["task"] for row in rows} == set(BY_NAME)
