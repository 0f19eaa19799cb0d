"""A whole little competition: invented items, teams of a known skill, and a judge by script.

The judge counts the words that an answer shares with the reference, so that a team's skill (the
share of words it gets right) decides; in the exam it knows the labels, or nothing.
"""

from __future__ import annotations

import json
import random
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from graders.core.records import Intake, Student
from graders.pipeline.workspace import Workspace, create
from leaderboard.competition import build
from leaderboard.competition.answers import ids_of
from leaderboard.competition.attempts import Field
from leaderboard.competition.config import load
from leaderboard.judges import exam
from leaderboard.records import Duel, JudgeCard, Label, Verdict
from tests.support.toy import write_course

NAME = "toy_a"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = [
    *("return", "count", "merge", "sorted", "graph", "matrix", "node", "value", "array", "index"),
    *("parse", "window", "sample", "filter", "vector", "tensor", "path", "range", "label", "edge"),
]
RULES = """
[competition]
baseline = "lead10"
seed = 7
resamples = 200
per_day = 2
selections = 2

[[columns]]
key = "win_rate"
weight = "0.75"

[[columns]]
key = "length_controlled"

[[columns]]
key = "rouge_l"
weight = "0.25"

[grades]
milestones = ["0.4", "0.6", "0.8"]
tiers = ["1", "0.5"]

[judge]
kind = "trained"
"""
ITEMS = """
[[parts]]
key = "private"
points = 4
title = { ru = "Закрытая часть", en = "Private score" }

[[rubric]]
part = "private"
key = "private.milestone1"
points = 1
title = { ru = "Порог 1", en = "Milestone 1" }

[[rubric]]
part = "private"
key = "private.milestone2"
points = 1
title = { ru = "Порог 2", en = "Milestone 2" }

[[rubric]]
part = "private"
key = "private.milestone3"
points = 1
title = { ru = "Порог 3", en = "Milestone 3" }

[[rubric]]
part = "private"
key = "private.tier"
points = 1
title = { ru = "Группа", en = "Tier" }
"""


class Script:
    """A judge that counts shared words; `calls` are the duels that it was asked about."""

    def __init__(self, *, licensed: bool = True, loves: str = "\0", breaks_at: int = 0) -> None:
        self._right = {
            (one.prompt, one.first, one.second): one.label for one in exam.items() if licensed
        }
        self._loves = loves
        self._breaks_at = breaks_at
        self.calls = 0

    @property
    def card(self) -> JudgeCard:
        return JudgeCard("script", "script", "1", {"loves": self._loves}, "script-1")

    def judge(self, duels: Sequence[Duel]) -> Sequence[Verdict]:
        return [self._one(duel) for duel in duels]

    def _one(self, duel: Duel) -> Verdict:
        self.calls += 1
        if self._breaks_at and self.calls >= self._breaks_at:
            raise KeyboardInterrupt
        asked = (duel.question.prompt, duel.first, duel.second)
        turned = (asked[0], asked[2], asked[1])
        if asked in self._right:
            return Verdict(self._right[asked])
        if turned in self._right:
            return Verdict(Label.SECOND if self._right[turned] is Label.FIRST else Label.FIRST)
        first, second = (self._worth(duel, text) for text in (duel.first, duel.second))
        if first == second:
            return Verdict(Label.TIE)
        return Verdict(Label.FIRST if first > second else Label.SECOND)

    def _worth(self, duel: Duel, text: str) -> float:
        if self._loves in text:
            return 2.0
        given, wanted = set(text.lower().split()), set(duel.question.reference.split())
        return len(given & wanted) / max(1, len(given | wanted))


def write_answers(answers):
    """Return answers as JSON Lines, in the order given."""
    lines = (
        json.dumps({"id": key, "answer": text}, ensure_ascii=False) + "\n"
        for key, text in answers.items()
    )
    return "".join(lines).encode()


def write_data(folder: Path) -> Path:
    """Write a data set of 200 public and 400 private items."""
    rng = random.Random(1)
    rows = [_row(number, rng) for number in range(650)]
    parts = {"train": rows[:50], "public": rows[50:250], "private": rows[250:]}
    test = [
        {key: value for key, value in row.items() if key not in {"summary", "package"}}
        for row in sorted(rows[50:], key=lambda row: row["signature"])
    ]
    for name, found in {**parts, "test": test}.items():
        _write_lines(folder / f"{name}.jsonl", found)
    return folder


def _row(number: int, rng: random.Random) -> dict[str, str]:
    summary = f"{' '.join(rng.sample(WORDS, 6))} {number}"
    return {
        "id": f"q{number:04}",
        "package": f"p{number % 7}",
        "name": f"f{number}",
        "signature": f"f{number}({rng.random():.6f})",
        "document": f"{' '.join(rng.choices(WORDS, k=30))}.",
        "summary": summary,
    }


def _write_lines(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def answers_of(data: Path, skill: float, seed: int) -> dict[str, str]:
    """Return answers that have each word of the reference right with a given chance."""
    rng = random.Random(seed)
    found = {}
    known = {
        row["id"]: row["summary"]
        for part in ("public", "private")
        for row in map(json.loads, (data / f"{part}.jsonl").read_text("utf-8").splitlines())
    }
    for one in ids_of(data / "test.jsonl"):
        words = known[one].split()
        found[one] = " ".join(word if rng.random() < skill else "other" for word in words)
    return found


def prepare(folder: Path, rules: str = RULES) -> tuple[Path, Path]:
    """Write course, data and workspace; return the workspace's home and the data."""
    course = write_course(folder / "assignments", soft="2026-11-24", hard="2026-11-27")
    place = course.parent / NAME
    told = (place / "assignment.toml").read_text("utf-8")
    told = told.replace("points = 8", "points = 4").replace('["sums.py"]', "[]")
    told = told.replace('["*.py", "report.md"]', '["submission.*", "*.py"]')
    parts, rubric = ITEMS.split("[[rubric]]", 1)
    told = told.replace("[[rubric]]", f"{parts}\n[[rubric]]{rubric}\n[[rubric]]", 1)
    (place / "assignment.toml").write_text(told, encoding="utf-8")
    (place / "competition.toml").write_text(textwrap.dedent(rules), encoding="utf-8")
    home = folder / "home"
    create(home, course)
    return home, write_data(folder / "data")


def field_of(workspace: Workspace, data: Path) -> Field:
    """Return the competition of an open workspace."""
    rules = load(workspace.course.assignment(NAME).folder)
    return Field(workspace, NAME, rules, ids_of(data / "test.jsonl"))


def baselines(out: Path, data: Path) -> None:
    """Write two baselines of a middling skill."""
    for name, skill, seed in (("lead10", 0.5, 100), ("tfidf", 0.3, 101)):
        (out / f"{name}.jsonl").write_bytes(write_answers(answers_of(data, skill, seed)))


def launched(workspace: Workspace, data: Path) -> Field:
    """Build the competition of an open workspace and return it."""
    field = field_of(workspace, data)
    build.build(field, data, baselines, lambda line: None)
    return field


def hand_in(
    workspace: Workspace, team: str, answers: Mapping[str, str] | bytes, hours: float
) -> int:
    """Hand a file of answers in, so many hours after the beginning; return its number."""
    workspace.store.add_students([Student(team, team)], NOW)
    content = answers if isinstance(answers, bytes) else write_answers(answers)
    at = datetime(2026, 11, 18, tzinfo=UTC) + timedelta(hours=hours)
    files = {"submission.jsonl": content}
    return workspace.store.add_submission(Intake(NAME, team, at, team, files)).id
