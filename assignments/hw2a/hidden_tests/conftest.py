"""What HW2A's hidden tests share: invented objects, the files handed in, ROUGE-L, the re-run."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graders.tester.faults import CaseFailed

FIRST = ("test_rerun.py",)
RERUN_S = 600.0
ALONE = 4  # re-run items that are answered without the adapter too
JSONL, CSV = "submission.jsonl", "submission.csv"
VERBS = ("Return", "Compute", "Split", "Merge", "Draw", "Check", "Convert", "Собрать")
NOUNS = ("matrix", "graph", "buffer", "tensor", "archive", "polygon", "query", "lexer", "cache")
NOUNS += ("sample", "spline", "token", "channel", "кортеж", "schema", "window", "pixel", "route")
ENDS = ("in place", "row by row", "without a copy", "by its key", "from the left", "once")
ANNOTATIONS = ("", ": int = 0", ": str", ": float | None = None")
WORD = re.compile(r"[a-z0-9]+")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the model first: code that crashes later must not cost it its time."""
    items.sort(key=lambda item: item.path.name not in FIRST)


@pytest.fixture
def ask(student: Any, case: Any) -> Callable[..., Any]:
    """Return a function that calls a student's function and insists on its answer's shape."""

    def call(shape: Any, target: str, *args: Any) -> Any:
        return case.shaped(student.call(target, *args), shape, target)

    return call


@pytest.fixture
def invent(rng: random.Random) -> Callable[..., list[dict[str, str]]]:
    """Return a function that invents rows; `lengths` are the documents' numbers of words."""

    def make(lengths: list[int], packages: int = 3) -> list[dict[str, str]]:
        rows = []
        numbers = rng.sample(range(10_000, 99_999), len(lengths))
        for number, length in zip(numbers, lengths, strict=True):
            noun, other = rng.sample(NOUNS, 2)
            words = [rng.choice((*VERBS, *NOUNS, "the", "of")).lower() for _ in range(length)]
            rows.append(
                {
                    "id": f"q{number}",
                    "package": f"pkg{rng.randrange(packages)}",
                    "name": f"{noun}_{number % 97}",
                    "signature": f"({other}{rng.choice(ANNOTATIONS)})",
                    "document": " ".join(words).capitalize() + ".",
                    "summary": f"{rng.choice(VERBS)} the {noun} {rng.choice(ENDS)}.",
                }
            )
        return rows

    return make


# ---- data ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def asked(hidden_dir: Path) -> dict[str, dict[str, str]]:
    """Return the test items by id, in the file's order."""
    return _by_id(hidden_dir / "test.jsonl")


@pytest.fixture(scope="session")
def public(hidden_dir: Path) -> dict[str, dict[str, str]]:
    """Return the public items by id, with their summaries."""
    return _by_id(hidden_dir / "public.jsonl")


@pytest.fixture(scope="session")
def train_rows(hidden_dir: Path) -> dict[str, dict[str, str]]:
    """Return the training rows by id."""
    return _by_id(hidden_dir / "train.jsonl")


def _by_id(path: Path) -> dict[str, dict[str, str]]:
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row for row in rows}


# ---- what was handed in --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def answers(submission: Any) -> dict[str, str]:
    """Return the submitted answers by id, from the one file that there may be."""
    found: dict[str, str] = {}
    for number, row in enumerate(_answer_rows(submission), start=1):
        if not isinstance(row, dict) or set(row) != {"id", "answer"}:
            raise CaseFailed("hw2a.submission.row", {"line": number})
        name, answer = row["id"], row["answer"]
        if not isinstance(name, str) or not isinstance(answer, str):
            raise CaseFailed("hw2a.submission.not_text", {"line": number})
        if name in found:
            raise CaseFailed("hw2a.submission.twice", {"id": name})
        found[name] = answer
    return found


def _answer_rows(submission: Any) -> list[Any]:
    if submission.exists(JSONL) and submission.exists(CSV):
        raise CaseFailed("hw2a.submission.two_files", {})
    if submission.exists(CSV):
        return list(submission.csv(CSV, ("id", "answer")))
    return list(submission.jsonl(JSONL))


@pytest.fixture(scope="session")
def complete(answers: dict[str, str], asked: dict[str, Any]) -> dict[str, str]:
    """Return the answers, of which there is exactly one for each test item."""
    lost = [name for name in asked if name not in answers]
    if lost:
        raise CaseFailed("hw2a.submission.ids_missing", {"n": len(lost), "id": lost[0]})
    extra = [name for name in answers if name not in asked]
    if extra:
        raise CaseFailed("hw2a.submission.ids_unknown", {"n": len(extra), "id": extra[0]})
    return answers


# ---- the re-run ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def rerun(student: Any, seed: int, asked: dict[str, Any], settings: Any) -> dict[str, Any]:
    """Let the student's code answer some test items again, with the adapter and some without.

    The items come in another order and under ids of their own, so that code which looks answers
    up does not know them by their ids; without the adapter it would give itself away.
    """
    rng = random.Random(f"re-run {seed}")
    names = rng.sample(sorted(asked), int(settings["rerun_items"]))
    rows = [{**asked[name], "id": f"r{rng.getrandbits(48):012x}"} for name in names]
    with student.fresh(import_student=True) as child:

        def drive(*args: Any) -> Any:
            return child.drive("rerun", "answers", *args, timeout=RERUN_S)

        bare = drive(rows[:ALONE], False)
        own = drive(rows, True)
    for told, wanted in ((bare, ALONE), (own, len(rows))):
        if type(told) is not list or len(told) != wanted:
            raise CaseFailed("hw2a.rerun.count", {"n": wanted})
        if not all(type(answer) is str for answer in told):
            raise CaseFailed("hw2a.rerun.not_text", {})
    return {"names": names, "answers": own, "bare": bare}


# ---- statistics ----------------------------------------------------------------------------------

RESAMPLES = 4000


def _rouge_l(answer: str, reference: str) -> float:
    """Return ROUGE-L F1 without stemming (Lin 2004), by the full table of common subsequences."""
    a, b = WORD.findall(answer.lower()), WORD.findall(reference.lower())
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            table[i + 1][j + 1] = (
                table[i][j] + 1 if left == right else max(table[i][j + 1], table[i + 1][j])
            )
    return 2 * table[-1][-1] / (len(a) + len(b)) if a and b else 0.0


def _interval(values: list[float], level: float = 0.95) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean; the same for the same values."""
    import numpy as np

    array = np.array(values, dtype=float)
    places = np.random.default_rng(22).integers(0, len(array), size=(RESAMPLES, len(array)))
    ends = np.quantile(array[places].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(ends[0]), float(ends[1])


def _near(told: Any, own: tuple[float, float]) -> bool:
    """Tell whether an interval is another bootstrap's view of one's own.

    Ends differ between seeds by a few hundredths of the width; a fifth of it leaves room for
    other kinds of bootstrap, and none for an interval of something else.
    """
    room = 0.2 * (own[1] - own[0]) + 1e-3
    return all(abs(a - b) <= room for a, b in zip(told, own, strict=True))


@pytest.fixture(scope="session")
def statistics() -> dict[str, Any]:
    """Return the metric and the intervals that the work is held against."""
    return {"rouge_l": _rouge_l, "interval": _interval, "near": _near}
