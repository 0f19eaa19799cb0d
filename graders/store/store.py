"""The store: everything that grading keeps, as records in and records out."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from graders.store.blobs import Blobs
from graders.store.engine import BUSY_S, connect, parsed
from graders.store.grades import Grades
from graders.store.migrations import upgrade
from graders.store.receipts import Receipts
from graders.store.work import Work


class Store(Receipts, Work, Grades):
    """An open store. Threads may share it; a forked process gets connections of its own."""

    @classmethod
    def open(cls, url: str, blobs_dir: Path, *, busy_s: float = BUSY_S) -> Self:
        """Open a store, make it when it is new, and bring its schema up to date.

        Any number of processes may open the same store at once.

        Args:
            url: ``sqlite:///path`` or ``postgresql+psycopg://user:password@host/database``.
            blobs_dir: The folder of what was handed in.
            busy_s: How long to wait for another writer of the same SQLite file.

        Raises:
            CourseError: The URL or the account is wrong, or the database is newer than this
                program or another program's.
            InfraError: The database or the folder cannot be reached, read or written.
        """
        address = parsed(url)
        where = address.render_as_string(hide_password=True)
        engine = connect(address, busy_s=busy_s)
        try:
            upgrade(engine, where)
            blobs = Blobs(blobs_dir)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, blobs, where)

    def close(self) -> None:
        """Close all connections."""
        self._leave_connections_to_the_parent()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
