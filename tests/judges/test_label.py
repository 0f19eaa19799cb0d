"""Blind labelling: nobody learns whose answer it is, and nothing that was answered is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from graders.core.errors import CourseError
from leaderboard.judges.label import Labels, read_labels
from leaderboard.records import Entrant, Label, Question

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
QUESTIONS = tuple(Question(f"q{n}", "", f"def f{n}()\n\nDoes {n}.", "") for n in range(40))
FIRST = Entrant("first", {q.id: f"First {q.id}." for q in QUESTIONS})
SECOND = Entrant("second", {q.id: f"Second {q.id}." for q in QUESTIONS})


def opened(path, *, seed=1, questions=QUESTIONS, second=SECOND):
    return Labels(path, questions, FIRST, second, seed=seed)


def label_all(labels, choose):
    while (task := labels.waiting()) is not None:
        labels.give(task, choose(task), by="me", now=NOW)


def test_labels_mean_the_entrants_whatever_the_order_shown(tmp_path):
    labels = opened(tmp_path / "labels.jsonl")
    seen = []

    def first_is_better(task):
        seen.append(task.turned)
        return Label.FIRST if task.left.startswith("First") else Label.SECOND

    label_all(labels, first_is_better)
    assert read_labels(tmp_path / "labels.jsonl") == {q.id: Label.FIRST for q in QUESTIONS}
    assert 8 < sum(seen) < 32  # the order is drawn


def test_the_seed_decides_the_order_of_pairs_and_of_answers(tmp_path):
    def shown(seed):
        labels = opened(tmp_path / f"{seed}-{len(list(tmp_path.iterdir()))}.jsonl", seed=seed)
        found = []
        label_all(labels, lambda task: found.append((task.id, task.turned)))
        return found

    assert shown(1) == shown(1)
    assert shown(1) != shown(2)


def test_a_second_start_goes_on_where_the_first_one_stopped(tmp_path):
    path = tmp_path / "labels.jsonl"
    labels = opened(path)
    done = []
    for _ in range(7):
        task = labels.waiting()
        done.append(task.id)
        labels.give(task, Label.TIE, by="me", now=NOW)
    again = opened(path)
    assert (again.done, again.total) == (7, 40)
    assert again.waiting().id not in done
    assert again.waiting() == labels.waiting()


def test_earlier_lines_are_never_rewritten(tmp_path):
    path = tmp_path / "labels.jsonl"
    labels = opened(path)
    before = b""
    for _ in range(5):
        labels.give(labels.waiting(), Label.FIRST, by="me", now=NOW)
        assert path.read_bytes().startswith(before)
        before = path.read_bytes()
    assert before.count(b"\n") == 5


def test_a_line_that_a_crash_broke_off_is_asked_again(tmp_path):
    path = tmp_path / "labels.jsonl"
    labels = opened(path)
    for _ in range(3):
        labels.give(labels.waiting(), Label.FIRST, by="me", now=NOW)
    path.write_bytes(path.read_bytes()[:-20])
    again = opened(path)
    assert again.done == 2
    again.give(again.waiting(), Label.FIRST, by="me", now=NOW)
    assert opened(path).done == 3
    assert all(json.loads(line) for line in path.read_text("utf-8").splitlines())


def test_a_skipped_pair_is_no_label_and_is_not_shown_again(tmp_path):
    path = tmp_path / "labels.jsonl"
    labels = opened(path)
    skipped = labels.waiting()
    labels.give(skipped, None, by="me", now=NOW)
    assert opened(path).waiting() != skipped
    assert read_labels(path) == {}


def test_a_later_label_replaces_an_earlier_one(tmp_path):
    path = tmp_path / "labels.jsonl"
    labels = opened(path)
    task = labels.waiting()
    for label in (Label.FIRST, Label.TIE):
        labels.give(task, label, by="me", now=NOW)
    assert read_labels(path) == {task.id: Label.TIE}


def test_labels_of_other_answers_are_refused(tmp_path):
    path = tmp_path / "labels.jsonl"
    labels = opened(path)
    labels.give(labels.waiting(), Label.FIRST, by="me", now=NOW)
    other = Entrant("second", {q.id: f"Changed {q.id}." for q in QUESTIONS})
    with pytest.raises(CourseError, match="other pairs"):
        opened(path, second=other)


def test_equal_answers_are_not_shown(tmp_path):
    equal = Entrant("second", {**SECOND.answers, "q3": "First q3. "})
    assert opened(tmp_path / "labels.jsonl", second=equal).total == 39


def test_a_missing_answer_names_the_question(tmp_path):
    short = Entrant("second", {"q0": "x"})
    with pytest.raises(CourseError, match="q1"):
        opened(tmp_path / "labels.jsonl", second=short)


def test_no_line_says_which_entrant_was_better_in_other_words_than_the_label(tmp_path):
    path = tmp_path / "labels.jsonl"
    labels = opened(path)
    labels.give(labels.waiting(), Label.FIRST, by="me", now=NOW)
    (row,) = map(json.loads, path.read_text("utf-8").splitlines())
    assert set(row) == {"id", "label", "by", "at", "shown", "digest"}
