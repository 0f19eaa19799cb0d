"""What the commands do: score a round, rebuild the boards of a round, choose what is shown.

A round begins by checking that rules and private items are those of the launch. Its boards are
never stored as such: they are rebuilt from the round's facts, the store and the ledger, which is
what shows that they can be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from graders.core.errors import CourseError, InfraError
from graders.core.records import Flag
from leaderboard.competition import facts as kept
from leaderboard.competition.attempts import Field, attempts
from leaderboard.competition.build import sealed_now
from leaderboard.competition.config import from_plain
from leaderboard.competition.facts import Fact, Facts
from leaderboard.competition.reruns import flags_of
from leaderboard.competition.rounds import Boards, Round, Silent, Watch
from leaderboard.competition.score import CANARY
from leaderboard.competition.seal import COMMITMENT, digest, keep_salt, read_commitment
from leaderboard.competition.selection import declarations
from leaderboard.judges import Ledger, ReplayJudge, drift, from_config
from leaderboard.records import Judge, JudgeCard, Part
from leaderboard.standings import Standings

LEDGER, SENTINEL = "ledger.jsonl", "sentinel.json"
FREEZING = frozenset({CANARY, drift.DRIFTED})


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A round and the boards that were rebuilt from it."""

    facts: Facts
    boards: Boards


def score(field: Field, judge: Judge, *, final: bool, watch: Watch, now: datetime) -> Boards:
    """Score a round and keep its facts; an interrupted round goes on where it stopped.

    Args:
        field: Where the competition takes place.
        judge: Who is asked what the ledger does not know, as of `judge_of`.
        final: Whether the private items are scored too.
        watch: Is told of progress.
        now: The present instant.

    Raises:
        CourseError: Rules or items are not those of the launch.
        InfraError: The judge failed, or too many verdicts are missing to publish anything.
    """
    facts = present(field, judge.card, final=final, now=now)
    facts = replace(facts, drift=drift_of(field, judge))
    boards = Round(field, facts, judge, ledger_of(field), watch).boards()
    head = boards.public.judge.ledger_head if boards.public.judge else ""
    digests = {part.value: kept.digest(board) for part, board in boards.by_part.items()}
    kept.keep(field.folder, replace(facts, ledger_head=head, digests=digests))
    return boards


def drift_of(field: Field, judge: Judge) -> tuple[Flag, ...]:
    """Ask the sentinel's duels again, past the ledger; the first round only records the answers.

    Raises:
        CourseError: The record is of another judge.
        InfraError: The judge failed.
    """
    path, duels = field.folder / SENTINEL, drift.shipped_duels()
    if not path.is_file():
        drift.save(drift.record(judge, duels), path)
        return ()
    return drift.flag(drift.check(judge, duels, drift.load(path)))


def ledger_of(field: Field) -> Ledger:
    """Open the competition's ledger.

    Raises:
        CourseError: Its chain is broken.
    """
    return Ledger.open(field.folder / LEDGER)


def judge_of(field: Field) -> Judge:
    """Return the judge of the rules; its paths are meant from the assignment's folder.

    Raises:
        CourseError: It cannot be made.
    """
    folder = field.workspace.course.assignment(field.name).folder
    # Delimiters are drawn from a secret of the competition; not from the salt itself, which
    # an endpoint could then try out.
    secret = hashlib.sha256(b"judge" + keep_salt(field.folder)).digest()
    return from_config(field.config.judge, base=folder, salt=secret, ledger=ledger_of(field))


