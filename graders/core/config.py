"""The course as it is configured: `course.toml` and the assignments that it names.

`load_course` reads everything and either returns a frozen `Course` or raises one `ConfigError`
with every mistake in every file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from graders.core.config_checks import (
    ConfigError,
    Finding,
    Problem,
    assignment_findings,
    course_findings,
    located,
    shape_findings,
)
from graders.core.config_models import (
    AssignmentFile,
    CourseFile,
    Files,
    Limits,
    Part,
    RubricItem,
    Run,
    Table,
)
from graders.core.config_records import Assignment, Course, Homework
from graders.core.config_values import TBA, wall_time
from graders.core.errors import CourseError
from graders.core.records import LateRule, Rounding
from graders.core.toml_lines import TomlDocument, TomlSyntaxError, parse

__all__ = [
    "Assignment",
    "ConfigError",
    "Course",
    "Files",
    "Homework",
    "Limits",
    "Part",
    "Problem",
    "RubricItem",
    "Run",
    "load_course",
    "override_deadlines",
]

T = TypeVar("T", bound=Table)


def override_deadlines(
    course: Course, homework: str, *, soft: str | None = None, hard: str | None = None
) -> Course:
    """Return the course with other deadlines of one homework, for a forecast.

    Args:
        course: The course.
        homework: Id of the homework.
        soft: A date as in `course.toml`, or an ISO 8601 instant; None keeps it.
        hard: As `soft`.

    Raises:
        CourseError: A date cannot be read, or the hard deadline is before the soft one.
    """
    found = course.homework(homework)
    changed = replace(
        found,
        soft=found.soft if soft is None else _told_moment(soft, course.zone),
        hard=found.hard if hard is None else _told_moment(hard, course.zone),
    )
    if changed.soft and changed.hard and changed.hard < changed.soft:
        raise CourseError(
            f"the hard deadline {changed.hard} is before the soft one {changed.soft}",
            where=homework,
            todo="Give both",
        )
    return replace(course, homeworks=tuple(changed if h is found else h for h in course.homeworks))


def _told_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Read a date as in `course.toml`, or an instant, whose whole minute then belongs to it."""
    try:
        if "T" not in text.removeprefix(TBA):
            return wall_time(text)
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() is not None:
            moment = moment.astimezone(zone).replace(tzinfo=None)
        return wall_time(moment.replace(second=0, microsecond=0, fold=0))
    except (ValueError, OverflowError) as error:
        raise CourseError(
            str(error), where=repr(text), todo="Or write an instant, 2026-12-01T23:59:00+03:00"
        ) from None


def load_course(path: Path) -> Course:
    """Load `course.toml` and every assignment that it names.

    Raises:
        CourseError: The file is missing.
        ConfigError: There are mistakes; it holds all of them.
    """
    if not path.is_file():
        raise CourseError(
            "there is no course file here", where=str(path), todo="Give the path of a course.toml"
        )
    document = _parse(path)
    course_raw = document.data
    root = _root(path, course_raw)
    file, problems = _validate(CourseFile, document, path, course_findings(course_raw, root))
    assignments: dict[str, Assignment] = {}
    for name in _assignment_names(course_raw):
        folder = root / name
        toml = folder / "assignment.toml"
        if not toml.is_file():
            if folder.is_dir() and not _is_planned(course_raw, name):
                problems.append(Problem(str(toml), 1, "", "the file is missing"))
            continue
        try:
            inner = _parse(toml)
        except ConfigError as error:
            problems += error.problems
            continue
        findings = assignment_findings(inner.data, course_raw, name)
        read, found = _validate(AssignmentFile, inner, toml, findings)
        problems += found
        if read is not None:
            assignments[name] = _assignment(read, folder)
    if file is None or problems:
        raise ConfigError(tuple(problems))
    return _course(file, path, root, assignments)


def _parse(path: Path) -> TomlDocument:
    try:
        return parse(path.read_text("utf-8-sig"))
    except TomlSyntaxError as error:
        raise ConfigError((Problem(str(path), error.line, "", error.what),)) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError((Problem(str(path), line, "", "the file is not UTF-8"),)) from None


def _validate(
    model: type[T], document: TomlDocument, path: Path, cross: Iterator[Finding]
) -> tuple[T | None, list[Problem]]:
    """Check a document's shape and what its tables say together; problems in file order."""
    read, problems = None, []
    try:
        read = model.model_validate(document.data)
    except ValidationError as error:
        problems += located(shape_findings(error), document, path)
    problems += located(cross, document, path)
    return read, sorted(problems, key=lambda problem: problem.line)


def _root(path: Path, raw: Mapping[str, Any]) -> Path:
    course = raw.get("course")
    told = course.get("assignments_root", ".") if isinstance(course, dict) else "."
    # A zero byte is told by the key's own check.
    return (path.parent / (told if isinstance(told, str) and "\0" not in told else ".")).resolve()


def _assignment_names(raw: Mapping[str, Any]) -> list[str]:
    """Return the variants of every rightly shaped homework and the seminars, each once."""
    homeworks = raw.get("homeworks")
    tables = homeworks.values() if isinstance(homeworks, dict) else ()
    lists = [table.get("assignments") for table in tables if isinstance(table, dict)]
    lists.append(_seminars(raw))
    names = (name for names in lists if isinstance(names, list) for name in names)
    # A name with a slash is told by the id's pattern; it must not lead out of the root here.
    return list(dict.fromkeys(n for n in names if isinstance(n, str) and n.isidentifier()))


def _seminars(raw: Mapping[str, Any]) -> list[Any]:
    course = raw.get("course")
    told = course.get("seminars") if isinstance(course, dict) else None
    return told if isinstance(told, list) else []


def _is_planned(raw: Mapping[str, Any], name: str) -> bool:
    """Say whether the homework that has this assignment is planned."""
    homeworks = raw.get("homeworks")
    for table in homeworks.values() if isinstance(homeworks, dict) else ():
        names = table.get("assignments") if isinstance(table, dict) else None
        if isinstance(names, list) and name in names:
            return table.get("planned") is True
    return False


def _assignment(file: AssignmentFile, folder: Path) -> Assignment:
    head = file.assignment
    return Assignment(
        name=head.name,
        package=head.package,
        title=MappingProxyType(head.title),
        data=head.data,
        model=head.model,
        parts=file.parts,
        rubric=file.rubric,
        files=file.files,
        limits=file.limits,
        settings=MappingProxyType(file.settings),
        folder=folder,
        run=file.run,
    )


def _course(
    file: CourseFile, path: Path, root: Path, assignments: Mapping[str, Assignment]
) -> Course:
    return Course(
        path=path.resolve(),
        root=root,
        title=MappingProxyType(file.course.title),
        scale=file.course.scale,
        language=file.course.language,
        languages=file.course.languages,
        zone=ZoneInfo(file.course.time_zone),
        base_model=file.course.base_model,
        rule=LateRule(file.policy.per_day, file.policy.cap, file.policy.floor),
        weights=MappingProxyType(file.final.weights),
        rounding=Rounding(file.final.rounding.mode, file.final.rounding.step),
        homeworks=tuple(
            Homework(
                id=name,
                title=MappingProxyType(homework.title),
                issued=homework.issued,
                soft=homework.soft,
                hard=homework.hard,
                assignments=homework.assignments,
                planned=homework.planned,
            )
            for name, homework in file.homeworks.items()
        ),
        assignments=MappingProxyType(dict(assignments)),
        seminars=file.course.seminars,
    )
