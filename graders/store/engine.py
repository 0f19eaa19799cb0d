"""Connections: SQLite in WAL mode as the embedded default, PostgreSQL by URL."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from graders.core.errors import CourseError

BUSY_S = 30.0
CONNECT_S = 10
WRITES = "zachetka_writes"
_EXAMPLE = "For example sqlite:///course.db or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE."


def parsed(url: str) -> URL:
    """Return the parsed URL of a database that the store supports.

    Raises:
        CourseError: It is no URL, or names another database or driver, or none at all.
    """
    try:
        address = make_url(url)
    except SQLAlchemyError:
        # Not repeated: a URL that cannot be parsed cannot have its password hidden either.
        raise CourseError("the database URL is not a URL", todo=_EXAMPLE) from None
    if address.drivername in ("postgresql", "postgres"):
        address = address.set(drivername="postgresql+psycopg")
    shown = address.render_as_string(hide_password=True)
    if address.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise CourseError(
            f"the store does not work with {address.drivername}", where=shown, todo=_EXAMPLE
        )
    if not address.database or address.database == ":memory:":
        raise CourseError("the database URL names no database", where=shown, todo=_EXAMPLE)
    return address


def connect(address: URL, *, busy_s: float = BUSY_S) -> Engine:
    """Return an engine whose connections are set up and whose transactions are honest.

    Raises:
        CourseError: The PostgreSQL driver is not installed.
    """
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, busy_s)
    try:
        return create_engine(
            address,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_S, "options": "-c timezone=UTC"},
        )
    except ImportError:
        raise CourseError(
            "the PostgreSQL driver is not installed",
            where=address.render_as_string(hide_password=True),
            todo='Install it: pip install "zachetka[postgres]".',
        ) from None


def _sqlite(address: URL, busy_s: float) -> Engine:
    """Return an engine for an SQLite file; SQLAlchemy, not the driver, begins transactions."""
    engine = create_engine(address, connect_args={"timeout": busy_s, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
        _switch_to_wal(connection, busy_s)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # Without it INSERT OR REPLACE deletes a row and no trigger hears of it.
        connection.execute("PRAGMA recursive_triggers=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the write lock first: one that read before could not upgrade.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _switch_to_wal(connection: sqlite3.Connection, patience_s: float) -> None:
    """Set WAL mode, which does not wait for other processes by itself."""
    deadline = time.monotonic() + patience_s
    while True:
        with contextlib.suppress(sqlite3.OperationalError):
            if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def as_writer(engine: Engine) -> Engine:
    """Return the same engine, whose transactions start as writing ones."""
    return engine.execution_options(**{WRITES: True})
