"""What is wrong with the course's configuration: every problem at once, each with its place.

The cross checks read raw TOML and skip whatever has the wrong shape (pydantic tells that), so
that one mistake never hides another.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from graders.core.config_models import known_keys, matches
from graders.core.config_values import exact_number, wall_time
from graders.core.errors import CourseError
from graders.core.messages import available_languages
from graders.core.toml_lines import Key, TomlDocument

Finding = tuple[Key, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: the file, the line from 1, the dotted key and what is wrong."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        """Return the problem as editors understand it: ``file:line: key: message``."""
        place = f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(CourseError):
    """The configuration is wrong; `problems` are all that was found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        lines = "\n".join(f"  {problem}" for problem in problems)
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        super().__init__(f"the course's configuration has {count}:\n{lines}")
        self.problems = problems


def located(findings: Iterator[Finding], document: TomlDocument, file: Path) -> list[Problem]:
    """Give findings their file and line."""
    return [
        Problem(str(file), document.line(key), ".".join(map(str, key)), message)
        for key, message in findings
    ]


def shape_findings(error: ValidationError) -> Iterator[Finding]:
    """Tell pydantic's findings in the words of someone who writes TOML."""
    told = set()
    for found in error.errors(include_url=False):
        # The check of a dict's key adds "[key]".
        key = tuple(part for part in found["loc"] if part != "[key]")
        message = found["msg"].removeprefix("Value error, ")
        if found["type"] == "extra_forbidden":
            close = difflib.get_close_matches(str(key[-1]), known_keys(), n=1)
            message = "unknown key" + (f", did you mean {close[0]!r}?" if close else "")
        elif found["type"] == "missing":
            message = "this key is required"
        if (key, message) not in told:
            told.add((key, message))
            yield key, message


def course_findings(raw: Mapping[str, Any], root: Path) -> Iterator[Finding]:
    """Check what several tables of `course.toml` say together."""
    yield from _languages(raw)
    yield from _weights(raw)
    homeworks = _table(raw, "homeworks")
    owners: dict[str, str] = {}
    for name in homeworks:
        homework = _table(homeworks, name)
        at: Key = ("homeworks", name)
        yield from texts_findings(raw, homework.get("title"), (*at, "title"))
        yield from _order_of_dates(homework, at)
        for index, variant in enumerate(_strings(homework.get("assignments"))):
            place = (*at, "assignments", index)
            if variant in owners:
                yield place, f"{variant!r} already belongs to {owners[variant]}"
            owners.setdefault(variant, name)
            if homework.get("planned") is not True and not (root / variant).is_dir():
                yield place, f"there is no folder {root / variant}; make it, or set planned = true"
    for index, seminar in enumerate(_strings(_table(raw, "course").get("seminars"))):
        place = ("course", "seminars", index)
        if seminar in owners:
            yield place, f"{seminar!r} already belongs to {owners[seminar]}"
        elif not (root / seminar).is_dir():
            yield place, f"there is no folder {root / seminar}"
        owners.setdefault(seminar, "the seminars")
    policy = _table(raw, "policy")
    floor = _number(policy.get("floor"))
    scale = scale_of(raw)
    if floor is not None and scale is not None and floor > scale:
        yield ("policy", "floor"), f"the floor {floor} is above the scale {scale}"
    step = _number(_table(_table(raw, "final"), "rounding").get("step"))
    if step is not None and scale is not None and step > 0 and scale % step:
        yield ("final", "rounding", "step"), f"the scale {scale} is not a multiple of {step}"


def _languages(raw: Mapping[str, Any]) -> Iterator[Finding]:
    course = _table(raw, "course")
    languages = _strings(course.get("languages", ["ru", "en"]))
    for index, lang in enumerate(languages):
        if lang not in available_languages():
            known = ", ".join(available_languages())
            yield (
                ("course", "languages", index),
                f"there is no catalogue for {lang!r}, only for {known}",
            )
        if lang in languages[:index]:
            yield ("course", "languages", index), f"{lang!r} is listed twice"
    default = course.get("language", "ru")
    if isinstance(default, str) and default not in languages:
        yield ("course", "language"), f"{default!r} is not among the languages {languages}"
    yield from texts_findings(raw, course.get("title"), ("course", "title"))


def texts_findings(raw: Mapping[str, Any], texts: Any, key: Key) -> Iterator[Finding]:
    """Check that a text is written in exactly the languages of the course.

    Args:
        raw: `course.toml`.
        texts: The texts by language.
        key: Where they are.
    """
    if not isinstance(texts, Mapping):
        return
    languages = _strings(_table(raw, "course").get("languages", ["ru", "en"]))
    for lang in languages:
        if lang not in texts:
            yield key, f"the text in {lang!r} is missing"
    for lang in texts:
        if lang not in languages:
            yield (*key, lang), f"{lang!r} is not a language of the course"


