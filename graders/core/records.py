"""Records that cross the rooms' borders: frozen, typed, without behaviour of their own.

Scores are `Decimal`, instants are aware datetimes in UTC, and JSON-like payloads hold only
plain data (``str``, ``int``, ``bool``, ``None``, lists and dicts of them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

Plain = Any  # JSON-like data; a recursive alias costs more in mypy than it tells a reader


class CaseStatus(StrEnum):
    """How one hidden case ended."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    UNSCORED = "unscored"  # waits for a person (rubric) or for a healthy machine


class RunOutcome(StrEnum):
    """How a whole run ended."""

    COMPLETED = "completed"
    STUDENT_FAULT = "student_fault"  # the submission could not be tested at all
    INFRA = "infra"  # retried or held; never scored


class GradeStatus(StrEnum):
    """What a gradebook row says about a homework."""

    FINAL = "final"
    PROVISIONAL = "provisional"  # some points wait for a person
    PENDING = "pending"  # handed in and not run yet; never stored
    MISSING = "missing"  # nothing was handed in
    NOT_ACCEPTED = "not_accepted"  # all that was handed in came after the hard deadline
    REFUSED = "refused"  # the only things handed in could not be accepted as submissions
    NEEDS_ATTENTION = "needs_attention"  # an infrastructure fault holds the grade


@dataclass(frozen=True, slots=True)
class Student:
    """One line of the class list."""

    id: str
    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a submission: its path inside it (posix) and its content's address."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something handed in was not accepted: a catalogue key and its arguments."""

    key: str
    args: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intake:
    """One thing handed in, as the exchange saw it, before it has a row.

    `files` maps posix paths to contents and is empty when `refusal` is set. `received` is the
    platform's receipt time in UTC, never the student's clock.
    """

    assignment: str
    student: str
    received: datetime
    source: str
    files: Mapping[str, bytes]
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A stored submission; `digest` is the SHA-256 of its sorted (path, content) list."""

    id: int
    assignment: str
    student: str
    received: datetime
    source: str
    digest: str
    files: tuple[StoredFile, ...]
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """The outcome of one hidden test.

    Args:
        key: Catalogue key of the case, for example ``hw1.data.dedup_order``.
        part: Part of the assignment that its points belong to.
        points: The most that it can earn.
        earned: What it earned; None while unscored.
        status: How it ended.
        message: Catalogue key of the diagnosis; empty when passed.
        args: Arguments of the message: plain data, never an expected value.
    """

    key: str
    part: str
    points: Decimal
    earned: Decimal | None
    status: CaseStatus
    message: str = ""
    args: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a person should look at; it never changes a score by itself."""

    key: str
    args: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What the tester brings back from one submission.

    `facts` holds measurements that outlive the run (accuracy, predictions on the hidden set,
    re-measured claims), keyed by name. `log` is for instructors only.
    """

    outcome: RunOutcome
    cases: tuple[Case, ...]
    flags: tuple[Flag, ...] = ()
    facts: Mapping[str, Plain] = field(default_factory=dict)
    log: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A stored run: a `RunReport`, and what decided it.

    `recipe` is the SHA-256 of everything but the submission that decides a run: hidden tests,
    drivers, assignment configuration, base model and engine version.
    """

    id: int
    submission_id: int
    recipe: str
    seed: int
    result: RunReport
    started: datetime
    finished: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Points that a person gave for one rubric item; a later mark replaces an earlier one.

    `id` is the store's, and None until it is stored.
    """

    submission_id: int
    item: str
    points: Decimal
    by: str
    comment: str
    at: datetime
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """Days added to a student's soft and hard deadlines of one homework."""

    student: str
    homework: str
    days: int
    reason: str
    granted_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """A student's declared choice between the variants of a homework (HW2: A or B)."""

    student: str
    homework: str
    assignment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The last instants that count, aware; None is "TBA"."""

    soft: datetime | None
    hard: datetime | None


@dataclass(frozen=True, slots=True)
class LateRule:
    """The late policy's numbers, in points and days."""

    per_day: Decimal
    cap: Decimal
    floor: Decimal = Decimal(0)


class RoundingMode(StrEnum):
    """What the final grade does with a remainder of a step."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Rounding:
    """How the final grade of the course is rounded: to a multiple of `step`."""

    mode: RoundingMode = RoundingMode.HALF_UP
    step: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class FinalGrade:
    """A student's final grade of the course; `missing` are the homeworks that counted as 0."""

    exact: Decimal
    rounded: Decimal
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the late policy says of one submission.

    `days_late`, `penalty` and `final` are what they would be also when it was not accepted, so
    that a forecast can show them; `accepted` says whether it may be graded at all.
    `deadlines` are those that applied, extension included.
    """

    accepted: bool
    days_late: int
    penalty: Decimal
    raw: Decimal
    final: Decimal
    deadlines: Deadlines
    extension_days: int


@dataclass(frozen=True, slots=True)
class PartRule:
    """A part of an assignment as scoring needs it: its key and the most that it can earn."""

    key: str
    points: Decimal


@dataclass(frozen=True, slots=True)
class RubricRule:
    """Points of a part that only a person gives, as scoring needs them."""

    part: str
    key: str
    points: Decimal


@dataclass(frozen=True, slots=True)
class PartScore:
    """One part of an assignment: what it earned so far and what still waits for a person."""

    part: str
    earned: Decimal
    points: Decimal
    unscored: Decimal


@dataclass(frozen=True, slots=True)
class RawScore:
    """A raw score and its parts; provisional while something waits for a person."""

    raw: Decimal
    parts: tuple[PartScore, ...]
    provisional: bool


@dataclass(frozen=True, slots=True)
class Grade:
    """One row of the append-only grade history.

    `facts` holds everything besides the run and the marks that decided it (deadlines,
    extension days, late rule, ids of the marks), as plain data, so that a replay needs no
    configuration.
    """

    id: int
    student: str
    homework: str
    submission_id: int | None
    run_id: int | None
    raw: Decimal
    days_late: int
    penalty: Decimal
    final: Decimal
    status: GradeStatus
    reason: Refusal | None
    facts: Mapping[str, Plain]
    at: datetime


@dataclass(frozen=True, slots=True)
class GradedWork:
    """Everything that a gradebook row, a feedback page or a leaderboard says of one homework.

    `submissions` are all receipts, oldest first; `counted` is the graded one. `why` is the
    catalogue key that says why this one counted (for example ``counted.last_before_hard``).
    """

    student: str
    homework: str
    assignment: str
    grade: Grade
    submissions: tuple[Submission, ...]
    counted: Submission | None
    why: str
    decision: Decision | None
    score: RawScore | None
    cases: tuple[Case, ...] = ()
    flags: tuple[Flag, ...] = ()
    marks: tuple[Mark, ...] = ()
    facts: Mapping[str, Plain] = field(default_factory=dict)
