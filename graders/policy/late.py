"""What lateness costs: begun days after the soft deadline, and the hard deadline's end.

Deadlines are last instants that count, so a submission received exactly then is in time. Time is
counted in whole microseconds and points in exact decimals: nothing here is rounded.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from graders.core.clock import aware_utc, in_zone
from graders.core.errors import CourseError
from graders.core.exact import checked, exact
from graders.core.records import Deadlines, Decision, LateRule

DAY = timedelta(days=1)


def decide(
    raw: Decimal, received: datetime, deadlines: Deadlines, extension_days: int, rule: LateRule
) -> Decision:
    """Say what a submission with this raw score and receipt time is worth.

    Args:
        raw: The score before lateness, in points.
        received: The platform's receipt time, aware.
        deadlines: The homework's deadlines, before the extension.
        extension_days: Days granted to the student; they move both deadlines.
        rule: What a late day costs.

    Raises:
        CourseError: A number is not exact or is negative, or an instant has no time zone.
    """
    checked(raw, "the raw score")
    applied = shifted(deadlines, extension_days)
    days = days_late(received, applied.soft)
    with exact():
        penalty = min(days * _not_negative(rule.per_day, "per_day"), _not_negative(rule.cap, "cap"))
        # A raw score that is below the floor already stays as it is: lateness gives no points.
        final = min(raw, max(raw - penalty, checked(rule.floor, "the late policy's floor")))
    return Decision(
        accepted=in_time(received, applied.hard),
        days_late=days,
        penalty=penalty,
        raw=raw,
        final=final,
        deadlines=applied,
        extension_days=extension_days,
    )


def shifted(deadlines: Deadlines, extension_days: int) -> Deadlines:
    """Return the deadlines moved by days of the wall clock of their own zone.

    A day is a calendar day, so 23:59 stays 23:59 when clocks change in between; a wall-clock time
    that does not exist, or exists twice, means its later instant.

    Raises:
        CourseError: The days are negative or lead out of the calendar, or a deadline is naive.
    """
    if extension_days < 0:
        raise CourseError(
            "an extension cannot take days away",
            where=f"{extension_days} days",
            todo="Give a number of days from 0",
        )
    return Deadlines(_moved(deadlines.soft, extension_days), _moved(deadlines.hard, extension_days))


def days_late(received: datetime, soft: datetime | None) -> int:
    """Return the begun days of 24 hours after the last instant in time; 0 when it is not set.

    Raises:
        CourseError: An instant has no time zone.
    """
    at = aware_utc(received, "the receipt time")
    if soft is None:
        return 0
    # Floor division of timedeltas is on whole microseconds; of the negative it is the ceiling.
    return max(0, -((aware_utc(soft, "the soft deadline") - at) // DAY))


def in_time(received: datetime, hard: datetime | None) -> bool:
    """Say whether a submission came up to and including the hard deadline.

    Raises:
        CourseError: An instant has no time zone.
    """
    at = aware_utc(received, "the receipt time")
    return hard is None or at <= aware_utc(hard, "the hard deadline")


def _moved(deadline: datetime | None, days: int) -> datetime | None:
    if deadline is None or days == 0:
        return deadline
    aware_utc(deadline, "the deadline")
    zone = deadline.tzinfo
    assert zone is not None, "it is aware"
    try:
        return in_zone(deadline.replace(tzinfo=None) + days * DAY, zone)
    except OverflowError:
        raise CourseError(
            "the extension leads out of the calendar", where=f"{days} days", todo="Grant fewer days"
        ) from None


def _not_negative(value: Decimal, name: str) -> Decimal:
    if checked(value, f"the late policy's {name}") < 0:
        raise CourseError(f"the late policy's {name} is negative", where=str(value))
    return value
