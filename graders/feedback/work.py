"""One homework of one student, as its page shows it: every text in place, nothing left to decide.

Hidden tests appear by the catalogue's title and diagnosis alone. A run's facts and log, and the
flags, which are for staff, are never read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import PurePosixPath

from graders.core.config import Assignment, Course, RubricItem
from graders.core.exact import exact
from graders.core.messages import Messages
from graders.core.records import (
    Case,
    CaseStatus,
    GradedWork,
    GradeStatus,
    Mark,
    PartScore,
    Submission,
)
from graders.feedback.html import titled
from graders.feedback.late import Line, lateness

UNKNOWN_YET = frozenset({GradeStatus.NEEDS_ATTENTION, GradeStatus.PENDING})
TONES = {
    GradeStatus.FINAL: "good",
    GradeStatus.PROVISIONAL: "wait",
    GradeStatus.NEEDS_ATTENTION: "wait",
    GradeStatus.PENDING: "wait",
}


@dataclass(frozen=True, slots=True)
class CaseView:
    """One check, or one item that a person grades: title and points."""

    title: str
    earned: Decimal
    points: Decimal
    note: str = ""


@dataclass(frozen=True, slots=True)
class FailureView:
    """A diagnosis and the checks that it explains."""

    text: str
    cases: tuple[CaseView, ...]


@dataclass(frozen=True, slots=True)
class MarkView:
    """Points that a person gave."""

    title: str
    earned: Decimal
    points: Decimal
    signed: str
    comment: str


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of the assignment.

    The shares are widths of its bar in percent: of what is earned, and of what may yet be.
    """

    id: str
    title: str
    earned: Decimal
    points: Decimal
    unscored: Decimal
    earned_share: str
    reach_share: str
    failures: tuple[FailureView, ...]
    waiting: tuple[CaseView, ...]
    marks: tuple[MarkView, ...]
    passed: tuple[CaseView, ...]

    @property
    def is_told(self) -> bool:
        """Whether there is anything to tell beside the points."""
        return bool(self.failures or self.waiting or self.marks or self.passed)


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """One thing handed in, and what became of it."""

    received: str
    name: str
    verdict: str
    counted: bool


@dataclass(frozen=True, slots=True)
class WorkView:
    """A homework; `score` is None while nothing can be said of it."""

    id: str
    title: str
    score: Decimal | None
    status: str
    tone: str
    reason: str
    why: str
    unscored: Decimal
    lines: tuple[Line, ...]
    parts: tuple[PartView, ...]
    receipts: tuple[ReceiptView, ...]


def work_view(work: GradedWork, course: Course, words: Messages) -> WorkView:
    """Return a homework with all its texts.

    Raises:
        CourseError: The course has no such homework, or its late rule is not the one that the
            grade was computed with.
    """
    homework = course.homework(work.homework)
    assignment = course.assignments.get(work.assignment)
    title = titled(homework.title, words.lang, course.language)
    if assignment and len(homework.assignments) > 1:
        title += ": " + titled(assignment.title, words.lang, course.language)
    grade, scores = work.grade, work.score.parts if work.score else ()
    with exact():
        unscored = sum((part.unscored for part in scores), Decimal(0))
    reason = grade.reason
    return WorkView(
        id=work.homework,
        title=title,
        score=None if grade.status in UNKNOWN_YET else grade.final,
        status=words.text(f"status.{grade.status}"),
        tone=TONES.get(grade.status, "bad"),
        reason=words.text(reason.key, **reason.args) if reason else "",
        why=words.text(work.why) if work.submissions else "",
        unscored=unscored,
        lines=lateness(work, course, words),
        parts=tuple(_part(part, work, assignment, course, words) for part in scores),
        receipts=tuple(_receipt(one, work, course, words) for one in work.submissions),
    )


