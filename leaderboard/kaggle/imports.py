"""Kaggle's leaderboard as a host downloads it: ``<slug>.zip`` with one CSV, or that CSV.

The CSV has a byte-order mark and the header ``Rank,TeamId,TeamName,LastSubmissionDate,Score,
SubmissionCount,TeamMemberUserNames``; the last column may be missing. Rows of rank 0 are the
host's benchmarks. A team is known by its TeamId: its name may change any day.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from graders.core.clock import aware_utc
from graders.core.errors import CourseError
from graders.exchange.entries import Entry, entries_of
from graders.exchange.entries import Kind as EntryKind
from graders.exchange.faults import RefusedError
from graders.exchange.names import is_junk, natural, refuse_escape, tidy
from leaderboard.records import Part

MAX_BYTES = 16 * 1024 * 1024
MAX_ROWS = 100_000
MAX_FILES = 5_000
COLUMNS = ("Rank", "TeamId", "TeamName", "LastSubmissionDate", "Score", "SubmissionCount")
MEMBERS = "TeamMemberUserNames"
_NAME = re.compile(r"(?P<slug>[\w.-]+)-(?P<part>public|private)leaderboard-(?P<at>[\w:.+-]+)\.csv")


@dataclass(frozen=True, slots=True)
class KaggleRow:
    """One team on Kaggle's board.

    Args:
        rank: Kaggle's; 0 is a benchmark.
        team_id: Never changes.
        team: The name it had then.
        last: When it submitted last, in UTC; None when Kaggle does not say.
        score: By Kaggle's metric; None when there is none.
        submissions: How many; None when Kaggle does not say.
        members: User names; empty when Kaggle does not say.
    """

    rank: int
    team_id: str
    team: str
    last: datetime | None
    score: Decimal | None
    submissions: int | None
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KaggleBoard:
    """A leaderboard: which one, when it was downloaded (as its file is named), rows, and text."""

    slug: str
    part: Part
    at: str
    rows: tuple[KaggleRow, ...]
    text: str

    @property
    def teams(self) -> tuple[KaggleRow, ...]:
        """The rows of teams: without the benchmarks."""
        return tuple(row for row in self.rows if row.rank > 0)


def read_leaderboard(path: Path) -> KaggleBoard:
    """Read a leaderboard's archive, or the CSV out of it.

    Raises:
        CourseError: It is none, is damaged, or is larger than a leaderboard can be.
    """
    if path.suffix.lower() != ".zip":
        return parse_leaderboard(_bounded(path), path.name)
    with _opened(path) as entries:
        found = [(name, entry) for name, entry in entries if _NAME.fullmatch(name.split("/")[-1])]
        if len(found) != 1:
            raise CourseError(
                f"{len(found)} leaderboards are in this archive, and one is expected",
                where=str(path),
                todo="Download it with `kaggle competitions leaderboard SLUG --download`",
            )
        name, entry = found[0]
        return parse_leaderboard(content_of(entry, path, MAX_BYTES), name.split("/")[-1])


def parse_leaderboard(content: bytes, name: str) -> KaggleBoard:
    """Parse the CSV of a leaderboard.

    Args:
        content: The whole file, with its byte-order mark or without.
        name: Its name, which tells the competition, the part and the time.

    Raises:
        CourseError: It is no leaderboard; the message names the line.
    """
    told = _NAME.fullmatch(name)
    if told is None:
        raise CourseError(
            "the name is not that of a leaderboard",
            where=name,
            todo="Keep Kaggle's name: SLUG-publicleaderboard-DATE.csv",
        )
    try:
        text = content.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [one for one in COLUMNS if one not in (reader.fieldnames or ())]
        if missing:
            raise CourseError(f"the column {missing[0]} is missing", where=name)
        rows: list[KaggleRow] = []
        for row in reader:
            if len(rows) >= MAX_ROWS:
                raise CourseError(f"there are more than {MAX_ROWS} rows", where=name)
            rows.append(_row(row, f"{name}, line {reader.line_num}"))
    except UnicodeDecodeError:
        raise CourseError("the file is not UTF-8", where=name) from None
    except csv.Error as error:
        raise CourseError(f"this is not CSV ({error})", where=name) from None
    ids = [row.team_id for row in rows if row.rank > 0]
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise CourseError(f"the team {twice} is on the board twice", where=name)
    return KaggleBoard(told["slug"], Part(told["part"]), told["at"], tuple(rows), text)


def _row(row: dict[str, str | None], where: str) -> KaggleRow:
    cells = {key: (row.get(key) or "").strip() for key in (*COLUMNS, MEMBERS)}
    try:
        rank = int(cells["Rank"] or 0)
        score = Decimal(cells["Score"]) if cells["Score"] else None
        count = int(cells["SubmissionCount"]) if cells["SubmissionCount"] else None
        last = _moment(cells["LastSubmissionDate"])
    except (ValueError, InvalidOperation) as error:
        raise CourseError(f"a cell cannot be read ({error})", where=where) from None
    if score is not None and not score.is_finite():
        raise CourseError("the score is no number", where=where)
    if rank > 0 and not cells["TeamId"]:
        raise CourseError("the team has no TeamId", where=where)
    members = tuple(name.strip() for name in cells[MEMBERS].split(",") if name.strip())
    return KaggleRow(rank, cells["TeamId"], cells["TeamName"], last, score, count, members)


def _moment(text: str) -> datetime | None:
    """Read Kaggle's dates: ISO 8601 or with a space, in UTC when no zone is written."""
    if not text:
        return None
    value = datetime.fromisoformat(text)
    return aware_utc(value if value.tzinfo else value.replace(tzinfo=UTC))


