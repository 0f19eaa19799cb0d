"""Win rates of a file of annotations as AlpacaEval writes them.

Each annotation has `instruction`, `output_1` (the baseline's), `output_2` (the model's) and
`preference`: 1 if the first is better, 2 if the second, anything between for a weighted one, 1.5
or, in old files, 0 for a tie, null when the annotator failed: that one is unscored. Other keys
are left alone, but for `generator_1` and `generator_2`, which must name one model each, and
`instruction_difficulty`, which is used when every annotation has it.

Win rates are per cent. Δ is the model's length less the baseline's, in characters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graders.core.errors import CourseError, StudentError
from graders.core.strictjson import loads
from leaderboard.ranking.controlled import length_controlled
from leaderboard.ranking.faults import complaint
from leaderboard.ranking.resampling import FloatArray, IntArray

KEYS = ("instruction", "output_1", "output_2", "preference")
NAMES = ("generator_1", "generator_2")
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Annotations:
    """Annotations as columns, in the order of instruction and outputs.

    Args:
        scores: Of the model, in [0, 1], shape (annotations,); nan where unscored.
        lengths: Of the model's outputs, same shape.
        baseline: Lengths of the baseline's outputs, same shape.
        question: Number of the instruction, same shape.
        difficulty: Of the instructions as the file gives it, same shape; None without.
        names: Of the baseline and the model; empty where the file does not say.
    """

    scores: FloatArray
    lengths: FloatArray
    baseline: FloatArray
    question: IntArray
    difficulty: FloatArray | None
    names: tuple[str, str]


@dataclass(frozen=True, slots=True)
class WinRate:
    """What a file of annotations says, in per cent and characters.

    Args:
        win_rate: The model's mean score.
        standard_error: Of the win rate: the sample's standard deviation over √n; None for one.
        discrete_win_rate: The same with every preference counted as a win, a loss or a tie.
        length_controlled: The win rate at equal lengths.
        lc_standard_error: Standard deviation over refits on resampled instructions.
        lc_low: Lower end of its percentile interval.
        lc_high: Upper end.
        wins: Of the model.
        losses: Of the model.
        ties: Neither.
        total: Scored annotations.
        unscored: Annotations without a preference.
        lengths: Mean length of the model's and of the baseline's outputs.
    """

    win_rate: float
    standard_error: float | None
    discrete_win_rate: float
    length_controlled: float
    lc_standard_error: float | None
    lc_low: float | None
    lc_high: float | None
    wins: int
    losses: int
    ties: int
    total: int
    unscored: int
    lengths: tuple[float, float]


def read_annotations(path: Path) -> Annotations:
    """Read a JSON list of annotations, or JSON Lines.

    Raises:
        CourseError: The file cannot be read, or has bad annotations: all are named by number.
    """
    rows = _rows(path)
    faults: dict[str, list[int]] = {}
    for number, row in enumerate(rows, 1):
        fault = _fault(row)
        if fault:
            faults.setdefault(fault, []).append(number)
    if faults:
        raise complaint(faults, "annotation", str(path))
    if all(row["preference"] is None for row in rows):
        raise CourseError("there is no annotation with a preference", where=str(path))
    names = tuple(_one_name(rows, key, str(path)) for key in NAMES)
    rows.sort(key=lambda row: (row["instruction"], row["output_1"], row["output_2"],
                               row["preference"] is None, row["preference"]))  # fmt: skip
    return _columns(rows, (names[0], names[1]))


def summarise(
    given: Annotations, *, seed: int, resamples: int = 500, level: float = 0.95
) -> WinRate:
    """Return the win rates of annotations.

    Args:
        given: The annotations.
        seed: Of the resamples, which are of instructions.
        resamples: How many.
        level: Of the interval.

    Raises:
        CourseError: A setting is out of range.
    """
    scores = given.scores[~np.isnan(given.scores)]
    found = length_controlled(
        given.scores[None],
        given.lengths[None],
        given.baseline,
        seed=seed,
        resamples=resamples,
        level=level,
        gamma=np.zeros_like(given.scores) if given.difficulty is None else given.difficulty,
        clusters=given.question,
    )
    several = int(given.question.max()) > 0
    error = scores.std(ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else None
    return WinRate(
        win_rate=_percent(scores.mean()),
        standard_error=None if error is None else _percent(error),
        discrete_win_rate=_percent((np.sign(scores - 0.5) / 2 + 0.5).mean()),
        length_controlled=_percent(found.value[0]),
        lc_standard_error=_percent(found.error[0]) if several and resamples > 1 else None,
        lc_low=_percent(found.low[0]) if several else None,
        lc_high=_percent(found.high[0]) if several else None,
        wins=int((scores > 0.5).sum()),
        losses=int((scores < 0.5).sum()),
        ties=int((scores == 0.5).sum()),
        total=len(scores),
        unscored=len(given.scores) - len(scores),
        lengths=(round(float(given.lengths.mean()), 1), round(float(given.baseline.mean()), 1)),
    )


def _percent(share: float) -> float:
    return round(100 * float(share), 4)


def _rows(path: Path) -> list[Any]:
    """Return the annotations, not yet looked at."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"the file cannot be read ({error.strerror})", where=str(path)) from error
    begins = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    try:
        if begins != b"{":
            found = loads(data, where=str(path), max_bytes=MAX_BYTES)
        else:
            lines = data.splitlines()
            found = [loads(line, where=f"{path}, line {number}", max_bytes=MAX_BYTES)
                     for number, line in enumerate(lines, 1) if line.strip()]  # fmt: skip
    except StudentError as error:  # the file is the instructor's, so the fault is too
        raise CourseError(error.what, where=error.where, todo=error.todo) from error
    if not isinstance(found, list) or not found:
        raise CourseError(
            "this is no list of annotations",
            where=str(path),
            todo="Give a JSON list of objects with the keys " + ", ".join(KEYS),
        )
    return found


