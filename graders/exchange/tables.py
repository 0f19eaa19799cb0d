"""The gradebook as files: CSV and JSON for programs, XLSX for people.

The CSV is plain UTF-8 without a byte-order mark, with commas and decimal points: a mark alone
would not make a Russian Excel read it (that wants semicolons and decimal commas too), and would
stand in the first column's name for everybody else. Excel opens the XLSX.

The same rows give the same bytes in every format.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graders.core.canonical import decimal_text
from graders.exchange.atomic import write_whole
from graders.exchange.gradebook import GradebookRow, rows_as_plain

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

COLUMNS = tuple(one.name for one in fields(GradebookRow))
_WIDTHS = {"name": 28, "counted": 22, "received": 26, "status": 16, "reason": 60}

# Where a cell may begin, also in a program that splits at semicolons or tabs, and what begins
# a formula there; the wide signs are turned into narrow ones by some Asian locales.
_FORMULA = re.compile(r"(^|[;\t\r\n\0])(?=\s*[=+\-@\t\r\0＝＋－＠])")
_DATE = datetime(1980, 1, 1)  # noqa: DTZ001 - a zip's dates have no zone
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def formula_safe(text: str) -> str:
    """Return text that no spreadsheet runs as a formula: an apostrophe stands before it.

    What a student writes gets here (a name, a file's name in a reason), so this also looks
    behind separators inside the text. Numbers must not go through it.
    """
    # SECURITY: test_no_cell_of_the_csv_is_a_formula.
    return _FORMULA.sub(r"\1'", text)


def write_csv(path: Path, table: Sequence[GradebookRow]) -> None:
    """Write rows as CSV, with a header; an empty cell is what is not there.

    Raises:
        OSError: It cannot be written; no part of it stays.
    """
    memory = io.StringIO()
    # Lines end as RFC 4180 says; with "\n" alone, csv would leave a "\r" in a cell unquoted.
    writer = csv.writer(memory, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in table:
        values = [getattr(row, name) for name in COLUMNS]
        writer.writerow([_number(v) if _is_number(v) else formula_safe(_text(v)) for v in values])
    write_whole(path, memory.getvalue().encode())


def write_json(path: Path, table: Sequence[GradebookRow]) -> None:
    """Write rows as a JSON list of objects (`rows_as_plain`).

    Raises:
        OSError: It cannot be written; no part of it stays.
    """
    text = json.dumps(rows_as_plain(table), ensure_ascii=False, indent=2)
    write_whole(path, f"{text}\n".encode())


def write_xlsx(path: Path, table: Sequence[GradebookRow]) -> None:
    """Write rows as a workbook of one sheet: texts as texts, scores as numbers.

    Raises:
        OSError: It cannot be written; no part of it stays.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.properties.created = _DATE
    book.properties.creator = "zachetka"
    sheet = book.active
    sheet.title = "gradebook"
    sheet.freeze_panes = "A2"
    for number, name in enumerate(COLUMNS, start=1):
        cell = sheet.cell(1, number, name)
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = _WIDTHS.get(name, 12)
    for line, row in enumerate(table, start=2):
        for number, name in enumerate(COLUMNS, start=1):
            _put(sheet, line, number, getattr(row, name))
    memory = io.BytesIO()
    book.save(memory)
    write_whole(path, _undated(memory.getvalue()))


def _put(sheet: Worksheet, line: int, number: int, value: Any) -> None:
    if _is_number(value):
        sheet.cell(line, number, value)
    elif text := _text(value):
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        cell = sheet.cell(line, number)
        # XML turns \r into \n when it is read, unless lxml happens to have written it.
        plain = text.replace("\r", "\n")
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", plain)
        # SECURITY: openpyxl takes "=..." for a formula and "#N/A" for an error
        # (test_no_cell_of_the_workbook_is_a_formula); the prefix keeps it a text when edited.
        cell.data_type = "s"
        cell.quotePrefix = formula_safe(text) != text


def _undated(workbook: bytes) -> bytes:
    """Return a workbook without the time of its making."""
    memory = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as old,
        zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>%sZ\g<2>" % _DATE.isoformat().encode(), content)
            entry = zipfile.ZipInfo(name, _DATE.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return memory.getvalue()


def _is_number(value: Any) -> bool:
    return isinstance(value, Decimal)


def _number(value: Decimal) -> str:
    return decimal_text(value)


def _text(value: Any) -> str:
    """Return the text of a cell that is no number."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)
