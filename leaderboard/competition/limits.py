"""Which attempts are scored: valid ones, in time, and so many a day. Pure: no store, no clock.

A failed attempt is never charged: what was refused at the intake or holds no valid file of
answers leaves the day's limit as it is. A day is a calendar day of the course's time zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from graders.core.clock import aware_utc
from graders.core.records import Deadlines, Plain
from graders.policy.late import in_time, shifted


class Status(StrEnum):
    """What became of an attempt."""

    SCORED = "scored"
    INVALID = "invalid"  # never charged
    OVER_LIMIT = "over_limit"
    LATE = "late"  # after the hard deadline


@dataclass(frozen=True, slots=True)
class Try:
    """One submission of a team, before it is known whether it is scored.

    Args:
        submission: The store's id.
        team: Who handed it in.
        received: Receipt time, aware.
        answers: By id, in the order of the test set; None when there is no valid file.
        why: Catalogue key of the first reason why it is not valid; empty when it is.
        values: The reason's fields.
    """

    submission: int
    team: str
    received: datetime
    answers: Mapping[str, str] | None
    why: str = ""
    values: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempted:
    """A try and what became of it."""

    one: Try
    status: Status
    day: date


def decide(
    tries: Sequence[Try],
    *,
    per_day: int,
    zone: ZoneInfo,
    deadlines: Deadlines,
    extensions: Mapping[str, int],
) -> tuple[Attempted, ...]:
    """Say what becomes of every attempt, in the order of receipt.

    Args:
        tries: Of all teams, in any order.
        per_day: Most scored attempts of a team in a day.
        zone: Whose calendar days are counted.
        deadlines: Of the homework; after the hard one nothing is scored.
        extensions: Days granted, by team.
    """
    used: Counter[tuple[str, date]] = Counter()
    decided = []
    for one in sorted(tries, key=by_receipt):
        day = aware_utc(one.received, "the receipt time").astimezone(zone).date()
        hard = shifted(deadlines, extensions.get(one.team, 0)).hard
        if not in_time(one.received, hard):
            status = Status.LATE
        elif one.answers is None:
            status = Status.INVALID
        elif used[one.team, day] >= per_day:
            status = Status.OVER_LIMIT
        else:
            used[one.team, day] += 1
            status = Status.SCORED
        decided.append(Attempted(one, status, day))
    return tuple(decided)


def by_receipt(one: Try) -> tuple[datetime, int]:
    """Return the key that orders attempts by their receipt."""
    return aware_utc(one.received, "the receipt time"), one.submission
