"""The manifest of receipts: who handed in what, and when the platform received it.

CSV (comma or semicolon, with a header) or a JSON list of objects; the columns are `student`,
`file` (a path inside the inbox) and `received` (ISO 8601 with its offset). Further columns are
for whoever wrote them and are not read.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from graders.core import strictjson
from graders.core.clock import parse_instant
from graders.core.errors import CourseError

COLUMNS = ("student", "file", "received")
_GAP = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake of a manifest; line 0 means that no line is at fault."""

    line: int
    message: str


class ManifestError(CourseError):
    """The manifest is wrong and nothing is collected; `problems` are all that was found."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        lines = "\n".join(
            f"  {path}:{one.line}: {one.message}" if one.line else f"  {path}: {one.message}"
            for one in sorted(problems, key=lambda one: one.line)
        )
        super().__init__(f"the manifest of receipts has {count}:\n{lines}")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One line of a manifest; `file` is a posix path in NFC, `received` is in UTC."""

    line: int
    student: str
    file: str
    received: datetime


def read_manifest(path: Path, now: datetime) -> tuple[list[Receipt], list[Problem]]:
    """Read the lines of a manifest, and what is wrong with each.

    Args:
        path: A .json file, or CSV by any other name.
        now: The present instant; nothing can be received later.

    Raises:
        CourseError: The file as a whole cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CourseError(
            f"the manifest of receipts cannot be read ({error.strerror})", where=str(path)
        ) from None
    except UnicodeDecodeError:
        raise CourseError(
            "the manifest of receipts is not UTF-8", where=str(path), todo="Save it as UTF-8"
        ) from None
    rows = _json_rows(text, path) if path.suffix.lower() == ".json" else _csv_rows(text, path)
    receipts: list[Receipt] = []
    problems: list[Problem] = []
    for line, row in rows:
        wrong = list(_wrong(row, receipts, now))
        problems += [Problem(line, message) for message in wrong]
        if not wrong:
            received = parse_instant(row["received"].strip())
            receipts.append(Receipt(line, _student(row), _file(row), received))
    return receipts, problems


def _student(row: dict[str, Any]) -> str:
    return unicodedata.normalize("NFC", row["student"].strip())


def _file(row: dict[str, Any]) -> str:
    return unicodedata.normalize("NFC", row["file"].strip().rstrip("/"))


def _wrong(row: dict[str, Any], earlier: list[Receipt], now: datetime) -> Iterator[str]:
    """Yield what is wrong with one line, besides whether its file exists."""
    empty = [name for name in COLUMNS if not str(row.get(name) or "").strip()]
    if empty:
        yield f"{', '.join(empty)}: nothing is written there"
        return
    unlike = [name for name in COLUMNS if not isinstance(row[name], str)]
    if unlike:
        yield f"{', '.join(unlike)}: text is expected"
        return
    file = _file(row)
    if file.startswith("/") or "\\" in file or {"", ".", ".."} & set(file.split("/")):
        yield f"file: {row['file']!r} is no path inside the inbox, like s01.zip or s01/attempt-1"
    for other in earlier:
        if other.file == file:
            yield f"file: {file} is on line {other.line} already"
        elif file.startswith(f"{other.file}/") or other.file.startswith(f"{file}/"):
            yield f"file: {file} overlaps with {other.file} on line {other.line}"
    try:
        received = parse_instant(row["received"].strip())
    except CourseError as error:
        yield f"received: {row['received']!r}: {error.what}. {error.todo}"
        return
    if received > now:
        yield f"received: {row['received']} is later than now ({now.isoformat()})"


def _csv_rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    first = text.split("\n", 1)[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in COLUMNS if header.count(name) != 1]
        if missing:
            raise CourseError(
                f"the manifest of receipts lacks the columns {', '.join(missing)}",
                where=f"{path}:1",
                todo=f"Its first line is: {','.join(COLUMNS)}",
            )
        before = reader.line_num
        for row in reader:
            line, before = before + 1, reader.line_num
            if row:
                yield line, dict(zip(header, row, strict=False))
    except csv.Error as error:
        raise CourseError(
            f"the manifest of receipts is no CSV ({error})", where=f"{path}:{reader.line_num}"
        ) from None


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        whole = strictjson.loads(text, where=str(path))
    except strictjson.StrictJsonError as error:
        raise CourseError(error.what, where=error.where) from None
    if not isinstance(whole, list) or not all(isinstance(row, dict) for row in whole):
        raise CourseError(
            "the manifest of receipts is no list of objects",
            where=str(path),
            todo='Write it like [{"student": "s01", "file": "s01.zip", "received": "..."}]',
        )
    # The text is known to be a list by now: walk over it once more for the line of each item.
    decoder, at = json.JSONDecoder(), text.index("[") + 1
    for row in whole:
        gap = _GAP.match(text, at)
        assert gap is not None
        yield text.count("\n", 0, gap.end()) + 1, row
        at = decoder.raw_decode(text, gap.end())[1]
