"""Blind pairs for a person: who wrote which answer is not told, and the order is drawn.

Labels are an append-only JSON Lines file. Every line is on the disk before the next pair is shown,
so that closing the terminal loses nothing and starting again goes on from there. A later line of
the same pair replaces an earlier one. Nothing is told to the person about verdicts of a judge.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from graders.core.canonical import canonical, digest_of
from graders.core.errors import CourseError
from leaderboard.judges.agreement import flipped, read_label
from leaderboard.judges.pairs import parse_lines
from leaderboard.records import Entrant, Label, Question

SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Task:
    """One pair as it is shown.

    Args:
        id: Of the question.
        prompt: The question.
        left: The answer shown as A.
        right: The answer shown as B.
        turned: Whether A is the second entrant's.
        digest: Of the question and both answers, so that a label never speaks of other texts.
    """

    id: str
    prompt: str
    left: str
    right: str
    turned: bool
    digest: str


class Labels:
    """The file of labels, and the pairs that are still to be shown.

    Args:
        path: The file; made with the first label.
        questions: To label; those with equal answers are left out.
        first: An entrant.
        second: The other.
        seed: Of the order of pairs and of the two answers.

    Raises:
        CourseError: An entrant has no answer, or the file is of other pairs.
    """

    def __init__(
        self,
        path: Path,
        questions: Sequence[Question],
        first: Entrant,
        second: Entrant,
        *,
        seed: int,
    ) -> None:
        self._path = path
        self._tasks = _tasks(questions, first, second, seed)
        self._done = self._read()

    @property
    def total(self) -> int:
        """How many pairs there are."""
        return len(self._tasks)

    @property
    def done(self) -> int:
        """How many of them are labelled or skipped."""
        return len(self._done)

    def waiting(self) -> Task | None:
        """Return the next pair, or None when all are done."""
        return next((task for task in self._tasks if task.id not in self._done), None)

    def give(self, task: Task, label: Label | None, *, by: str, now: datetime) -> None:
        """Write a label of a pair, in terms of what was shown; None skips the pair.

        Raises:
            OSError: The file cannot be written; nothing was recorded.
        """
        meant = flipped(label) if task.turned else label
        line = {
            "id": task.id,
            "label": SKIPPED if meant is None else meant.value,
            "by": by,
            "at": now,
            "shown": "BA" if task.turned else "AB",
            "digest": task.digest,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        whole = len(_whole(self._path))
        with self._path.open("ab") as file:
            file.truncate(whole + 1 if whole else 0)  # drops nothing but a line without its end
            file.write(canonical(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._done.add(task.id)

    def _read(self) -> set[str]:
        known = {task.id: task.digest for task in self._tasks}
        done = set()
        for number, row in _lines(self._path):
            place = f"{self._path}, line {number}"
            if known.get(str(row.get("id"))) != row.get("digest"):
                raise CourseError(
                    "the labels are of other pairs",
                    where=place,
                    todo="Name the same questions and answers as before, or another file",
                )
            done.add(str(row["id"]))
        return done


def read_labels(path: Path) -> Mapping[str, Label]:
    """Return the labels of a file by question, `FIRST` for the first entrant; skipped ones are out.

    Raises:
        CourseError: The file is missing or not of that form.
    """
    if not path.is_file():
        raise CourseError("there are no labels", where=str(path), todo="zachetka judge label")
    found: dict[str, Label] = {}
    for number, row in _lines(path):
        if not isinstance(row.get("id"), str) or "label" not in row:
            raise CourseError("a line needs id and label", where=f"{path}, line {number}")
        name = str(row["id"])
        found.pop(name, None)
        if row["label"] != SKIPPED:
            label = read_label(row["label"], f"{path}, line {number}")
            if label is not None:
                found[name] = label
    return found


def _whole(path: Path) -> bytes:
    """Return the file's whole lines: a crash may have left a last one without its end."""
    return path.read_bytes().rpartition(b"\n")[0] if path.is_file() else b""


def _lines(path: Path) -> list[tuple[int, dict[str, object]]]:
    try:
        return parse_lines(_whole(path).decode(), path)
    except UnicodeDecodeError as error:
        raise CourseError("the file is not UTF-8", where=str(path)) from error


def _tasks(
    questions: Sequence[Question], first: Entrant, second: Entrant, seed: int
) -> tuple[Task, ...]:
    for entrant in (first, second):
        missing = [one.id for one in questions if one.id not in entrant.answers]
        if missing:
            raise CourseError(
                f"there is no answer for {missing[0]!r} ({len(missing)} in all)",
                where=entrant.name,
            )
    random = np.random.default_rng(seed)
    order = random.permutation(len(questions))
    turned = random.random(len(questions)) < 0.5
    tasks = []
    for place in order.tolist():
        question = questions[place]
        pair = (first.answers[question.id], second.answers[question.id])
        if pair[0].strip() == pair[1].strip():
            continue
        left, right = pair[::-1] if turned[place] else pair
        digest = digest_of([question.prompt, *pair])
        tasks.append(Task(question.id, question.prompt, left, right, bool(turned[place]), digest))
    return tuple(tasks)
