"""The shape of `course.toml` and `assignment.toml`: pydantic models, with nothing left open.

Numbers that enter a score are Decimals written as integers or in quotes, never floats. Dates are
wall-clock times of the course's zone. What one table cannot know is checked in `config_checks`.
"""

from __future__ import annotations

import difflib
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from graders.core.records import RoundingMode
from graders.core.toml_lines import TomlFloat

TBA = "TBA"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
_MODEL = re.compile(r"package:[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+|hub:[\w.-]+/[\w.-]+(@[\w.-]+)?")


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
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f'{value!r} is not a number like "0.5"') from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


def wall_time(value: Any) -> datetime | None:
    """Return the naive wall-clock minute that a configured date means; None is "TBA".

    Raises:
        ValueError: It is none of "TBA", "YYYY-MM-DD" (23:59 of that day), "YYYY-MM-DD HH:MM".
    """
    if value is None or value == TBA or isinstance(value, datetime):
        return value if isinstance(value, datetime) else None
    forms = 'write "TBA", "YYYY-MM-DD" (23:59 of that day) or "YYYY-MM-DD HH:MM", in quotes'
    if not isinstance(value, str):
        raise ValueError(forms)
    if not (_DATE.fullmatch(value) or _MINUTE.fullmatch(value)):
        raise ValueError(f"{value!r} is not a date: {forms}")
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not in the calendar ({error})") from None
    return parsed if " " in value else parsed.replace(hour=23, minute=59)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = difflib.get_close_matches(value, available_timezones(), n=1)
        hint = f", did you mean {close[0]!r}?" if close else ", for example 'Europe/Moscow'"
        raise ValueError(f"unknown time zone {value!r}{hint}") from None
    return value


def _model_name(value: str) -> str:
    if not _MODEL.fullmatch(value):
        raise ValueError(
            f"{value!r} is not a model: write package:NAME==VERSION or hub:OWNER/NAME[@REVISION]"
        )
    return value


def _safe_path(value: str) -> str:
    parts = value.split("/")
    if not value or value.startswith("/") or "\\" in value or {"", ".", ".."} & set(parts):
        raise ValueError(f"{value!r} is not a path inside the submission")
    return value


def _plain_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain_floats(item) for item in value]
    return float(value) if isinstance(value, TomlFloat) else value


Number = Annotated[Decimal, BeforeValidator(exact_number)]
Points = Annotated[Number, Field(ge=0)]
PositivePoints = Annotated[Number, Field(gt=0)]
Moment = Annotated[datetime | None, BeforeValidator(wall_time)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
DottedKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$")]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Texts = dict[str, Words]
Count = Annotated[int, Field(strict=True, gt=0)]
ModelName = Annotated[str, AfterValidator(_model_name)]
SafePath = Annotated[str, AfterValidator(_safe_path)]


class Table(BaseModel):
    """A TOML table: unknown keys are errors, defaults are validated, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class CourseTable(Table):
    """``[course]``: what holds for the whole course."""

    title: Texts
    scale: PositivePoints = Decimal(10)
    language: str = "ru"
    languages: tuple[str, ...] = ("ru", "en")
    time_zone: Annotated[str, AfterValidator(_zone)]
    base_model: ModelName
    assignments_root: Words = "."


class PolicyTable(Table):
    """``[policy]``: the late policy."""

    per_day: Points
    cap: Points
    floor: Points = Decimal(0)
    counts: Literal["last"] = "last"


class RoundingTable(Table):
    """``[final] rounding``: of the exported final grade."""

    mode: RoundingMode = RoundingMode.HALF_UP
    step: PositivePoints = Decimal(1)


class FinalTable(Table):
    """``[final]``: the course's final grade."""

    weights: dict[Id, Points]
    rounding: RoundingTable = RoundingTable()


class HomeworkTable(Table):
    """``[homeworks.<id>]``: one homework; several assignments are variants to choose from."""

    title: Texts
    issued: Moment = None
    soft: Moment
    hard: Moment
    assignments: Annotated[tuple[Id, ...], Field(min_length=1)]
    planned: bool = False


class CourseFile(Table):
    """`course.toml`."""

    course: CourseTable
    policy: PolicyTable
    final: FinalTable
    homeworks: Annotated[dict[Id, HomeworkTable], Field(min_length=1)]


class Head(Table):
    """``[assignment]``: what students are asked, by name."""

    name: Id
    package: Id
    title: Texts
    data: str = ""
    model: Literal["course", "none"] | ModelName = "course"


class Part(Table):
    """``[[parts]]``: a part of an assignment and the most that it can earn."""

    key: Id
    points: PositivePoints
    title: Texts


class RubricItem(Table):
    """``[[rubric]]``: points of a part that only a person gives."""

    part: Id
    key: DottedKey
    points: PositivePoints
    title: Texts


class SizeRule(Table):
    """``[[files.sizes]]``: a size limit of its own for files that match."""

    pattern: SafePath
    max_kb: Count


class Files(Table):
    """``[files]``: what a submission may hold. In patterns, ``*`` never crosses a ``/``."""

    required: tuple[SafePath, ...]
    allowed: tuple[SafePath, ...]
    max_file_kb: Count = 1024
    max_total_kb: Count = 32 * 1024
    max_files: Count = 200
    sizes: tuple[SizeRule, ...] = ()

    def allows(self, path: str) -> bool:
        """Say whether a file of this posix path may be handed in."""
        return path in self.required or any(matches(path, rule) for rule in self.allowed)

    def max_bytes(self, path: str) -> int:
        """Return the size limit of a file: the first rule that matches, or the common one."""
        for rule in self.sizes:
            if matches(path, rule.pattern):
                return rule.max_kb * 1024
        return self.max_file_kb * 1024

    @property
    def max_total_bytes(self) -> int:
        """The size limit of all files together."""
        return self.max_total_kb * 1024


class Limits(Table):
    """``[limits]``: what a submission may use; ``_s`` seconds, ``_mb`` and ``_kb`` of 1024."""

    wall_s: Count = 120
    cpu_s: Count = 120
    memory_mb: Count = 2048
    processes: Count = 32
    file_mb: Count = 64
    tmp_mb: Count = 256
    output_kb: Count = 256
    open_files: Count = 128
    call_timeout_s: Count = 20
    tests_wall_s: Count = 300


class AssignmentFile(Table):
    """`assignment.toml`."""

    assignment: Head
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    rubric: tuple[RubricItem, ...] = ()
    files: Files
    limits: Limits = Limits()
    settings: Annotated[dict[str, Any], BeforeValidator(_plain_floats)] = {}


def matches(path: str, pattern: str) -> bool:
    """Say whether a posix path matches a pattern, part by part."""
    parts, rules = path.split("/"), pattern.split("/")
    return len(parts) == len(rules) and all(map(fnmatchcase, parts, rules))


def known_keys() -> set[str]:
    """Return every key of both files, for «did you mean»."""
    return {name for model in Table.__subclasses__() for name in model.model_fields}
