"""The ledger: every verdict that was ever given, in order, so that nobody need believe the board.

One JSON object a line, only ever appended. A line begins with its link, the SHA-256 of the link
before and of the rest of the line byte for byte: a line that is changed, taken out or moved breaks
the chain there. Lines cut off at the end break nothing, so the last link (`head`) is published
with every board, and `verify(head)` asks for it. Whoever can write the file can write a whole new
chain; the published heads are what he cannot change.

What a line says, and a verdict's key, is in `leaderboard.judges.entries`.

There are no times in it: the same verdicts give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from graders.core.canonical import canonical, digest_of
from graders.core.errors import CourseError, InfraError
from leaderboard.judges.entries import Entry, Recorded, Spent, card_data, entry_data, verdict_of
from leaderboard.records import JudgeCard, Verdict

ROOT = "0" * 64  # the link before the first line
_HEAD = b'{"link":"'
_REST = len(_HEAD) + 64 + len(b'",')


class Ledger:
    """A ledger in a file; several processes may write to one.

    Use `open`. `mended` says what was done about a line that a crash had cut short, or is empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = 0
        self._lines = 0
        self._head = ROOT
        self._heads: dict[str, int] = {ROOT: 0}
        self._cards: dict[str, JudgeCard] = {}
        self._found: dict[str, list[Recorded]] = {}
        self.mended = ""

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Open a ledger, or begin one: the file is made with the first verdict.

        Raises:
            CourseError: The chain is broken; it says at which line.
            InfraError: The file cannot be read or written.
        """
        ledger = cls(path)
        with _disk(path), ledger._locked():
            ledger._catch_up(mend=True)
        return ledger

    @property
    def head(self) -> str:
        """The chain's last link."""
        return self._head

    @property
    def cards(self) -> Mapping[str, JudgeCard]:
        """The judges that have given verdicts here, by the digest of their cards."""
        return dict(self._cards)

    def knows(self, card: JudgeCard) -> bool:
        """Say whether a judge has given verdicts here."""
        return digest_of(card_data(card)) in self._cards

    def __len__(self) -> int:
        return self._lines

    def lookup(self, key: str, head: str = "") -> Verdict | None:
        """Return the last verdict under a key, or None.

        Args:
            key: From `key_of`.
            head: A link of the past: verdicts that were written later are not seen.

        Raises:
            CourseError: There is no such link.
        """
        until = self._lines if not head else self._line_of(head)
        for recorded in reversed(self._found.get(key, ())):
            if recorded.line <= until:
                return recorded.verdict
        return None

    def spent(self, card: JudgeCard, head: str = "") -> Spent:
        """Return what all verdicts of a judge have cost, the repeated and the failed ones too."""
        until = self._lines if not head else self._line_of(head)
        judge = digest_of(card_data(card))
        tokens_in = tokens_out = 0
        cost = Decimal(0)
        for each in self._found.values():
            for one in each:
                if one.judge == judge and one.line <= until:
                    tokens_in += one.verdict.tokens_in
                    tokens_out += one.verdict.tokens_out
                    cost += one.verdict.cost
        return Spent(tokens_in, tokens_out, cost)

    def append(self, card: JudgeCard, entries: Iterable[Entry]) -> None:
        """Write verdicts in one piece and make sure that they are on the disk.

        Raises:
            CourseError: Somebody else has broken the chain.
            InfraError: The file cannot be written.
        """
        entries = list(entries)
        if not entries:
            return
        with _disk(self._path), self._locked():
            self._catch_up(mend=True)  # nobody is writing now: a torn line is a crash's
            judge = digest_of(card_data(card))
            rows: list[dict[str, Any]] = []
            if judge not in self._cards:
                rows.append({"kind": "judge", "judge": judge, "card": card_data(card)})
            rows += [entry_data(judge, entry) for entry in entries]
            content = b"".join(self._chained(rows))
            self._write(content)
            self._take(content)

    def verify(self, head: str = "") -> int:
        """Read the whole file again and return its number of lines.

        Args:
            head: A link that must be in it, from a published board: lines taken off the end are
                not seen without it.

        Raises:
            CourseError: A line was changed, removed, moved or added; it says which.
            InfraError: The file cannot be read.
        """
        again = Ledger(self._path)
        with _disk(self._path), self._locked():
            again._catch_up(mend=False)
        for link in filter(None, (self._head, head)):
            again._line_of(link)
        return len(again)

    def _chained(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        link = self._head
        for row in rows:
            rest = canonical(row)[1:]  # without its brace: the link comes first
            link = hashlib.sha256(link.encode() + rest).hexdigest()
            yield _HEAD + link.encode() + b'",' + rest + b"\n"

    def _write(self, content: bytes) -> None:
        # Replies hold what is not public yet: nobody else may read them.
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(handle, content) != len(content):
                raise OSError("the disk took only a part of the lines")
            os.fsync(handle)
        finally:
            os.close(handle)

    def _catch_up(self, *, mend: bool) -> None:
        """Read what has been written since, by this process or another."""
        if not self._path.exists():
            if self._size:
                raise _broken(self._path, 1, "the file is gone")
            return
        with self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < self._size:
                raise _broken(self._path, self._lines, "lines at the end were removed")
            file.seek(self._size)
            content = file.read()
        whole, torn = content[: content.rfind(b"\n") + 1], content[content.rfind(b"\n") + 1 :]
        self._take(whole)
        if torn and not mend:
            raise _broken(self._path, self._lines + 1, "the last line is torn")
        if torn:
            self._mend(torn)

    def _mend(self, torn: bytes) -> None:
        """Keep what a crash left of a line beside the ledger, and write into it that this was."""
        aside = self._path.with_name(f"{self._path.name}.torn-{self._lines + 1}")
        aside.write_bytes(torn)
        os.truncate(self._path, self._size)
        row = {
            "kind": "mended",
            "bytes": len(torn),
            "sha256": hashlib.sha256(torn).hexdigest(),
            "kept": aside.name,
        }
        content = b"".join(self._chained([row]))
        self._write(content)
        self._take(content)
        self.mended = f"a line that a crash had cut short was put aside into {aside.name}"

    def _take(self, content: bytes) -> None:
        """Follow the chain over whole lines and keep what they say."""
        for line in content.splitlines(keepends=True):
            number = self._lines + 1
            link, rest = line[len(_HEAD) : _REST - 2], line[_REST:-1]
            wanted = hashlib.sha256(self._head.encode() + rest).hexdigest()
            if line != _HEAD + wanted.encode() + b'",' + rest + b"\n":
                raise _broken(self._path, number, _how(line, link))
            self._read(json.loads(b"{" + rest), number)
            self._head = wanted
            self._heads[wanted] = number
            self._lines = number
            self._size += len(line)

    def _read(self, row: Mapping[str, Any], number: int) -> None:
        if row["kind"] == "judge":
            self._cards[row["judge"]] = JudgeCard(**row["card"])
        elif row["kind"] == "verdict":
            recorded = Recorded(number, row["judge"], verdict_of(row["verdict"]))
            self._found.setdefault(row["key"], []).append(recorded)

    def _line_of(self, head: str) -> int:
        try:
            return self._heads[head]
        except KeyError:
            raise CourseError(
                f"no line has the link {head[:16]}…: lines were removed, or it is another ledger",
                where=str(self._path),
                todo="Restore the file from a backup and compare the published links",
            ) from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock

        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_name(self._path.name + ".lock")):
            yield


def _how(line: bytes, link: bytes) -> str:
    if not line.startswith(_HEAD) or line[_REST - 2 : _REST] != b'",':
        return "it is no line of a ledger"
    return f"it does not follow from the line before (link {link[:16].decode('ascii', 'replace')}…)"


def _broken(path: Path, line: int, how: str) -> CourseError:
    return CourseError(
        f"the ledger's chain is broken at line {line}: {how}",
        where=str(path),
        todo="Restore it from a backup and compare the published links",
    )


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InfraError(
            f"the ledger cannot be used ({error.strerror or error})",
            where=str(error.filename or path),
            todo="Free some room or make the folder writable; verdicts already written are kept",
        ) from error
