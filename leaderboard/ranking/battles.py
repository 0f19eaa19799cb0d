"""Battles as arrays, from records or from a file in JSON Lines; every bad line is told of.

A line is ``{"model_a": ..., "model_b": ..., "winner": "model_a" | "model_b" | "tie",
"question_id": ...}``; other keys are left alone. Models and questions are numbered in sorted
order, so that the order of lines changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graders.core.errors import CourseError
from leaderboard.ranking.faults import complaint
from leaderboard.ranking.resampling import FloatArray, IntArray

KEYS = ("model_a", "model_b", "winner", "question_id")
POINTS = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5}

Line = tuple[str, str, float, str]


@dataclass(frozen=True, slots=True)
class Battles:
    """Battles as columns.

    Args:
        models: Names, sorted.
        questions: Ids, sorted.
        first: Number of the one shown first, shape (battles,).
        second: Number of the other, shape (battles,).
        points: 1 if the first won, 0 if the second, ½ for a tie, shape (battles,).
        question: Number of the question, shape (battles,).
    """

    models: tuple[str, ...]
    questions: tuple[str, ...]
    first: IntArray
    second: IntArray
    points: FloatArray
    question: IntArray


def read_battles(path: Path) -> Battles:
    """Read a file of battles.

    Raises:
        CourseError: The file cannot be read, holds no battle, or has bad lines: all of them are
            named with their numbers.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CourseError(f"the file cannot be read ({error.strerror})", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise CourseError("the file is not UTF-8", where=str(path)) from error
    lines = text.split("\n")
    # A key that occurs twice in an object hides from the parser: then the keys are more than lines.
    full = sum(1 for line in lines if line and not line.isspace())
    careful = any(text.count(f'"{key}":') != full for key in KEYS)
    return _read(lines, careful, str(path))


def from_rows(rows: Iterable[tuple[str, str, str, str]]) -> Battles:
    """Return battles of rows of model, model, winner, question, as in a file.

    Raises:
        CourseError: There is no row, a winner is unknown, or a model meets itself.
    """
    found = []
    for a, b, winner, question in rows:
        if winner not in POINTS or a == b:
            raise CourseError(f"this is no battle: {a!r} against {b!r}, winner {winner!r}")
        found.append((a, b, POINTS[winner], question))
    return _columns(found, "")


def _read(lines: Sequence[str], careful: bool, where: str) -> Battles:
    scan = json.JSONDecoder().raw_decode
    found: list[Line] = []
    faults: dict[str, list[int]] = {}
    for number, line in enumerate(lines, 1):
        try:
            row, end = scan(line)
            a, b, winner, question = (
                row["model_a"],
                row["model_b"],
                row["winner"],
                row["question_id"],
            )
            if (
                careful
                or a == b
                or not (type(a) is type(b) is type(question) is str and a and b)
                or not (end == len(line) or line[end:].isspace())
            ):
                raise ValueError
            found.append((a, b, POINTS[winner], question))
        except (ValueError, KeyError, TypeError, RecursionError):
            row_or_fault = _slowly(line)
            if isinstance(row_or_fault, str):
                faults.setdefault(row_or_fault, []).append(number)
            elif row_or_fault:
                found.append(row_or_fault)
    if faults:
        raise complaint(faults, "line", where)
    return _columns(found, where)


def _slowly(line: str) -> Line | str | None:
    """Return a battle, or what is wrong with the line, or None for an empty one."""
    if not line.strip():
        return None
    try:
        row = json.loads(line.strip(), object_pairs_hook=_unique)
    except (json.JSONDecodeError, RecursionError, _TwiceError) as error:
        return f"this is not JSON ({getattr(error, 'msg', error)})"
    if not isinstance(row, dict):
        return "this is no object with the keys " + ", ".join(KEYS)
    missing = [key for key in KEYS if key not in row]
    if missing:
        return "missing: " + ", ".join(missing)
    return _battle(row)


def _battle(row: dict[str, Any]) -> Line | str:
    a, b, winner, question = (row[key] for key in KEYS)
    for key, name in (("model_a", a), ("model_b", b)):
        if not isinstance(name, str) or not name:
            return f"{key} is no name: {_short(name)}"
    if type(question) is int:
        question = str(question)
    if not isinstance(question, str):
        return f"question_id is neither text nor a whole number: {_short(question)}"
    if not isinstance(winner, str) or winner not in POINTS:
        return f"unknown winner {_short(winner)}: it is one of " + ", ".join(POINTS)
    if a == b:
        return f"{_short(a)} is set against itself"
    return a, b, POINTS[winner], question


class _TwiceError(Exception):
    """A key occurs twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _TwiceError(f"the key {_short(twice)} occurs twice")
    return found


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:60] + "…"


def _columns(rows: Sequence[Line], where: str) -> Battles:
    if not rows:
        raise CourseError("there are no battles to rank by", where=where)
    first, second, points, question = zip(*rows, strict=True)
    models = sorted({*first, *second})
    questions = sorted(set(question))
    number = {name: place for place, name in enumerate(models)}
    asked = {name: place for place, name in enumerate(questions)}
    return Battles(
        tuple(models),
        tuple(questions),
        np.array([number[name] for name in first], dtype=np.int64),
        np.array([number[name] for name in second], dtype=np.int64),
        np.array(points, dtype=np.float64),
        np.array([asked[name] for name in question], dtype=np.int64),
    )
