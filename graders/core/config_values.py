"""The values of `course.toml` and `assignment.toml`: exact numbers, dates, names, models, paths.

Each kind is read by one function that says in a sentence how it is written.
"""

from __future__ import annotations

import difflib
import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from graders.core.toml_lines import TomlFloat

TBA = "TBA"
_FORMS = 'write "TBA", "YYYY-MM-DD" (23:59 of that day) or "YYYY-MM-DD HH:MM", in quotes'
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:00)?")
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_DOTTED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_LETTERS = "lower-case Latin letters, digits and _, beginning with a letter"
_MODEL = re.compile(r"package:[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+|hub:[\w.-]+/[\w.-]+(@[\w.-]+)?")

_MODEL_FORMS = "package:NAME==VERSION or hub:OWNER/NAME[@REVISION]"


def exact_number(value: Any) -> Decimal:
    """Return the Decimal that an integer or a quoted number means.

    Raises:
        ValueError: It is a float, which cannot hold 0.1 exactly, or no number at all.
    """
    if isinstance(value, TomlFloat):
        raise ValueError(f'write it in quotes, "{value.written}": a float is not exact')
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError('a number is expected: an integer, or in quotes like "0.5"')
    # Few digits, so that sums and products of them are exact wherever they are computed.
    if not _NUMBER.fullmatch(str(value)):
        raise ValueError(f'{value!r:.60} is not a number like "0.5", of at most 9 digits a side')
    return Decimal(value)


def wall_time(value: Any) -> datetime | None:
    """Return the naive wall-clock minute that a configured date means; None is "TBA".

    Raises:
        ValueError: It is none of "TBA", "YYYY-MM-DD" (23:59 of that day), "YYYY-MM-DD HH:MM".
    """
    if value is None or value == TBA:
        return None
    wall = value if isinstance(value, datetime) else _parsed(value)
    if wall.tzinfo is not None or wall.second or wall.microsecond:
        raise ValueError(f"{wall} is not a whole minute on the wall clock: {_FORMS}")
    if not 2000 <= wall.year <= 2999:
        raise ValueError(f"the year of {wall} is not of this millennium")
    return wall


def _parsed(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError(_FORMS)
    if not (_DATE.fullmatch(value) or _MINUTE.fullmatch(value)):
        raise ValueError(f"{value!r} is not a date: {_FORMS}")
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not in the calendar ({error})") from None
    return parsed if len(value) > 10 else parsed.replace(hour=23, minute=59)


def zone(value: str) -> str:
    """Return the name of a time zone that exists.

    Raises:
        ValueError: It is none.
    """
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = difflib.get_close_matches(value, available_timezones(), n=1)
        hint = f", did you mean {close[0]!r}?" if close else ", for example 'Europe/Moscow'"
        raise ValueError(f"unknown time zone {value!r}{hint}") from None
    return value


def _model_name(value: str) -> str:
    if not _MODEL.fullmatch(value):
        raise ValueError(f"{value!r} is not a model: write {_MODEL_FORMS}")
    return value


def assignment_model(value: str) -> str:
    """Return what an assignment's `model` says: course, none or a model of its own.

    Raises:
        ValueError: It is none.
    """
    if value not in {"course", "none"} and not _MODEL.fullmatch(value):
        raise ValueError(f"{value!r} is not a model: write course, none, {_MODEL_FORMS}")
    return value


def folder(value: str) -> str:
    """Return a name that the file system can be asked for.

    Raises:
        ValueError: It is none.
    """
    if "\0" in value:
        raise ValueError("a folder's name cannot hold a zero byte")
    return value


def _safe_path(value: str) -> str:
    parts = value.split("/")
    if not value or value.startswith("/") or "\\" in value or {"", ".", ".."} & set(parts):
        raise ValueError(f"{value!r} is not a path inside the submission")
    return value


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError(f"{value!r:.80} is not an id: {_LETTERS}, 32 at most")
    return value


def _dotted(value: str) -> str:
    if not _DOTTED.fullmatch(value):
        raise ValueError(f"{value!r:.80} is not a key: {_LETTERS}, with dots between words")
    return value


def floats(value: Any) -> Any:
    """Return settings with ordinary floats; what is not plain is told by `config_checks`."""
    if isinstance(value, dict):
        return {key: floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [floats(item) for item in value]
    return float(value) if isinstance(value, TomlFloat) else value


Number = Annotated[Decimal, BeforeValidator(exact_number)]
Points = Annotated[Number, Field(ge=0)]
PositivePoints = Annotated[Number, Field(gt=0)]
Moment = Annotated[datetime | None, BeforeValidator(wall_time)]
Id = Annotated[str, AfterValidator(_id)]
DottedKey = Annotated[str, AfterValidator(_dotted)]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Texts = dict[str, Words]
Count = Annotated[int, Field(strict=True, gt=0, lt=10**9)]
ModelName = Annotated[str, AfterValidator(_model_name)]
SafePath = Annotated[str, AfterValidator(_safe_path)]
