"""What a round of scoring stood on, kept for ever: enough to rebuild its boards byte for byte.

A round holds which attempts there were and what became of them, what teams had declared, the
rules, and the ledger's head. Answers are in the store, verdicts in the ledger; both are named
here, so a later round never changes an earlier one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from graders.core.canonical import canonical
from graders.core.clock import iso_utc, parse_instant
from graders.core.errors import InfraError
from graders.core.records import Flag, Plain
from graders.pipeline.files import write_text
from leaderboard.competition.limits import Status
from leaderboard.records import JudgeCard
from leaderboard.standings import Standings

ROUNDS = "rounds"


@dataclass(frozen=True, slots=True)
class Fact:
    """One attempt, as it was decided at the time of the round."""

    submission: int
    team: str
    received: datetime
    status: Status


@dataclass(frozen=True, slots=True)
class Facts:
    """One round.

    Args:
        competition: Name of the assignment.
        at: When it was scored.
        rules: `CompetitionConfig.as_plain`.
        attempts: All attempts of the class, by receipt.
        declared: The last declaration of every team that made one.
        final: Whether the private board was made too.
        commitment: The sealed split's published hash.
        judge: Who was asked; a replay needs the name under which verdicts are kept, not the judge.
        ledger_head: The judge's ledger after the round.
        reruns: Flags of the re-run of a team's code, by team.
        drift: Why the judge may no longer be the one of the first round; empty when it is.
        digests: SHA-256 of the canonical JSON of each board, by part.
    """

    competition: str
    at: datetime
    rules: Plain
    attempts: tuple[Fact, ...]
    declared: Mapping[str, tuple[int, ...]]
    final: bool
    commitment: str
    judge: JudgeCard
    ledger_head: str = ""
    reruns: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)
    drift: tuple[Flag, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)


def keep(folder: Path, facts: Facts) -> Path:
    """Append a round; return its file. A round that says the same as the last one is not added."""
    there = files(folder)
    told = as_plain(facts)
    if there:
        last = json.loads(there[-1].read_text("utf-8"))
        if {**last, "at": ""} == {**told, "at": ""}:
            return there[-1]
    path = folder / ROUNDS / f"{len(there) + 1:04d}.json"
    write_text(path, json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    return path


def files(folder: Path) -> list[Path]:
    """Return the rounds' files, oldest first."""
    return sorted((folder / ROUNDS).glob("*.json"))


def read(path: Path) -> Facts:
    """Read a round.

    Raises:
        InfraError: The file is damaged.
    """
    try:
        told = json.loads(path.read_text("utf-8"))
        return Facts(
            told["competition"],
            parse_instant(told["at"]),
            told["rules"],
            tuple(
                Fact(
                    one["submission"],
                    one["team"],
                    parse_instant(one["received"]),
                    Status(one["status"]),
                )
                for one in told["attempts"]
            ),
            {team: tuple(numbers) for team, numbers in told["declared"].items()},
            told["final"],
            told["commitment"],
            JudgeCard(**told["judge"]),
            told["ledger_head"],
            {team: _flags(flags) for team, flags in told["reruns"].items()},
            _flags(told["drift"]),
            told["digests"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InfraError(
            f"the round cannot be read ({type(error).__name__})",
            where=str(path),
            todo="Restore it from a backup, or score again",
        ) from error


def _flags(told: list[dict[str, Any]]) -> tuple[Flag, ...]:
    return tuple(Flag(one["key"], one["args"]) for one in told)


def rounds(folder: Path) -> list[Facts]:
    """Return all rounds, oldest first.

    Raises:
        InfraError: One of them is damaged.
    """
    return [read(path) for path in files(folder)]


def as_plain(value: Any) -> Any:
    """Return records as plain data: fields by name, keys as texts, decimals as they are written."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: as_plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(item) for item in value]
    if isinstance(value, datetime):
        return iso_utc(value)
    if value is None or isinstance(value, bool | int):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def digest(standings: Standings) -> str:
    """Return the SHA-256 of a board: the same for the same board, whatever made it."""
    return hashlib.sha256(canonical(as_plain(standings))).hexdigest()
