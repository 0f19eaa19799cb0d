"""Which of a student's submissions counts: the last one up to the hard deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graders.core.clock import aware_utc
from graders.core.records import Deadlines, GradeStatus, Submission
from graders.policy.late import in_time, shifted


@dataclass(frozen=True, slots=True)
class Counted:
    """The submission that counts and the catalogue key that says why.

    Without one, `status` says why there is none; with one, it is None.
    """

    submission: Submission | None
    why: str
    status: GradeStatus | None


def counted(
    submissions: Sequence[Submission], deadlines: Deadlines, extension_days: int
) -> Counted:
    """Choose the submission that is graded.

    It is the last one received up to and including the hard deadline, also when it is worse or
    late and an earlier one was not. What was refused at the intake never counts.

    Args:
        submissions: Everything that a student handed in for one assignment, in any order.
        deadlines: The homework's deadlines, before the extension.
        extension_days: Days granted to the student.

    Raises:
        CourseError: An instant has no time zone, or the extension is negative.
    """
    ordered = sorted(submissions, key=by_receipt)
    if not ordered:
        return Counted(None, "counted.none", GradeStatus.MISSING)
    acceptable = [one for one in ordered if one.refusal is None]
    if not acceptable:
        return Counted(None, "counted.all_refused", GradeStatus.REFUSED)
    hard = shifted(deadlines, extension_days).hard
    accepted = [one for one in acceptable if in_time(one.received, hard)]
    if not accepted:
        return Counted(None, "counted.all_late", GradeStatus.NOT_ACCEPTED)
    return Counted(accepted[-1], _why(accepted[-1], ordered, hard), None)


def _why(chosen: Submission, ordered: Sequence[Submission], hard: datetime | None) -> str:
    """Say why this one counts: a student asks why the very last one does not."""
    if len(ordered) == 1:
        return "counted.only"
    if ordered[-1] is chosen:
        return "counted.last"
    if in_time(ordered[-1].received, hard):
        return "counted.before_refused"
    return "counted.last_before_hard"


def by_receipt(submission: Submission) -> tuple[datetime, int]:
    """Return the key that puts submissions in the order of their receipt."""
    return aware_utc(submission.received, "the receipt time"), submission.id