def present(field: Field, card: JudgeCard, *, final: bool, now: datetime) -> Facts:
    """Return the facts as they are now, before anything of them is judged.

    Raises:
        CourseError: Rules or items are not those of the launch.
    """
    promised = read_commitment(field.folder / COMMITMENT)["sha256"]
    if digest(keep_salt(field.folder), sealed_now(field)) != promised:
        raise CourseError(
            "the rules or the private items are not those that were sealed at launch",
            where=str(field.folder / COMMITMENT),
            todo="Restore competition.toml and the data, or build a new competition",
        )
    found = attempts(field)
    store = field.workspace.store
    declared = {
        team: told[-1].submissions
        for team in sorted({one.one.team for one in found})
        if (told := declarations(store, field.name, team))
    }
    return Facts(
        competition=field.name,
        at=now,
        rules=field.config.as_plain(),
        attempts=tuple(
            Fact(one.one.submission, one.one.team, one.one.received, one.status) for one in found
        ),
        declared=declared,
        final=final,
        commitment=str(promised),
        judge=card,
        reruns=flags_of(field.folder),
    )


def rebuild(field: Field, facts: Facts) -> Boards:
    """Rebuild the boards of a round; nobody is asked.

    Raises:
        InfraError: A verdict of the round is not in the ledger, or the ledger is damaged.
    """
    ledger = ledger_of(field)
    ledger.verify(facts.ledger_head)
    then = replace(field, config=from_plain(facts.rules))
    judge = ReplayJudge(facts.judge, ledger, facts.ledger_head)
    return Round(then, facts, judge, ledger, Silent()).boards()


def differences(facts: Facts, boards: Boards) -> list[str]:
    """Return in which parts rebuilt boards are not those of the round."""
    found = {part.value: kept.digest(board) for part, board in boards.by_part.items()}
    parts = sorted(facts.digests.keys() | found.keys())
    return [part for part in parts if facts.digests.get(part) != found.get(part)]


def latest(field: Field, *, final: bool) -> Facts:
    """Return the newest round.

    Args:
        field: Where the competition takes place.
        final: Whether it must have a private board.

    Raises:
        CourseError: There is none.
    """
    found = [one for one in kept.rounds(field.folder) if one.final or not final]
    if not found:
        raise CourseError(
            "the private items have not been scored" if final else "nothing has been scored yet",
            where=field.name,
            todo=f"Run `zachetka competition score {field.name}{' --final' if final else ''}`",
        )
    return found[-1]


def published(field: Field, *, final: bool, known: Sequence[Rebuilt] = ()) -> Boards:
    """Return the boards to publish: while a canary wins or the judge drifts, those of before.

    The board freezes: students see the last round that was not frozen, with the reason why it is
    not refreshed. Without such a round they see the present one with the reason.

    Args:
        field: Where the competition takes place.
        final: Whether the private board is published.
        known: Rounds that were rebuilt already.

    Raises:
        CourseError: Nothing has been scored yet.
        InfraError: A round cannot be rebuilt, or came out different.
    """
    newest = latest(field, final=final)
    boards = checked(field, newest, known)
    reasons = _freezing(boards)
    if not reasons:
        return boards
    earlier = [one for one in kept.rounds(field.folder) if one.final or not final]
    for facts in reversed(earlier[: earlier.index(newest)]):
        before = checked(field, facts, known)
        if not _freezing(before):
            frozen = {part: _with(board, reasons) for part, board in before.by_part.items()}
            return Boards(frozen[Part.PUBLIC], frozen.get(Part.PRIVATE))
    return boards


def _with(board: Standings, reasons: tuple[Flag, ...]) -> Standings:
    return replace(board, frozen=(*board.frozen, *reasons))


def checked(field: Field, facts: Facts, known: Sequence[Rebuilt] = ()) -> Boards:
    """Rebuild the boards of a round and insist that they are the same.

    Raises:
        InfraError: They are not.
    """
    boards = next((one.boards for one in known if one.facts == facts), None)
    if boards is None:
        boards = rebuild(field, facts)
    changed = differences(facts, boards)
    if changed:
        raise InfraError(
            f"the {' and '.join(changed)} board of {facts.at:%Y-%m-%d %H:%M} UTC"
            " cannot be rebuilt as it was",
            where=field.name,
            todo="Use the version of the platform that scored it, or score again",
        )
    return boards


def _freezing(boards: Boards) -> tuple[Flag, ...]:
    flags = [flag for board in boards.by_part.values() for flag in board.frozen]
    return tuple(flag for flag in flags if flag.key in FREEZING)