def read_submissions(path: Path) -> dict[str, bytes]:
    """Read a folder or an archive of submissions.

    The name of each file, or of a folder around it, is a TeamId, a team's name or a member's
    user name; `merge.write_inbox` finds out which.

    Returns:
        The content of every submission, by its path.

    Raises:
        CourseError: It is damaged, leads out of itself, or is larger than submissions can be.
    """
    with _opened(path) as entries:
        return {
            name: content_of(entry, path, MAX_BYTES)
            for name, entry in sorted(entries, key=lambda pair: natural(pair[0]))
            if name.lower().endswith((".csv", ".jsonl"))
        }


@contextmanager
def _opened(path: Path) -> Iterator[list[tuple[str, Entry]]]:
    """Open an upload under the exchange's limits: safe names, no rubbish, not too many."""
    try:
        with entries_of(path) as entries:
            for entry in entries:
                refuse_escape(entry.name)
            named = [
                (tidy(entry.name), entry)
                for entry in entries
                if not is_junk(entry.name) and entry.kind is EntryKind.FILE
            ]
            if len(named) > MAX_FILES:
                raise CourseError(f"there are more than {MAX_FILES} files", where=str(path))
            yield named
    except RefusedError as error:
        raise _refused(error, path) from None
    except FileNotFoundError:
        raise CourseError("there is no such file", where=str(path)) from None


def content_of(entry: Entry, path: Path, most: int) -> bytes:
    """Return an entry's content.

    Raises:
        CourseError: It cannot be read, or is longer than `most` bytes.
    """
    if entry.obstacle:
        raise CourseError(f"{entry.name} cannot be read ({entry.obstacle})", where=str(path))
    # SECURITY: read in pieces up to the limit, whatever size the archive states
    # (test_a_bomb_in_the_archive_is_refused).
    content = entry.read(most + 1)
    if len(content) > most:
        raise CourseError(f"{entry.name} is longer than {most} bytes", where=str(path))
    return content


def _bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise CourseError("there is no such file", where=str(path)) from None
    if len(content) > MAX_BYTES:
        raise CourseError(f"the file is longer than {MAX_BYTES} bytes", where=str(path))
    return content


def _refused(error: RefusedError, path: Path) -> CourseError:
    told = ", ".join(f"{name} {value}" for name, value in error.refusal.args.items())
    reason = error.refusal.key.removeprefix("refused.")
    return CourseError(
        f"it cannot be opened ({reason}{': ' if told else ''}{told})",
        where=str(path),
        todo="Download or pack it again",
    )