def _part(
    score: PartScore,
    work: GradedWork,
    assignment: Assignment | None,
    course: Course,
    words: Messages,
) -> PartView:
    cases = [case for case in work.cases if case.part == score.part]
    rubric = [item for item in _rubric(assignment) if item.part == score.part]
    given = {mark.item: mark for mark in sorted(work.marks, key=_when)}  # the last one holds
    unscored = [case for case in cases if case.status is CaseStatus.UNSCORED]
    waiting = [
        CaseView(_name(item, course, words), Decimal(0), item.points)
        for item in rubric
        if item.key not in given
    ] + [_case(case, words, _diagnosis(case, words)) for case in unscored]
    return PartView(
        id=f"{work.homework}-{score.part}",
        title=_part_title(score.part, assignment, course, words),
        earned=score.earned,
        points=score.points,
        unscored=score.unscored,
        earned_share=_share(score.earned, score.points),
        reach_share=_share(score.earned + score.unscored, score.points),
        failures=_failures(cases, words),
        waiting=tuple(waiting),
        marks=tuple(
            _mark(given[item.key], item, course, words) for item in rubric if item.key in given
        ),
        passed=tuple(_case(case, words) for case in cases if case.status is CaseStatus.PASSED),
    )


def _failures(cases: Iterable[Case], words: Messages) -> tuple[FailureView, ...]:
    """Group what earned less than it could by its diagnosis: one cause is told once."""
    grouped: dict[str, list[CaseView]] = {}
    for case in cases:
        if case.status in (CaseStatus.FAILED, CaseStatus.PARTIAL):
            grouped.setdefault(_diagnosis(case, words), []).append(_case(case, words))
    return tuple(FailureView(text, tuple(found)) for text, found in grouped.items())


def _case(case: Case, words: Messages, note: str = "") -> CaseView:
    return CaseView(words.text(case.key), case.earned or Decimal(0), case.points, note)


def _diagnosis(case: Case, words: Messages) -> str:
    return words.text(case.message, **case.args) if case.message else ""


def _mark(mark: Mark, item: RubricItem, course: Course, words: Messages) -> MarkView:
    when = words.instant(mark.at, course.zone)
    signed = words.text("feedback.signed", by=mark.by, when=when)
    return MarkView(
        _name(item, course, words), mark.points, item.points, signed, mark.comment.strip()
    )


def _receipt(
    submission: Submission, work: GradedWork, course: Course, words: Messages
) -> ReceiptView:
    counted = work.counted
    is_counted = counted is not None and submission.id == counted.id
    if is_counted:
        verdict = words.text("feedback.receipt.counted")
    elif submission.refusal:
        reason = words.text(submission.refusal.key, **submission.refusal.args)
        verdict = words.text("feedback.receipt.refused", reason=reason)
    elif counted and _order(submission) < _order(counted):
        verdict = words.text("feedback.receipt.replaced")
    else:  # what is accepted and last counts, so this one came when nothing was accepted any more
        verdict = words.text("feedback.receipt.after_hard")
    return ReceiptView(
        received=words.instant(submission.received, course.zone, seconds=True),
        name=_file_name(submission.source),
        verdict=verdict,
        counted=is_counted,
    )


def _when(mark: Mark) -> tuple[datetime, int]:
    return mark.at, mark.id or 0


def _order(submission: Submission) -> tuple[datetime, int]:
    return submission.received, submission.id


def _file_name(source: str) -> str:
    """Return the last part of where a submission came from: the rest is the staff's folders."""
    return PurePosixPath(source.replace("\\", "/")).name


def _rubric(assignment: Assignment | None) -> Sequence[RubricItem]:
    return assignment.rubric if assignment else ()


def _name(item: RubricItem, course: Course, words: Messages) -> str:
    return titled(item.title, words.lang, course.language)


def _part_title(key: str, assignment: Assignment | None, course: Course, words: Messages) -> str:
    for part in assignment.parts if assignment else ():
        if part.key == key:
            return titled(part.title, words.lang, course.language)
    return key


def _share(value: Decimal, whole: Decimal) -> str:
    share = value * 100 / whole if whole else Decimal(0)
    return f"{min(max(share, Decimal(0)), Decimal(100)):.2f}%"
