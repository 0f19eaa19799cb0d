"""Every key that the program reads is documented, and no other."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from graders.core import config_models as models

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "configuration.md"
TABLES = {
    "[course]": models.CourseTable,
    "[policy]": models.PolicyTable,
    "[final]": models.FinalTable,
    "[final] rounding": models.RoundingTable,
    "[homeworks.<id>]": models.HomeworkTable,
    "[assignment]": models.Head,
    "[[parts]]": models.Part,
    "[[rubric]]": models.RubricItem,
    "[files]": models.Files,
    "[[files.sizes]]": models.SizeRule,
    "[limits]": models.Limits,
    "[run]": models.Run,
}
FILES = {models.CourseFile, models.AssignmentFile}  # their keys are the tables


def _sections() -> dict[str, dict[str, str]]:
    """Return key and written default, by table."""
    parts = re.split(r"^##? (.*)$", DOCUMENT.read_text(encoding="utf-8"), flags=re.M)
    return {
        title.strip("`"): dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, flags=re.M))
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_every_table_of_both_files_has_a_section():
    assert set(TABLES.values()) == set(models.Table.__subclasses__()) - FILES
    tables = {key for key, table in _sections().items() if key.startswith("[")}
    assert tables == {*TABLES, "[settings]"}
    keys = {key for model in FILES for key in model.model_fields}
    assert keys == {re.match(r"\[*(\w+)", key)[1] for key in tables}


@pytest.mark.parametrize("table", TABLES)
def test_every_key_of_a_table_is_documented_with_its_default(table):
    written = _sections()[table]
    fields = TABLES[table].model_fields
    assert set(written) == set(fields)
    for key, field in fields.items():
        assert (written[key] == "required") == field.is_required(), key
        if isinstance(field.default, int | str | bool | Decimal):
            shown = str(field.default).lower() if field.default in (True, False) else field.default
            quoted = f'"{shown}"' if isinstance(field.default, str) else str(shown)
            assert written[key].strip("`") == quoted, key


def test_every_variable_of_the_environment_that_is_read_is_documented():
    read = set()
    for room in ("graders", "leaderboard"):
        for path in (ROOT / room).rglob("*.py"):
            read |= set(re.findall(r"\"(ZACHETKA_[A-Z]+)\"", path.read_text(encoding="utf-8")))
    told = set(_sections()["Variables of the environment"])
    assert read - {"ZACHETKA_CANARY"} == told  # the doctor's bait, nobody sets it
