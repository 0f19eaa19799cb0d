"""The `submission` fixture: the files that were handed in, read strictly.

Whatever is missing or badly formed is the student's fault and is raised with a message that
names the file, the line and what was expected. Nothing here is executed or unpickled.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from graders.core import strictjson
from graders.core.records import Plain
from graders.tester.faults import StudentFault

TEXT_LIMIT = 2 * 2**20
BYTES_LIMIT = 64 * 2**20
ROWS_LIMIT = 200_000
CELL_LIMIT = 100_000


class SubmissionFiles:
    """Reads one submission's folder.

    Args:
        root: The folder, a trusted copy.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def exists(self, path: str) -> bool:
        """Say whether a regular file was handed in under this name."""
        found = self.root / path
        return found.is_file() and not found.is_symlink()

    def bytes(self, path: str, limit: int = BYTES_LIMIT) -> bytes:
        """Return a file's content.

        Raises:
            StudentFault: It is missing or too large.
        """
        if not self.exists(path):
            _fault("tester.file.missing", file=path)
        found = self.root / path
        size = found.stat().st_size
        if size > limit:
            _fault("tester.file.too_large", file=path, size=size, limit=limit)
        return found.read_bytes()

    def text(self, path: str, limit: int = TEXT_LIMIT) -> str:
        """Return a UTF-8 text without its byte order mark.

        Raises:
            StudentFault: It is missing, too large or not UTF-8.
        """
        data = self.bytes(path, limit)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            _fault("tester.file.not_utf8", file=path, line=line)

    def json(self, path: str, limit: int = TEXT_LIMIT) -> Plain:
        """Return a strict JSON document: no NaN, no key twice, a cap on depth.

        Raises:
            StudentFault: It is missing or not such a document.
        """
        return _parse(self.bytes(path, limit), path, limit)

    def jsonl(self, path: str, limit: int = 8 * TEXT_LIMIT) -> list[Plain]:
        """Return the strict JSON documents of a file, one a line; empty lines are skipped.

        Raises:
            StudentFault: It is missing, or a line is not such a document.
        """
        rows = []
        for number, line in enumerate(self.text(path, limit).split("\n"), start=1):
            if line.strip():
                rows.append(_parse(line.rstrip("\r"), path, limit, number))
            if len(rows) > ROWS_LIMIT:
                _fault("tester.file.too_many_rows", file=path, limit=ROWS_LIMIT)
        return rows

    def csv(
        self, path: str, columns: Sequence[str] = (), limit: int = TEXT_LIMIT
    ) -> list[dict[str, str]]:
        """Return the rows of a comma-separated file with a header.

        Args:
            path: The file.
            columns: Columns that the header must have.
            limit: Most bytes.

        Raises:
            StudentFault: It is missing, lacks a column, or a row is not as long as the header.
        """
        reader = csv.reader(io.StringIO(self.text(path, limit), newline=""), strict=True)
        try:
            header = next(reader, [])
            if len(set(header)) != len(header):
                _fault("tester.file.column_twice", file=path)
            missing = [name for name in columns if name not in header]
            if missing:
                _fault("tester.file.no_columns", file=path, columns=", ".join(missing))
            return [self._row(path, header, cells, reader.line_num) for cells in reader if cells]
        except csv.Error as error:
            _fault("tester.file.not_csv", file=path, line=reader.line_num, detail=str(error))

    @staticmethod
    def _row(path: str, header: list[str], cells: list[str], line: int) -> dict[str, str]:
        if len(cells) != len(header):
            _fault("tester.file.row_length", file=path, line=line, got=len(cells), want=len(header))
        return dict(zip(header, cells, strict=True))


def _parse(data: Any, path: str, limit: int, row: int = 0) -> Plain:
    try:
        return strictjson.loads(data, where=path, max_bytes=limit)
    except strictjson.StrictJsonError as error:
        values = dict(error.values)
        if row:
            values["line"] = row
        raise StudentFault(error.key, values) from None


def _fault(key: str, **args: Plain) -> NoReturn:
    raise StudentFault(key, args)
