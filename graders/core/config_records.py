"""The records of a configured course: what every room reads, and nothing writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from graders.core.clock import in_zone
from graders.core.config_models import Files, Limits, Part, RubricItem, Run
from graders.core.errors import CourseError
from graders.core.records import Deadlines, LateRule, Plain, Rounding


@dataclass(frozen=True, slots=True)
class Assignment:
    """What students are asked to do once; `folder` holds its tests, drivers and texts."""

    name: str
    package: str
    title: Mapping[str, str]
    data: str
    model: str
    parts: tuple[Part, ...]
    rubric: tuple[RubricItem, ...]
    files: Files
    limits: Limits
    settings: Mapping[str, Plain]
    folder: Path
    run: Run = field(default_factory=Run)

    @property
    def catalogues(self) -> Path:
        """The folder of the assignment's message catalogues."""
        return self.folder / "locale"

    def rubric_item(self, key: str) -> RubricItem:
        """Return a rubric item.

        Raises:
            CourseError: There is no such item.
        """
        for item in self.rubric:
            if item.key == key:
                return item
        raise CourseError(
            f"there is no rubric item {key!r}",
            where=str(self.folder / "assignment.toml"),
            todo=f"Its items are: {', '.join(item.key for item in self.rubric) or 'none'}",
        )


@dataclass(frozen=True, slots=True)
class Homework:
    """A homework; the moments are wall-clock minutes of the course's zone, None is "TBA"."""

    id: str
    title: Mapping[str, str]
    issued: datetime | None
    soft: datetime | None
    hard: datetime | None
    assignments: tuple[str, ...]
    planned: bool


@dataclass(frozen=True, slots=True)
class Course:
    """A whole course. Every number of the policy is here and nowhere else."""

    path: Path
    root: Path
    title: Mapping[str, str]
    scale: Decimal
    language: str
    languages: tuple[str, ...]
    zone: ZoneInfo
    base_model: str
    rule: LateRule
    weights: Mapping[str, Decimal]
    rounding: Rounding
    homeworks: tuple[Homework, ...]
    assignments: Mapping[str, Assignment]
    seminars: tuple[str, ...] = ()

    def homework(self, name: str) -> Homework:
        """Return a homework by its id.

        Raises:
            CourseError: There is no such homework; a seminar is none, for it is not graded.
        """
        for homework in self.homeworks:
            if homework.id == name:
                return homework
        self._no_seminar(name)
        raise CourseError(
            f"there is no homework {name!r}",
            where=str(self.path),
            todo=f"Choose one of: {', '.join(homework.id for homework in self.homeworks)}",
        )

    def assignment(self, name: str) -> Assignment:
        """Return an assignment by its name.

        Raises:
            CourseError: There is no such assignment, or it is planned and has no folder yet.
        """
        if name in self.assignments:
            return self.assignments[name]
        if any(name in homework.assignments for homework in self.homeworks):
            raise CourseError(
                f"the assignment {name!r} is planned and not written yet",
                where=str(self.root / name),
                todo="Write its assignment.toml first",
            )
        raise CourseError(
            f"there is no assignment {name!r}",
            where=str(self.path),
            todo=f"Choose one of: {', '.join(self.assignments)}",
        )

    def homework_of(self, assignment: str) -> Homework:
        """Return the homework that an assignment is (a variant of).

        Raises:
            CourseError: No homework has this assignment; a seminar belongs to none.
        """
        for homework in self.homeworks:
            if assignment in homework.assignments:
                return homework
        self._no_seminar(assignment)
        raise CourseError(f"no homework has the assignment {assignment!r}", where=str(self.path))

    def deadlines(self, homework: str) -> Deadlines:
        """Return a homework's deadlines: last instants that count, in the course's zone.

        Raises:
            CourseError: There is no such homework.
        """
        found = self.homework(homework)
        return Deadlines(self._last_instant(found.soft), self._last_instant(found.hard))

    def model_of(self, assignment: str) -> str:
        """Return the base model's specification for an assignment; empty when it needs none.

        Raises:
            CourseError: There is no such assignment.
        """
        model = self.assignment(assignment).model
        return {"course": self.base_model, "none": ""}.get(model, model)

    def _no_seminar(self, name: str) -> None:
        if name in self.seminars:
            raise CourseError(
                f"{name!r} is a seminar: practice, which is not handed in and not graded",
                where=str(self.path),
                todo=f"Check your work with `zachetka check {name}`; homeworks are:"
                f" {', '.join(homework.id for homework in self.homeworks)}",
            )

    def _last_instant(self, wall: datetime | None) -> datetime | None:
        if wall is None:
            return None
        return in_zone(wall.replace(second=59, microsecond=999_999), self.zone)