def _fault(row: Any) -> str:
    """Return what is wrong with an annotation, or nothing."""
    if not isinstance(row, dict):
        return "this is no object with the keys " + ", ".join(KEYS)
    missing = [key for key in KEYS if key not in row]
    if missing:
        return "missing: " + ", ".join(missing)
    for key in KEYS[:3]:
        if not isinstance(row[key], str):
            return f"{key} is no text"
    preference = row["preference"]
    if preference is None or (_is_number(preference) and (preference == 0 or 1 <= preference <= 2)):
        return ""
    return f"the preference {json.dumps(preference)} is neither from 1 to 2, nor 0, nor null"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _one_name(rows: list[dict[str, Any]], key: str, where: str) -> str:
    names = sorted({str(row[key]) for row in rows if row.get(key) is not None})
    if len(names) > 1:
        raise CourseError(
            f"{key} names several models: {', '.join(map(repr, names[:5]))}",
            where=where,
            todo="Give each model a file of its own",
        )
    return names[0] if names else ""


def _columns(rows: list[dict[str, Any]], names: tuple[str, str]) -> Annotations:
    preferences = [1.5 if row["preference"] == 0 else row["preference"] for row in rows]
    number = {text: place for place, text in enumerate(sorted({r["instruction"] for r in rows}))}
    known = [row.get("instruction_difficulty") for row in rows]
    has_all = all(map(_is_number, known))
    difficulty = np.array(known, dtype=np.float64) if has_all else None
    if difficulty is not None:
        difficulty -= difficulty.mean()
        difficulty /= float(difficulty.std()) or 1.0
    return Annotations(
        np.array([np.nan if one is None else one - 1 for one in preferences], dtype=np.float64),
        np.array([len(row["output_2"]) for row in rows], dtype=np.float64),
        np.array([len(row["output_1"]) for row in rows], dtype=np.float64),
        np.array([number[row["instruction"]] for row in rows], dtype=np.int64),
        difficulty,
        names,
    )
