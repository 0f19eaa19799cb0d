"""JSON from a student, read without surprises: one meaning, or a message with line and column.

Refused: text over the size cap, invalid UTF-8, ``NaN`` and ``Infinity``, numbers that overflow to
infinity or have too many digits, duplicate keys, lone surrogates, and nesting over the cap.
It does not check what the data mean: that is the assignment's part.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from graders.core.errors import StudentError

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 400  # the longest float written out is shorter; int() of millions is slow

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]|-?(?:NaN|Infinity)|-?\d[\d.eE+-]*+', re.DOTALL)


_FAULTS = {
    "json.too_large": "the JSON is longer than {limit} bytes",
    "json.not_utf8": "the file is not UTF-8",
    "json.not_json": "this is not JSON ({detail})",
    "json.duplicate_key": "the key {name} occurs twice",
    "json.not_a_number": "{word} is not JSON",
    "json.number_too_large": "the number {number} is too large",
    "json.too_many_digits": "a number has more than {limit} digits",
    "json.too_deep": "the JSON is nested deeper than {limit} levels",
    "json.surrogate": "a string holds half of a surrogate pair",
}
FAULT_KEYS = frozenset(_FAULTS)


class StrictJsonError(StudentError):
    """What is wrong with a JSON text.

    Args:
        key: Catalogue key of the fault, one of `FAULT_KEYS`.
        where: The file's name; empty when it has none.
        line: Line from 1; None when the place is not known.
        column: Column from 1, or None.
        values: The fields of the catalogue's text besides ``file``, ``line`` and ``column``.
    """

    def __init__(
        self, key: str, where: str, line: int | None, column: int | None, **values: Any
    ) -> None:
        place = [where] if where else []
        place += [f"{name} {n}" for name, n in (("line", line), ("column", column)) if n]
        super().__init__(_FAULTS[key].format_map(values), where=", ".join(place))
        self.key = key
        # The texts name file, line and column always: 0 stands for a place that is not known.
        self.values = {"file": where, "line": line or 0, "column": column or 0, **values}


def loads(
    data: bytes | str, *, where: str = "", max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH
) -> Any:
    """Parse strict JSON.

    Args:
        data: The text; bytes are read as UTF-8 (a byte-order mark is allowed).
        where: The file's name, for the message.
        max_bytes: Most bytes (characters, for a str).
        max_depth: Most lists and objects inside each other.

    Returns:
        Plain data: dict, list, str, int, float, bool or None.

    Raises:
        StrictJsonError: It is not strict JSON; `where` then holds the line and column.
    """
    if len(data) > max_bytes:
        raise StrictJsonError("json.too_large", where, None, None, limit=max_bytes)
    text = _decode(data, where) if isinstance(data, bytes) else data
    # SECURITY: the depth is checked before parsing, for the parser recurses
    # (test_deep_nesting_is_refused_before_it_is_parsed).
    _check_tokens(text, where, max_depth)
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise _fault("json.not_json", text, error.pos, where, detail=error.msg) from None
    except _DuplicateKeyError as error:
        place = _last_key(text, error.key)
        raise _fault("json.duplicate_key", text, place, where, name=_short(error.key)) from None
    except OverflowError as error:
        number = str(error)
        raise _fault(
            "json.number_too_large", text, text.find(number), where, number=_short(number)
        ) from None
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise StrictJsonError("json.surrogate", where, None, None) from None
    return value


class _DuplicateKeyError(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _decode(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise StrictJsonError("json.not_utf8", where, line, None) from None


def _check_tokens(text: str, where: str, max_depth: int) -> None:
    """Walk the tokens once, outside the parser, for what the parser would let through."""
    depth = 0
    for found in _TOKEN.finditer(text):
        token, at = found[0], found.start()
        if token[0] == '"':
            continue
        if token[0] in "[{":
            depth += 1
            if depth > max_depth:
                raise _fault("json.too_deep", text, at, where, limit=max_depth)
        elif token[0] in "]}":
            depth -= 1
        elif token.endswith(("NaN", "Infinity")):
            raise _fault("json.not_a_number", text, at, where, word=token)
        elif len(token) > MAX_DIGITS:
            raise _fault("json.too_many_digits", text, at, where, limit=MAX_DIGITS)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKeyError(key)
        found[key] = value
    return found


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise OverflowError(text)
    return value


def _last_key(text: str, key: str) -> int:
    """Return where a key that is written plainly occurs the last time; -1 when it is escaped."""
    found = [m.start() for m in re.finditer(re.escape(json.dumps(key, ensure_ascii=False)), text)]
    return found[-1] if found else -1


def _fault(key: str, text: str, pos: int, where: str, **values: Any) -> StrictJsonError:
    if pos < 0:
        return StrictJsonError(key, where, None, None, **values)
    line = text.count("\n", 0, pos) + 1
    column = pos - text.rfind("\n", 0, pos)
    return StrictJsonError(key, where, line, column, **values)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
