"""What every part of the store stands on: transactions, and errors that explain themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, sessionmaker

from graders.store.blobs import Blobs
from graders.store.engine import as_writer
from graders.store.faults import explained
from graders.store.models import Base


class Room:
    """An open database and the folder of blobs beside it.

    Args:
        engine: Connections to a database that is at the newest schema.
        blobs: The contents of what was handed in.
        where: How messages name the database: its URL without the password.
    """

    def __init__(self, engine: Engine, blobs: Blobs, where: str) -> None:
        self.blobs = blobs
        self.where = where
        self._engine = engine
        self._readers = sessionmaker(engine)
        self._writers = sessionmaker(as_writer(engine), expire_on_commit=False)
        self._process = os.getpid()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """Open a transaction that only reads."""
        self._leave_connections_to_the_parent()
        with explained(self.where), self._readers() as session, session.begin():
            yield session

    @contextmanager
    def _writing(self, *topic: str) -> Iterator[Session]:
        """Open a transaction that writes; on any error nothing of it is kept.

        Args:
            topic: What must not be decided by two transactions at once. SQLite has one writer
                anyway; PostgreSQL takes a lock on these words till the transaction ends.
        """
        self._leave_connections_to_the_parent()
        with explained(self.where), self._writers() as session, session.begin():
            if topic and not self._is_sqlite:
                session.execute(
                    text("SELECT pg_advisory_xact_lock(hashtextextended(:topic, 0))"),
                    {"topic": "\n".join(topic)},
                )
            yield session

    def _insert_unless_there(
        self, session: Session, model: type[Base], values: Mapping[str, Any]
    ) -> bool:
        """Insert a row unless a unique key is taken; say whether it was inserted."""
        dialect = sqlite if self._is_sqlite else postgresql
        key = inspect(model).primary_key
        order = dialect.insert(model).values(**values).on_conflict_do_nothing().returning(*key)
        return session.connection().execute(order).first() is not None

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def _leave_connections_to_the_parent(self) -> None:
        """Forget connections inherited by a fork: two processes must not speak on one."""
        if self._process != os.getpid():
            self._engine.dispose(close=False)
            self._process = os.getpid()