def _weights(raw: Mapping[str, Any]) -> Iterator[Finding]:
    weights = _table(_table(raw, "final"), "weights")
    if not weights:
        return
    homeworks = _table(raw, "homeworks")
    for name in weights:
        if name not in homeworks:
            yield ("final", "weights", name), f"there is no homework {name!r}"
    for name in homeworks:
        if name not in weights:
            yield ("final", "weights"), f"the homework {name!r} has no weight"
    numbers = [_number(weight) for weight in weights.values()]
    known = [number for number in numbers if number is not None]
    total = sum(known, Decimal(0))
    if len(known) == len(numbers) and total != 1:
        yield ("final", "weights"), f"the weights sum to {total}, not to 1"


def _order_of_dates(homework: Mapping[str, Any], at: Key) -> Iterator[Finding]:
    issued, soft, hard = (_moment(homework.get(name)) for name in ("issued", "soft", "hard"))
    if soft and hard and hard < soft:
        yield (*at, "hard"), f"the hard deadline {hard} is before the soft one {soft}"
    first = min((moment for moment in (soft, hard) if moment), default=None)
    if issued and first and issued > first:
        yield (*at, "issued"), f"issued {issued}, after the deadline {first}"


def assignment_findings(
    raw: Mapping[str, Any], course: Mapping[str, Any], name: str
) -> Iterator[Finding]:
    """Check what several tables of `assignment.toml` say together, and with the course.

    Args:
        raw: `assignment.toml`.
        course: `course.toml`.
        name: Name of the assignment's folder.
    """
    head = _table(raw, "assignment")
    if isinstance(head.get("name"), str) and head["name"] != name:
        yield ("assignment", "name"), f"{head['name']!r} stands in a folder named {name!r}"
    yield from texts_findings(course, head.get("title"), ("assignment", "title"))
    for table in ("parts", "rubric"):
        items = _tables(raw.get(table))
        keys = Counter(item["key"] for item in items if isinstance(item.get("key"), str))
        for index, item in enumerate(items):
            yield from texts_findings(course, item.get("title"), (table, index, "title"))
            if isinstance(item.get("key"), str) and keys[item["key"]] > 1:
                yield (table, index, "key"), f"{item['key']!r} is used more than once"
    yield from _points(raw, scale_of(course))
    yield from _settings(raw.get("settings"), ("settings",))
    files = _table(raw, "files")
    allowed = _strings(files.get("allowed"))
    for index, path in enumerate(_strings(files.get("required"))):
        if allowed and not any(matches(path, rule) for rule in allowed):
            yield ("files", "required", index), f"{path!r} is required but matches no allowed file"


def _settings(value: Any, key: Key) -> Iterator[Finding]:
    """Check that settings are plain data, which the tests read and the recipe digests."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _settings(item, (*key, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _settings(item, (*key, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield key, f"{value} is not a finite number"
    elif isinstance(value, date | time):
        yield key, f"write the date in quotes: {value}"


def _points(raw: Mapping[str, Any], scale: Decimal | None) -> Iterator[Finding]:
    parts = _tables(raw.get("parts"))
    numbers = [_number(part.get("points")) for part in parts]
    points = {str(part.get("key")): number for part, number in zip(parts, numbers, strict=True)}
    known = [number for number in numbers if number is not None]
    if known and len(known) == len(parts) and scale is not None and sum(known) != scale:
        yield ("parts",), f"the parts sum to {sum(known)} points, the course's scale is {scale}"
    rubric: dict[str, Decimal] = {}
    for index, item in enumerate(_tables(raw.get("rubric"))):
        part, number = item.get("part"), _number(item.get("points"))
        if not isinstance(part, str):
            continue
        if part not in points:
            yield ("rubric", index, "part"), f"there is no part {part!r}"
            continue
        rubric[part] = rubric.get(part, Decimal(0)) + (number or 0)
        whole = points[part]
        if whole is not None and rubric[part] > whole:
            yield (
                ("rubric", index, "points"),
                f"the rubric gives {rubric[part]} of the {whole} points of {part!r}",
            )


def scale_of(raw: Mapping[str, Any]) -> Decimal | None:
    """Return the course's scale; None when it is written wrongly."""
    return _number(_table(raw, "course").get("scale", 10))


def _table(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}


def _tables(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        return []
    return [item if isinstance(item, Mapping) else {} for item in value]


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _number(value: Any) -> Decimal | None:
    try:
        return exact_number(value)
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    try:
        return wall_time(value)
    except ValueError:
        return None
