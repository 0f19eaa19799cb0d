"""The shape of `course.toml` and `assignment.toml`: pydantic models, with nothing left open.

Numbers that enter a score are Decimals written as integers or in quotes, never floats. Dates are
wall-clock times of the course's zone. What one table cannot know is checked in `config_checks`.
"""

from __future__ import annotations

from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from graders.core.config_values import (
    Count,
    DottedKey,
    Id,
    ModelName,
    Moment,
    Points,
    PositivePoints,
    SafePath,
    Texts,
    Words,
    assignment_model,
    floats,
    folder,
    zone,
)
from graders.core.records import RoundingMode


class Strict(BaseModel):
    """A written record: unknown keys are errors, defaults are validated, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Table(Strict):
    """A TOML table of `course.toml` or `assignment.toml`."""


class CourseTable(Table):
    """``[course]``: what holds for the whole course."""

    title: Texts
    scale: PositivePoints = Decimal(10)
    language: str = "ru"
    languages: tuple[str, ...] = ("ru", "en")
    time_zone: Annotated[str, AfterValidator(zone)]
    base_model: ModelName
    assignments_root: Annotated[Words, AfterValidator(folder)] = "."
    seminars: tuple[Id, ...] = ()


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
    planned: Annotated[bool, Field(strict=True)] = False


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
    model: Annotated[str, AfterValidator(assignment_model)] = "course"


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


class Run(Table):
    """``[run]``: what a seminar's experiment reads, besides the base model.

    Args:
        data: Data sets, by the names of `graders.assets`.
        embedder: Whether it needs the sentence embedder.
    """

    data: tuple[Words, ...] = ()
    embedder: Annotated[bool, Field(strict=True)] = False


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
    run: Run = Run()
    settings: Annotated[dict[str, Any], BeforeValidator(floats)] = {}


def matches(path: str, pattern: str) -> bool:
    """Say whether a posix path matches a pattern, part by part."""
    parts, rules = path.split("/"), pattern.split("/")
    return len(parts) == len(rules) and all(map(fnmatchcase, parts, rules))


def known_keys() -> set[str]:
    """Return every key of both files, for «did you mean»."""
    models = [*Table.__subclasses__(), *Strict.__subclasses__()]
    return {name for model in models for name in model.model_fields}
