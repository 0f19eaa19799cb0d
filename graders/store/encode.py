"""Exact text forms of what the database keeps: plain data, decimals and instants.

The same text is stored by SQLite and PostgreSQL, so that a value read back is the value
written, whatever the database, its time zone and its locale are.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from graders.core.errors import CourseError
from graders.core.records import Plain

_SURROGATE = re.compile("[\ud800-\udfff]")
_NAME_LIMIT = 255  # PostgreSQL refuses index entries above about 2700 bytes


def plain_text(value: Plain) -> str:
    """Return the canonical JSON of plain data: equal data give equal text.

    Control characters and lone surrogates (which JSON that a student wrote may hold) are
    escaped, because neither database takes them raw.

    Raises:
        CourseError: It is not plain data: a key that is no string, a NaN, an object.
    """
    _refuse_what_json_would_change(value)
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def plain_value(text: str) -> Plain:
    """Return the plain data of a canonical JSON text."""
    return json.loads(text)


def thaw(value: Plain) -> Plain:
    """Return the same plain data with every mapping a dict and every tuple a list."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [thaw(item) for item in value]
    return value


def _refuse_what_json_would_change(value: Plain) -> None:
    """Raise on data that `json` would turn into other data without a word."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise CourseError(
                    f"facts and arguments have string keys, and {key!r} is none",
                    todo="Turn the key into a string where the fact is made.",
                )
            _refuse_what_json_would_change(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_what_json_would_change(item)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise CourseError(
                f"facts and arguments are finite numbers, and {value} is none",
                todo="Report it as text, or as an absent value.",
            )
    elif value is not None and not isinstance(value, str | int):
        raise CourseError(
            f"facts and arguments are plain data, and a {type(value).__name__} is none",
            todo="Use strings, integers, booleans, None, lists and dicts of them.",
        )


def name(value: str, what: str) -> str:
    """Return an identifier (student, homework, key) that both databases can index.

    Raises:
        CourseError: It is empty, too long, or holds characters that are not text.
    """
    if not value or len(value) > _NAME_LIMIT:
        raise CourseError(
            f"a {what} has 1 to {_NAME_LIMIT} characters, and this one has {len(value)}",
            where=value[:40],
        )
    return text(value, what)


def text(value: str, what: str) -> str:
    """Return text that both databases store as it is.

    Raises:
        CourseError: It holds a NUL or a half of a surrogate pair.
    """
    if "\0" in value or _SURROGATE.search(value):
        raise CourseError(
            f"a {what} holds characters that are not text",
            where=ascii(value[:40]),
            todo="Write it without NUL characters and broken Unicode.",
        )
    return value


def score(value: Decimal) -> Decimal:
    """Return a score that can be stored.

    `str` keeps its digits and its exponent, so that it is read back as it was.

    Raises:
        CourseError: It is not a finite number.
    """
    if not value.is_finite():
        raise CourseError(
            f"a score is a finite number, and {value} is none",
            todo="Look at the test or the rubric item that gave it.",
        )
    return value


def instant(value: datetime, what: str) -> datetime:
    """Return an aware instant in UTC.

    Raises:
        CourseError: The instant says no time zone.
    """
    if value.tzinfo is None or value.utcoffset() is None:
        raise CourseError(
            f"{what} is {value.isoformat()}, which says no time zone",
            todo="Give an aware date and time, for example 2026-12-01T00:00:00+03:00.",
        )
    return value.astimezone(UTC)


def instant_text(value: datetime) -> str:
    """Return a fixed-width text of an aware instant, whose order is the order in time."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def instant_value(text: str) -> datetime:
    """Return the instant of such a text."""
    return datetime.fromisoformat(text)
