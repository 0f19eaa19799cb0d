"""The teams of the sample class: who hands in what and when, with the expected outcome beside it.

Nobody here is a real person. Deadlines are those of `SOFT` and `HARD`; receipts are written in
Moscow time, as a student would read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tests.classroom_hw2a import attempts
from tests.classroom_hw2a.attempts import Edit

SOFT = "2026-12-15"  # 23:59 Moscow time
HARD = "2026-12-25"
IN_TIME = "2026-12-12T18:00:00"
AUTOMATIC = Decimal("5.0")  # 10 points less the competition's 4.0 and the report's 1.0
ZERO_SHOT = (
    Path(__file__).resolve().parents[2]
    / "reference"
    / "hw2a"
    / "artefacts"
    / "baselines"
    / "zero_shot.jsonl"
)


@dataclass(frozen=True)
class Attempt:
    """One thing handed in: edits of the reference, and when it was received (MSK)."""

    received: str
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Expected:
    """What must come of a team's work.

    Args:
        lost: Points lost of the automatic ones, by part, exactly; other parts are whole. None
            means "some, not all".
        messages: Catalogue keys that must be among the diagnoses.
        flags: Keys of the integrity flags that must be raised.
        scored: Whether the competition can score the answers at all.
        penalty: Points taken for lateness.
        counted: Which attempt is graded, from 0.
    """

    lost: Mapping[str, str | None] = field(default_factory=dict)
    messages: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    scored: bool = True
    penalty: str = "0"
    counted: int = 0


@dataclass(frozen=True)
class Student:
    """A team of the sample class."""

    id: str
    name: str
    story: str
    attempts: tuple[Attempt, ...]
    expected: Expected


STUDENTS = (
    Student(
        "t01",
        "Анна Соболь",
        "strong: the reference as it is",
        (Attempt(IN_TIME),),
        Expected(),
    ),
    Student(
        "t02",
        "Борис Линь",
        "weak: the first ten words of each document",
        (Attempt(IN_TIME, (attempts.lead,)),),
        Expected(
            lost={"submission": "0.7", "rerun": "0.9"},
            messages=("hw2a.submission.is_lead", "hw2a.rerun.other_answers"),
        ),
    ),
    Student(
        "t03",
        "Вера Чижик",
        "answers of the base model, without the adapter",
        (Attempt(IN_TIME, (attempts.answers_from(ZERO_SHOT),)),),
        Expected(
            lost={"submission": "0.7", "rerun": "0.9"},
            messages=("hw2a.submission.below_lead", "hw2a.rerun.other_answers"),
        ),
    ),
    Student(
        "t04",
        "Глеб Копейкин",
        "copied from t01 two hours later, retouched",
        (Attempt("2026-12-12T20:00:00", (attempts.each(attempts.retouched),)),),
        Expected(lost={"rerun": None}, flags=("integrity.copied_from_team",)),
    ),
    Student(
        "t05",
        "Дина Ровная",
        "the same words for everything",
        (Attempt(IN_TIME, (attempts.each(lambda place, text: "Return the value."),)),),
        Expected(
            lost={"submission": "0.9", "rerun": "0.9"},
            messages=("hw2a.submission.constant", "hw2a.submission.below_lead"),
            flags=("integrity.constant",),
        ),
    ),
    Student(
        "t06",
        "Егор Шептунов",
        "every answer speaks to the judge",
        (Attempt(IN_TIME, (attempts.each(attempts.injected),)),),
        Expected(
            lost={"submission": "0.7", "rerun": "0.9"},
            messages=("hw2a.submission.below_lead", "hw2a.rerun.other_answers"),
            flags=("integrity.injection",),
        ),
    ),
    Student(
        "t07",
        "Жанна Мимо",
        "every fourth id is not in the test set",
        (Attempt(IN_TIME, (attempts.answers(attempts.foreign_ids),)),),
        Expected(
            lost={"submission": "1.1", "rerun": None},
            messages=("hw2a.submission.ids_missing",),
            scored=False,
        ),
    ),
    Student(
        "t08",
        "Захар Поздний",
        "two days late, answers cut in half; a better attempt before it",
        (
            Attempt(IN_TIME, (attempts.each(attempts.shortened(2 / 3)),)),
            Attempt("2026-12-17T10:00:00", (attempts.each(attempts.shortened(1 / 2)),)),
        ),
        Expected(lost={"rerun": "0.9"}, penalty="2", counted=1),
    ),
)
