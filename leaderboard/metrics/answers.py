"""Reading a submission of a competition: an answer to every question, or every mistake at once.

JSON Lines (``{"id": ..., "answer": ...}`` a line) or CSV (``id,answer``), UTF-8, a byte-order mark
allowed, ids exactly those of the test set, in any order.

What an answer may hold. Control characters (terminal escapes among them), bidirectional marks
and lone surrogates are refused and not removed: nobody needs them in a summary, and an answer that
was mended here would no longer be the one that the student's code wrote, which a re-run compares.
A line break or a zero-width character is let through: models write them, so they cost points
(format) or a look (integrity) instead of the whole submission. A leading ``=`` or ``@`` is legal
text; it is made harmless where a spreadsheet is written (`graders.exchange.tables.formula_safe`).
A blank answer is an answer that scores 0. A missing value (null, NaN, or their spelling, which a
program writes by mistake) is refused.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graders.core.errors import StudentError
from graders.core.messages import Messages
from graders.core.records import Plain
from graders.core.strictjson import StrictJsonError, loads

MAX_BYTES = 8 * 1024 * 1024
MAX_ANSWER = 1000  # characters; an answer is one line of 4 to 14 words
MAX_PROBLEMS = 20
MAX_COUNTED = 1000  # then reading ends: a file of millions of wrong lines is not worth the time
MAX_DEPTH = 2
SHOWN_IDS = 5

_MISSING = frozenset({"nan", "null", "none", "<na>", "n/a", "inf", "-inf", "infinity"})
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_KEPT = frozenset("\t\n\r")

_FAULTS = {
    "answers.kind": "{file} is neither .jsonl nor .csv",
    "answers.too_large": "{file} is larger than {limit} bytes",
    "answers.not_utf8": "line {line}: the text is not UTF-8",
    "answers.header": "line {line}: the first line must be id,answer",
    "answers.csv": "line {line}: this is not CSV ({detail})",
    "answers.columns": "line {line}: there are {found} cells instead of 2",
    "answers.object": 'line {line}: the line must be an object of "id" and "answer" only',
    "answers.id_type": "line {line}: the id must be a text",
    "answers.answer_type": "line {line}: the answer must be a text, not {found}",
    "answers.missing_value": "line {line}: the answer is {found}: a missing value, not a text",
    "answers.too_long": "line {line}: the answer has {found} characters, more than {limit}",
    "answers.control": "line {line}: the answer holds the control character {found}",
    "answers.bidi": "line {line}: the answer holds the character {found}, which turns the text",
    "answers.surrogate": "line {line}: a text holds half of a surrogate pair",
    "answers.extra": "line {line}: the id {id} is not in the test set",
    "answers.duplicate": "line {line}: the id {id} was answered in line {first} already",
    "answers.absent": "{count} questions have no answer, for example {ids}",
    "answers.empty": "{file} holds no answers",
}
FAULT_KEYS = frozenset(_FAULTS)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    Args:
        key: Of its message: one of `FAULT_KEYS`, or of `graders.core.strictjson.FAULT_KEYS`.
        text: The same in English, for logs.
        args: The message's fields; ``line`` counts from 1.
    """

    key: str
    text: str
    args: Mapping[str, Plain] = field(default_factory=dict)


class AnswersError(StudentError):
    """All mistakes of a file of answers, `MAX_PROBLEMS` at most.

    Args:
        file: Its name.
        problems: In the order of the file.
        more: How many mistakes were found beyond them.
    """

    def __init__(self, file: str, problems: Sequence[Problem], more: int) -> None:
        sentences = [problem.text for problem in problems]
        if more:
            sentences.append(f"and {more} more")
        super().__init__("; ".join(sentences), where=file, todo="Mend the file and check it again")
        self.problems = tuple(problems)
        self.more = more

    def explain(self, messages: Messages) -> list[str]:
        """Return one sentence for each mistake in the reader's language."""
        lines = [messages.text(problem.key, **problem.args) for problem in self.problems]
        return [*lines, messages.plural("answers.more", self.more)] if self.more else lines


