"""Instants: where "now" comes from, and the checks that keep every datetime aware.

Only the command line and the intake ask for the time; everything else takes `now`.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from graders.core.errors import CourseError


def utc_now() -> datetime:
    """Return the current instant in UTC."""
    return datetime.now(UTC)


def aware_utc(value: datetime, what: str = "the instant") -> datetime:
    """Return the same instant in UTC.

    Args:
        value: An aware datetime.
        what: What the instant is, for the error.

    Raises:
        CourseError: The datetime has no time zone, or is outside the years 1 to 9999 in UTC.
    """
    if value.utcoffset() is None:
        raise CourseError(
            f"{what} has no time zone", where=repr(value), todo="Give it one, for example +03:00"
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise CourseError(f"{what} is outside the calendar", where=repr(value)) from None


def parse_instant(text: str) -> datetime:
    """Parse an ISO 8601 instant with its offset and return it in UTC.

    Raises:
        CourseError: It is not ISO 8601, or has no offset.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise CourseError(
            "this is not an ISO 8601 instant",
            where=repr(text),
            todo="Write it like 2026-12-01T00:00:00+03:00",
        ) from None
    return aware_utc(value, f"the instant {text}")


def iso_utc(value: datetime) -> str:
    """Return an aware instant as ISO 8601 in UTC with "Z", microseconds only when there are any.

    Raises:
        CourseError: The datetime has no time zone.
    """
    return aware_utc(value).replace(tzinfo=None).isoformat() + "Z"


def in_zone(wall: datetime, zone: tzinfo) -> datetime:
    """Return the instant of a naive wall-clock time, as an aware datetime in its zone.

    A wall-clock time that occurs twice or never (a clock change) means the later instant, so
    that a change of clocks never takes time from a student.
    """
    early, late = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    chosen = max(early, late, key=lambda value: value.astimezone(UTC))
    # Through UTC, so that a time inside a gap gets a wall clock that exists.
    return chosen.astimezone(UTC).astimezone(zone)
