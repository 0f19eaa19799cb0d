"""The sample class: who hands in what and when, with the expected outcome beside it.

Nobody here is a real person. Deadlines are those of `SOFT` and `HARD`; receipts are written in
Moscow time, as a student would read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tests.classroom import attempts
from tests.classroom.attempts import Edit

SOFT = "2026-10-20"  # 23:59 Moscow time
HARD = "2026-11-03"
ARTEFACTS = Path(__file__).parent / "artefacts"


@dataclass(frozen=True)
class Attempt:
    """One thing handed in: edits of the reference, and when it was received (MSK)."""

    received: str
    edits: tuple[Edit, ...] = ()
    as_folder: bool = False
    zip_slip: bool = False


@dataclass(frozen=True)
class Expected:
    """What must come of a student's work.

    Args:
        status: The gradebook's status.
        penalty: Points taken for lateness.
        lost: Points lost of the automatic ones, by part, exactly; other parts are whole.
            None means "some, not all".
        counted: Which attempt is graded, from 0; None when none is.
        messages: Catalogue keys that must be among the diagnoses.
        not_final: Why there is no score (a key), for students without one.
    """

    status: str
    penalty: str = "0"
    lost: Mapping[str, str | None] = field(default_factory=dict)
    counted: int | None = 0
    messages: tuple[str, ...] = ()
    not_final: str = ""


@dataclass(frozen=True)
class Student:
    """A student of the sample class."""

    id: str
    name: str
    story: str
    attempts: tuple[Attempt, ...]
    expected: Expected
    extension_days: int = 0


IN_TIME = "2026-10-18T15:30:00"
AUTOMATIC = Decimal("7.8")  # 10 points less the rubric's 2.2


def _weak(files: attempts.Files) -> None:
    attempts.body("data.py", "split", _SPLIT_BY_POSITION)(files)
    attempts.body("training.py", "encode_example", _MASK_NOTHING)(files)
    attempts.adapter_from(ARTEFACTS / "weak_adapter")(files)


_SPLIT_BY_POSITION = """\
cut = len(rows) - round(len(rows) * validation_share)
return {"train": rows[:cut], "validation": rows[cut:]}"""

_MASK_NOTHING = """\
text = build_prompt(headline) + LABEL_WORDS[label]
ids = tokenizer(text)["input_ids"][:max_length]
return {"input_ids": ids, "labels": list(ids)}"""

STUDENTS = (
    Student(
        "s01",
        "Алиса Ветрова",
        "strong and in time",
        (Attempt(IN_TIME),),
        Expected("provisional"),
    ),
    Student(
        "s02",
        "Борис Калинин",
        "weak: splits by position, learns the prompt, trained too little",
        (Attempt(IN_TIME, (_weak,)),),
        Expected(
            "provisional",
            lost={"data": None, "training": None, "quality": None, "honesty": "1"},
        ),
    ),
    Student(
        "s03",
        "Вера Лис",
        "in the last second of the soft deadline",
        (Attempt("2026-10-20T23:59:59"),),
        Expected("provisional"),
    ),
    Student(
        "s04",
        "Глеб Орлов",
        "one second later",
        (Attempt("2026-10-21T00:00:00"),),
        Expected("provisional", penalty="1"),
    ),
    Student(
        "s05",
        "Дарья Мороз",
        "three days and a minute late",
        (Attempt("2026-10-24T00:00:59"),),
        Expected("provisional", penalty="4"),
    ),
    Student(
        "s06",
        "Егор Сомов",
        "nine days late, before the hard deadline",
        (Attempt("2026-10-29T12:00:00"),),
        Expected("provisional", penalty="7"),
    ),
    Student(
        "s07",
        "Жанна Ким",
        "resubmitted later and worse",
        (
            Attempt(IN_TIME),
            Attempt("2026-10-21T09:00:00", (attempts.body("data.py", "normalize", "return text"),)),
        ),
        Expected("provisional", penalty="1", lost={"data": None}, counted=1),
    ),
    Student(
        "s08",
        "Захар Белов",
        "after the hard deadline, with an earlier good one",
        (Attempt("2026-10-20T20:00:00"), Attempt("2026-11-04T00:00:00")),
        Expected("provisional"),
    ),
    Student(
        "s09",
        "Инна Щукина-Øster",
        "two days late with an extension of two days",
        (Attempt("2026-10-22T23:59:59"),),
        Expected("provisional"),
        extension_days=2,
    ),
    Student(
        "s10",
        "Кирилл Ёлкин",
        "syntax error in one module",
        (Attempt(IN_TIME, (attempts.append("analysis.py", "\ndef broken(:\n    pass\n"),)),),
        Expected("provisional", lost={"errors": "0.2"}, messages=("tester.import_failed",)),
    ),
    Student(
        "s11",
        "Лев Ежов",
        "endless loop",
        (Attempt(IN_TIME, (attempts.body("data.py", "deduplicate", attempts.ENDLESS_LOOP),)),),
        Expected("provisional", lost={"data": None}, messages=("tester.timeout",)),
    ),
    Student(
        "s12",
        "Майя Туманова",
        "memory bomb",
        (Attempt(IN_TIME, (attempts.body("data.py", "deduplicate", attempts.MEMORY_BOMB),)),),
        Expected("provisional", lost={"data": None}, messages=("tester.memory",)),
    ),
    Student(
        "s13",
        "Никита Цой",
        "fork bomb",
        (Attempt(IN_TIME, (attempts.body("data.py", "deduplicate", attempts.FORK_BOMB),)),),
        Expected("provisional", lost={"data": None}),
    ),
    Student(
        "s14",
        "Ольга Рябова",
        "reads hidden tests by frames, gc and the file system",
        (
            Attempt(
                IN_TIME,
                (
                    attempts.prepend("data.py", attempts.READER),
                    attempts.body("data.py", "split", "return _loot()"),
                    attempts.body("data.py", "deduplicate", "return _loot()"),
                ),
            ),
        ),
        Expected("provisional", lost={"data": None}),
    ),
    Student(
        "s15",
        "Пётр Юдин",
        "returns objects equal to everything",
        (
            Attempt(
                IN_TIME,
                (
                    attempts.prepend("data.py", attempts.ALWAYS_EQUAL),
                    attempts.body("data.py", "deduplicate", "return _Yes(rows)"),
                    attempts.body("data.py", "contaminated", "return _Yes()"),
                ),
            ),
        ),
        Expected("provisional", lost={"data": None}, messages=("tester.not_plain",)),
    ),
    Student(
        "s16",
        "Рита Шах",
        "os._exit(0) at import",
        (Attempt(IN_TIME, (attempts.prepend("data.py", "import os\nos._exit(0)"),)),),
        Expected("provisional", lost={"data": "1.5"}, messages=("tester.exited",)),
    ),
    Student(
        "s17",
        "Семён Чех",
        "an archive that climbs out with ../",
        (Attempt(IN_TIME, zip_slip=True),),
        Expected("refused", counted=None, not_final="refused.traversal"),
    ),
    Student(
        "s18",
        "Таня Эпштейн",
        "NaN among the predictions",
        (Attempt(IN_TIME, (attempts.predictions(attempts.nan_answers),)),),
        Expected("provisional", lost={"honesty": None, "errors": None}),
    ),
    Student(
        "s19",
        "Ульяна Ясень",
        "predictions for ids that the test set does not have",
        (Attempt(IN_TIME, (attempts.predictions(attempts.foreign_ids),), as_folder=True),),
        Expected("provisional", lost={"honesty": None, "errors": None}),
    ),
    Student(
        "s20",
        "=Фёдор «О'Нил» <b>",
        "claims far above what is measured",
        (Attempt(IN_TIME, (attempts.claims(accuracy=0.99, macro_f1=0.99),)),),
        Expected("provisional", lost={"honesty": None}),
    ),
    Student(
        "s21",
        "Харитон Пуст",
        "never submitted",
        (),
        Expected("missing", counted=None),
    ),
)