class _Found:
    """Mistakes so far; those beyond the limit are only counted."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.more = 0

    def add(self, key: str, **args: Plain) -> None:
        self.put(Problem(key, _FAULTS[key].format_map(args), args))

    def put(self, problem: Problem) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more += 1

    @property
    def is_enough(self) -> bool:
        return self.more >= MAX_COUNTED


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    id: str
    answer: str | None  # None: it was no text, which has been told


def read_answers(data: bytes, file: str, ids: Sequence[str]) -> dict[str, str]:
    """Read a submission.

    Args:
        data: The file's content.
        file: Its name; its ending says what it is.
        ids: Of the test set.

    Returns:
        The answer to every id, in the order of `ids`.

    Raises:
        AnswersError: Anything is wrong with it; it holds all mistakes with their lines.
    """
    found = _Found()
    known = frozenset(ids)
    first: dict[str, int] = {}
    answers: dict[str, str] = {}
    for line in _lines(data, file, found):
        if line.id not in known:
            found.add("answers.extra", line=line.number, id=_short(line.id))
        elif line.id in first:
            found.add("answers.duplicate", line=line.number, id=line.id, first=first[line.id])
        else:
            first[line.id] = line.number
            answers[line.id] = line.answer or ""
            if line.answer is not None:
                _check_text(line.number, line.answer, found)
        if found.is_enough:
            break
    _tell_absent([id_ for id_ in ids if id_ not in answers], bool(answers), file, found)
    if found.problems:
        raise AnswersError(_short(file), found.problems, found.more)
    return {id_: answers[id_] for id_ in ids}


def _tell_absent(absent: Sequence[str], some: bool, file: str, found: _Found) -> None:
    if not absent or found.is_enough:
        return
    if some:
        args = {"count": len(absent), "ids": ", ".join(absent[:SHOWN_IDS])}
        problem = Problem("answers.absent", _FAULTS["answers.absent"].format_map(args), args)
        found.problems.insert(0, problem)  # never among those that are only counted
    elif not found.problems:  # else nothing could be read, and that is the mistake
        found.add("answers.empty", file=_short(file))


def _lines(data: bytes, file: str, found: _Found) -> Iterator[_Line]:
    if len(data) > MAX_BYTES:
        found.add("answers.too_large", file=_short(file), limit=MAX_BYTES)
        return iter(())
    if file.lower().endswith(".jsonl"):
        return _json_lines(data, file, found)
    if file.lower().endswith(".csv"):
        return _csv_lines(data, found)
    found.add("answers.kind", file=_short(file))
    return iter(())


def _json_lines(data: bytes, file: str, found: _Found) -> Iterator[_Line]:
    # Split as bytes at "\n" alone: str.splitlines would split an answer at U+2028.
    rows = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, row in enumerate(rows, start=1):
        if not row.strip():
            continue
        if found.is_enough:
            return
        try:
            value = loads(row, max_depth=MAX_DEPTH)
        except StrictJsonError as error:
            if error.key == "json.surrogate":  # its own message cannot name a line
                found.add("answers.surrogate", line=number)
            else:
                args = {**error.values, "file": _short(file), "line": number}
                found.put(Problem(error.key, f"line {number}: {error.what}", args))
            continue
        if not isinstance(value, dict) or value.keys() != {"id", "answer"}:
            found.add("answers.object", line=number)
        elif not isinstance(value["id"], str):
            found.add("answers.id_type", line=number)
        elif not isinstance(value["answer"], str):
            found.add("answers.answer_type", line=number, found=_kind(value["answer"]))
            yield _Line(number, value["id"], None)
        else:
            yield _Line(number, value["id"], value["answer"])


def _csv_lines(data: bytes, found: _Found) -> Iterator[_Line]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found.add("answers.not_utf8", line=data.count(b"\n", 0, error.start) + 1)
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    for cells in _rows(reader, found):
        number, begins = begins, reader.line_num + 1
        if number == 1:
            if cells != ["id", "answer"]:
                found.add("answers.header", line=number)
                return
        elif len(cells) == 2:
            yield _Line(number, *cells)
        elif cells:
            found.add("answers.columns", line=number, found=len(cells))
            if found.is_enough:
                return


def _rows(reader: Any, found: _Found) -> Iterable[list[str]]:
    """Yield rows until the text is no CSV any more: what follows cannot be understood."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            found.add("answers.csv", line=reader.line_num, detail=str(error))
            return


def _check_text(line: int, text: str, found: _Found) -> None:
    """Look for what no answer may hold; the first such thing of a line is told."""
    if len(text) > MAX_ANSWER:
        found.add("answers.too_long", line=line, found=len(text), limit=MAX_ANSWER)
    elif text.strip().casefold() in _MISSING:
        found.add("answers.missing_value", line=line, found=text.strip())
    elif turned := _BIDI.search(text):
        # SECURITY: test_text_that_moves_a_cursor_or_turns_a_line_is_refused.
        found.add("answers.bidi", line=line, found=_code(turned[0]))
    elif not text.isprintable() and (wrong := _forbidden(text)):
        found.add("answers.control", line=line, found=_code(wrong))


def _forbidden(text: str) -> str:
    for char in text:
        if char not in _KEPT and unicodedata.category(char) == "Cc":
            return char
    return ""


def _kind(value: Plain) -> str:
    names = {bool: "true/false", int: "number", float: "number", list: "list", dict: "object"}
    return names.get(type(value), "null")


def _code(char: str) -> str:
    return f"U+{ord(char):04X}"


def _short(text: str) -> str:
    """Return a name from a student so that it can stand in a message."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
