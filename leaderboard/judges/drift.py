"""A fixed set of duels that is judged anew at every refresh: has the judge changed under its name?

An endpoint may change its weights without a word. The sentinel asks the same duels again, past
every cache, and compares the verdicts with those that were recorded when the judge was licensed.
A share of changes that the judge's own noise explains is no drift: the exact binomial test asks
whether more verdicts changed than the tolerated share (Clopper and Pearson, Biometrika 26, 1934).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from graders.core.canonical import digest_of
from graders.core.errors import CourseError
from graders.core.records import Flag
from leaderboard.judges import exam
from leaderboard.judges.intervals import LEVEL, exact
from leaderboard.records import Duel, Estimate, Judge, Label, Question, digits

TOLERATED = Decimal("0.02")
DRIFTED = "leaderboard.frozen.drift"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Sentinel:
    """What a judge said of the sentinel's duels when it was licensed.

    Args:
        judge: Name of the judge.
        version: Of its weights, as it called itself.
        duels: SHA-256 of the questions and answers, in order.
        labels: Of each duel; None was unscored.
    """

    judge: str
    version: str
    duels: str
    labels: tuple[Label | None, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """The comparison of one refresh with the record.

    Args:
        changed: Share of verdicts that are not the recorded ones, with its exact interval.
        duels: How many.
        p_value: Chance of as many changes or more, were the tolerated share the true one.
        version_changed: Whether the judge calls itself by another version now.
        drifted: Whether the p-value is below 1 − level, or the version has changed.
    """

    changed: Estimate
    duels: int
    p_value: Decimal
    version_changed: bool
    drifted: bool


def shipped_duels() -> tuple[Duel, ...]:
    """Return the sentinel's own duels: every other item of the shipped exam, in one order."""
    return tuple(
        Duel(Question(item.id, item.group, item.prompt, ""), item.first, item.second)
        for item in exam.items()[::2]
    )


def record(judge: Judge, duels: Sequence[Duel]) -> Sentinel:
    """Ask the sentinel's duels for the record.

    Raises:
        CourseError: There are none.
        InfraError: The judge cannot work.
    """
    if not duels:
        raise CourseError("a sentinel needs duels")
    return Sentinel(judge.card.name, judge.card.version, _digest(duels), _labels(judge, duels))


def check(
    judge: Judge,
    duels: Sequence[Duel],
    sentinel: Sentinel,
    *,
    tolerated: Decimal = TOLERATED,
    level: Decimal = LEVEL,
) -> Drift:
    """Ask the duels again and compare with the record.

    Raises:
        CourseError: The record is of another judge or of other duels.
        InfraError: The judge cannot work.
    """
    from scipy.special import bdtrc

    if (sentinel.judge, sentinel.duels) != (judge.card.name, _digest(duels)):
        raise CourseError(
            "the sentinel was recorded with another judge or with other duels",
            where=sentinel.judge,
            todo="Record it anew when you change the judge or the exam",
        )
    now = _labels(judge, duels)
    changed = sum(old is not new for old, new in zip(sentinel.labels, now, strict=True))
    # bdtrc(k, n, p) = P(X > k); it knows no k below 0.
    p_value = float(bdtrc(changed - 1, len(duels), float(tolerated))) if changed else 1.0
    other = judge.card.version != sentinel.version
    return Drift(
        changed=exact(changed, len(duels), level),
        duels=len(duels),
        p_value=digits(p_value),
        version_changed=other,
        drifted=other or p_value < 1 - float(level),
    )


def flag(drift: Drift) -> tuple[Flag, ...]:
    """Return what freezes the board, or nothing."""
    if not drift.drifted:
        return ()
    return (
        Flag(
            DRIFTED,
            {
                "changed": str(drift.changed.value),
                "duels": drift.duels,
                "p_value": str(drift.p_value),
                "version_changed": drift.version_changed,
            },
        ),
    )


def save(sentinel: Sentinel, path: Path) -> None:
    """Write a record as JSON."""
    from graders.core.canonical import canonical
    from graders.exchange.atomic import write_whole

    write_whole(
        path,
        canonical(
            {
                "format": FORMAT,
                "judge": sentinel.judge,
                "version": sentinel.version,
                "duels": sentinel.duels,
                "labels": list(sentinel.labels),
            }
        )
        + b"\n",
    )


def load(path: Path) -> Sentinel:
    """Read a record.

    Raises:
        CourseError: It is missing or not of that form.
    """
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']}")
        labels = tuple(None if label is None else Label(label) for label in data["labels"])
        return Sentinel(data["judge"], data["version"], data["duels"], labels)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"this is no record of a sentinel ({error})", where=str(path), todo="Record it anew"
        ) from error


def _labels(judge: Judge, duels: Sequence[Duel]) -> tuple[Label | None, ...]:
    return tuple(verdict.label for verdict in judge.judge(duels))


def _digest(duels: Sequence[Duel]) -> str:
    return digest_of([[duel.question.prompt, duel.first, duel.second] for duel in duels])
