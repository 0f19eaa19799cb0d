"""The final selections: which of a team's attempts compete for the private board.

A team may declare some; the last declaration before the private board counts. A team that
declares nothing gets its best ones on the public items, earlier ones first among equals. Of the
selected, the one with the better private score is the team's entry.

Declarations are notes in the store that are written once each and never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from graders.core.clock import aware_utc, iso_utc, parse_instant
from graders.core.errors import CourseError
from graders.store import Store
from leaderboard.competition.facts import Fact
from leaderboard.competition.limits import Attempted, Status


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a team chose, when and by whose hand."""

    team: str
    submissions: tuple[int, ...]
    by: str
    at: datetime


def declarations(store: Store, competition: str, team: str) -> tuple[Declaration, ...]:
    """Return everything that a team declared, oldest first."""
    found: list[Declaration] = []
    while (told := store.memo_get(_key(competition, team, len(found)))) is not None:
        found.append(
            Declaration(team, tuple(told["submissions"]), told["by"], parse_instant(told["at"]))
        )
    return tuple(found)


def declare(
    store: Store, competition: str, one: Declaration, attempts: Sequence[Attempted], most: int
) -> Declaration:
    """Keep a team's choice.

    Args:
        store: Where it is kept.
        competition: Name of the assignment.
        one: The choice.
        attempts: All attempts of all teams.
        most: How many may be chosen.

    Raises:
        CourseError: There are too many, or one of them is not a scored attempt of the team.
    """
    mine = {a.one.submission: a for a in attempts if a.one.team == one.team}
    if not 1 <= len(set(one.submissions)) <= most or len(set(one.submissions)) < len(
        one.submissions
    ):
        raise CourseError(f"choose 1 to {most} different submissions", where=one.team)
    for number in one.submissions:
        if number not in mine or mine[number].status is not Status.SCORED:
            status = mine[number].status.value if number in mine else "not theirs"
            scored = [str(n) for n, a in sorted(mine.items()) if a.status is Status.SCORED]
            raise CourseError(
                f"submission {number} is no scored attempt of {one.team} ({status})",
                todo=f"Choose from: {', '.join(scored) or 'none yet'}",
            )
    told = {
        "submissions": list(one.submissions),
        "by": one.by,
        "at": iso_utc(aware_utc(one.at, "now")),
    }
    place = len(declarations(store, competition, one.team))
    # Two declarations at one time: each key is written once, so the later one takes the next.
    while store.memo_put(_key(competition, one.team, place), told) != told:
        place += 1
    return one


def selected(
    scored: Sequence[Fact], declared: Sequence[int], public: Mapping[int, Decimal], most: int
) -> tuple[int, ...]:
    """Return the attempts of one team that compete for the private board.

    Args:
        scored: Its scored attempts, in the order of receipt.
        declared: The submissions of its last declaration; empty without one.
        public: Main score on the public items, by submission.
        most: How many are chosen by themselves.
    """
    known = [one.submission for one in scored]
    kept = tuple(number for number in declared if number in known)
    if kept:
        return kept
    best = sorted(known, key=lambda number: -public.get(number, Decimal(-1)))
    return tuple(best[:most])


def _key(competition: str, team: str, number: int) -> str:
    return f"competition {competition} selection {team} {number}"
