"""The data set "documentation": out of the summaries that students have, and of nothing else."""

import json
from collections import Counter

import pytest

from graders.assets import datasets, documentation, ensure_data, hidden_values, student_files
from graders.assets.cache import sha256_of
from graders.assets.sources import DOCUMENTATION
from graders.assets.summaries.alike import even
from graders.core.errors import CourseError


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def made(tmp_path):
    """Make the set out of four invented summaries and one document without an answer."""
    told = {"package": "pandas", "name": "f", "signature": "def f(x)"}
    train = [
        {**told, "id": "s1", "document": "Reads one row.", "summary": "Take a line."},
        {**told, "id": "s3", "document": "Writes it down.", "summary": "Keep the row!"},
        {**told, "id": "s2", "document": "Adds up. Take THE sum", "summary": "Sum of all."},
        {**told, "id": "s4", "document": "Gives it.", "summary": "Take the sum.", "package": "jax"},
    ]
    test = [{"id": "s0", "name": "g", "signature": "def g()", "document": "Sleeps."}]
    summaries = tmp_path / "summaries"
    summaries.mkdir()
    write(summaries / "train.jsonl", train)
    write(summaries / "test.jsonl", test)
    (summaries / "LICENSES.txt").write_text("free", encoding="utf-8")
    files = {f"{name}.jsonl": {"sha256": name} for name in ("train", "test")}
    manifest = {"packages": [{"package": "pandas"}], "files": files}
    (summaries / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    part = tmp_path / "part"
    part.mkdir()
    facts = documentation.prepare(part, lambda _line: None, lambda name, _say: tmp_path / name)
    return part, facts


def test_every_document_can_be_found_and_none_tells_a_summary(made):
    part, _ = made
    documents = rows_of(part / "documents.jsonl")
    assert [row["id"] for row in documents] == ["s0", "s1", "s2", "s3", "s4"]
    assert {tuple(row) for row in documents} == {("id", "name", "signature", "document")}


def test_a_question_that_a_document_repeats_is_not_asked(made):
    part, facts = made
    asked = rows_of(part / "test.jsonl")
    assert [(row["id"], row["document"], row["query"]) for row in asked] == [
        ("q1", "s1", "Take a line."),
        ("q3", "s3", "Keep the row!"),
        ("q2", "s2", "Sum of all."),
    ]
    assert rows_of(part / "train.jsonl") == []  # its only question stands in another document
    assert facts["counts"]["documents"] == {"rows": 5, "answering": 3}
    assert facts["counts"]["test"] == {"rows": 3, "packages": {"pandas": 3}}
    assert facts["made_of"]["summaries"]["train.jsonl"] == {"sha256": "train"}
    assert (part / "LICENSES.txt").read_text(encoding="utf-8") == "free"


def test_a_students_copy_says_that_the_set_comes_with_the_bundle(monkeypatch, tmp_path):
    monkeypatch.setenv("ZACHETKA_CACHE", str(tmp_path))
    # What an import finds where the staff's modules are not in the wheel.
    monkeypatch.setitem(__import__("sys").modules, "graders.assets.documentation", None)
    with pytest.raises(CourseError, match="the hidden part is the staff's") as refused:
        ensure_data("documentation")
    assert refused.value.where == "documentation"


@pytest.mark.model
def test_the_pinned_set_tells_no_answer_and_shares_no_package_between_its_parts():
    folder = ensure_data("documentation")
    for name, expected in DOCUMENTATION.prepared.items():
        assert sha256_of(folder / name) == expected
    documents = {row["id"]: row for row in rows_of(folder / "documents.jsonl")}
    asked = {name: rows_of(folder / f"{name}.jsonl") for name in ("train", "test")}
    assert (len(documents), len(asked["train"]), len(asked["test"])) == (3720, 1520, 1476)
    questions = [*asked["train"], *asked["test"]]
    assert set(Counter(row["document"] for row in questions).values()) == {1}
    assert {row["document"] for row in questions} <= set(documents)
    told = "\n".join(even(f"{r['signature']} {r['document']}") for r in documents.values())
    assert [row["query"] for row in questions if even(row["query"]) in told] == []
    packages = {name: {row["package"] for row in rows} for name, rows in asked.items()}
    assert packages["test"] == documentation.MEASURED
    assert not packages["train"] & packages["test"]


@pytest.mark.model
def test_students_get_the_whole_set_and_no_answer_of_a_competition():
    folder = ensure_data("documentation")
    assert hidden_values("documentation", folder).texts == frozenset()
    files = student_files("documentation", folder)
    names = (*(f"{part}.jsonl" for part in documentation.PARTS), "LICENSES.txt", "manifest.json")
    assert sorted(files) == sorted(names)
    assert datasets.student_parts("documentation") == documentation.PARTS
    questions = files["train.jsonl"] + files["test.jsonl"]
    examined = hidden_values("summaries", ensure_data("summaries")).texts
    assert not any(text.encode() in questions for text in examined)
