"""The rules of one competition, fixed before it starts: `assignments/<name>/competition.toml`.

Every number that decides a place or a grade is here and is sealed by the commitment
(`leaderboard.competition.seal`), so that nobody can choose weights after seeing answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from graders.core.config_checks import ConfigError, Finding, Problem, located, shape_findings
from graders.core.config_models import Strict
from graders.core.config_values import Count, Id, Points
from graders.core.errors import CourseError
from graders.core.records import Plain
from graders.core.toml_lines import TomlSyntaxError, parse
from leaderboard.judges.config import JudgeConfig
from leaderboard.standings import Column

FILE = "competition.toml"
MAIN = "win_rate"
CONTROLLED = (
    "length_controlled",
    "style_controlled",
)  # fitted over all questions: there is no value of one question
COMPOSITE = "composite"
Share = Annotated[Points, Field(le=1)]


class Rules(Strict):
    """``[competition]``: who is compared with whom, how often, and how ranks are decided.

    Args:
        baseline: Name of the entrant that everybody is compared with.
        seed: Of the bootstrap, and of the order in which duels are asked.
        resamples: Of the bootstrap, shared by all entrants.
        level: Of every interval.
        coverage: Least share of verdicts that must be there before a board is published.
        per_day: Most submissions of a team that are scored in a day of the course's time zone.
        selections: How many submissions a team may choose for the private board.
        licence: Whether the judge must have passed the exam before grades are exported.
    """

    baseline: Id
    seed: Annotated[int, Field(strict=True, ge=0)]
    resamples: Count = 2000
    level: Annotated[Share, Field(gt=0, lt=1)] = Decimal("0.95")
    coverage: Share = Decimal("0.98")
    per_day: Annotated[Count, Field(le=10)] = 3
    selections: Annotated[Count, Field(le=5)] = 2
    licence: Literal["required"] = "required"


class ColumnTable(Strict):
    """``[[columns]]``: one column of the board and its weight in the composite."""

    key: Id
    weight: Share = Decimal(0)


class CanaryTable(Strict):
    """``[canaries]``: the board freezes when a canary's main score is above the ceiling."""

    ceiling: Share = Decimal("0.5")


class GradeTable(Strict):
    """``[grades]``: how the private board becomes points.

    Args:
        milestones: Absolute thresholds of the main score; each earns one rubric item.
        tiers: Share of the tier's item that the first, second, … tier earns; later tiers none.
        part: Part of the assignment whose rubric items are given: ``<part>.milestone1`` to
            ``<part>.milestone3`` and ``<part>.tier``.
    """

    milestones: Annotated[tuple[Share, ...], Field(min_length=3, max_length=3)]
    tiers: Annotated[tuple[Share, ...], Field(min_length=1, max_length=10)]
    part: Id = "private"


class CompetitionConfig(Strict):
    """`competition.toml`."""

    competition: Rules
    columns: Annotated[tuple[ColumnTable, ...], Field(min_length=1)]
    canaries: CanaryTable = CanaryTable()
    grades: GradeTable
    judge: JudgeConfig

    @property
    def metric_keys(self) -> tuple[str, ...]:
        """The columns that a metric fills, in the order of display."""
        others = {MAIN, *CONTROLLED}
        return tuple(column.key for column in self.columns if column.key not in others)

    def standings_columns(self, directions: Mapping[str, bool]) -> tuple[Column, ...]:
        """Return the board's columns, the composite last.

        Args:
            directions: By metric's key: whether higher is better.
        """
        columns = [
            Column(column.key, directions.get(column.key, True), column.weight)
            for column in self.columns
        ]
        return (*columns, Column(COMPOSITE))

    def as_plain(self) -> Plain:
        """Return all rules as plain data: what is sealed, and what a round keeps."""
        return self.model_dump(mode="json")


def load(folder: Path) -> CompetitionConfig:
    """Read the rules in an assignment's folder.

    Raises:
        CourseError: There is no such file.
        ConfigError: It has mistakes; it holds all of them, each with its line.
    """
    path = folder / FILE
    if not path.is_file():
        raise CourseError(
            "this assignment has no competition", where=str(path), todo=f"Write its {FILE}"
        )
    try:
        document = parse(path.read_text("utf-8-sig"))
    except TomlSyntaxError as error:
        raise ConfigError((Problem(str(path), error.line, "", error.what),)) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError((Problem(str(path), line, "", "the file is not UTF-8"),)) from None
    problems = located(_findings(document.data), document, path)
    config = None
    try:
        config = CompetitionConfig.model_validate(document.data)
    except ValidationError as error:
        problems += located(shape_findings(error), document, path)
    if config is None or problems:
        raise ConfigError(tuple(sorted(problems, key=lambda problem: problem.line)))
    return config


def from_plain(told: Plain) -> CompetitionConfig:
    """Read back what `CompetitionConfig.as_plain` wrote.

    Raises:
        CourseError: It is something else.
    """
    try:
        return CompetitionConfig.model_validate(told)
    except ValidationError as error:
        raise CourseError(
            f"the stored rules cannot be read: {error.errors()[0]['msg']}",
            todo="Score again with this version of the platform",
        ) from None


def _findings(raw: Mapping[str, Any]) -> Iterator[Finding]:
    """Check what several keys say together; what has the wrong shape is told by the models."""
    columns = raw.get("columns")
    tables = [one for one in columns if isinstance(one, dict)] if isinstance(columns, list) else []
    keys = [table.get("key") for table in tables]
    if tables and keys[0] != MAIN:
        yield ("columns", 0, "key"), f"the first column is the main score: {MAIN!r}"
    for index, key in enumerate(keys):
        if key == COMPOSITE:
            yield ("columns", index, "key"), "the composite is added by itself"
        if key in keys[:index]:
            yield ("columns", index, "key"), f"{key!r} is listed twice"
        if key in CONTROLLED and tables[index].get("weight", 0) not in (0, "0"):
            yield (
                ("columns", index, "weight"),
                f"{key!r} has no value of a single question, so it cannot be in the composite",
            )
    weights = [_number(table.get("weight", 0)) for table in tables]
    if tables and None not in weights and sum(filter(None, weights), Decimal(0)) != 1:
        yield ("columns",), "the weights of the columns must sum to 1"
    yield from _ordered(raw, "milestones", falling=False)
    yield from _ordered(raw, "tiers", falling=True)


def _ordered(raw: Mapping[str, Any], name: str, *, falling: bool) -> Iterator[Finding]:
    grades = raw.get("grades")
    told = grades.get(name) if isinstance(grades, dict) else None
    numbers = [_number(one) for one in told] if isinstance(told, list) else []
    known = [number for number in numbers if number is not None]
    if known != sorted(known, reverse=falling):
        order = "from the best tier down" if falling else "from the lowest up"
        yield ("grades", name), f"write them in order, {order}"


def _number(value: Any) -> Decimal | None:
    from graders.core.config_values import exact_number

    try:
        return exact_number(value)
    except ValueError:
        return None
