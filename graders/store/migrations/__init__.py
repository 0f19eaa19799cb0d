"""Brings a database to the schema of this program, one named migration after another.

A migration is a file in ``versions/``, named ``rNNNN_what_it_does.py``, whose revision is its
name. Each runs in a transaction of its own that starts by taking the write lock (SQLite) or
an advisory lock (PostgreSQL) and looks only then at what the database has, so that any number
of processes may open a new or old database at once. A new migration is written by hand; a
test compares the result with the models on both databases.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, select, table, text
from sqlalchemy import column as sql_column

from graders.core.errors import CourseError
from graders.store.engine import as_writer
from graders.store.faults import explained

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent
VERSION_TABLE = "zachetka_schema"
_ADVISORY_LOCK = 0x7A616368  # any number that other programs on the server do not use


def head() -> str:
    """Return the name of the newest migration."""
    return max(path.stem for path in (HERE / "versions").glob("r[0-9]*.py"))


def version(connection: Connection) -> str | None:
    """Return the name of the last migration that the database has; None if it has none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    stored = table(VERSION_TABLE, sql_column("version_num"))
    found: str | None = connection.execute(select(stored.c.version_num)).scalar()
    return found


def upgrade(engine: Engine, where: str) -> None:
    """Run every migration that the database lacks.

    Raises:
        CourseError: The database is newer than this program, or another program's.
        InfraError: The database failed; the migration under way left nothing behind.
    """
    newest = head()
    with explained(where):
        with engine.connect() as connection:
            if version(connection) == newest:
                return

        from alembic import command

        while True:
            with as_writer(engine).begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
                present = version(connection)
                if present == newest:
                    return
                _check(connection, present, where)
                command.upgrade(config(connection), "+1")


def _check(connection: Connection, present: str | None, where: str) -> None:
    """Refuse a database that these migrations cannot start from."""
    if present is None:
        others = inspect(connection).get_table_names()
        if others:
            raise CourseError(
                f"the database belongs to another program (it has a table {sorted(others)[0]!r})",
                where=where,
                todo="Name an empty or a new database.",
            )
    elif not (HERE / "versions" / f"{present}.py").exists():
        raise CourseError(
            f"the database was made by a newer zachetka (its schema is {present!r}, "
            f"the newest known here is {head()!r})",
            where=where,
            todo="Update zachetka: pip install --upgrade zachetka.",
        )


def config(connection: Connection) -> Config:
    """Return Alembic's configuration for these migrations, run on `connection`."""
    from alembic.config import Config

    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", str(HERE).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings
