"""A workspace: one course, one database and its blobs, in one folder.

The folder holds `workspace.toml` (where the course and the database are), `zachetka.db` unless
the database is elsewhere, `blobs/`, and `work/` for the copies that submissions are run from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graders.core.config import Course, load_course
from graders.core.errors import CourseError
from graders.store import Store

CONFIG = "workspace.toml"


@dataclass(frozen=True)
class Workspace:
    """An open workspace; `home` is absolute."""

    home: Path
    course: Course
    store: Store

    @property
    def scratch(self) -> Path:
        """The folder for copies that are removed after use."""
        return self.home / "work"


def create(home: Path, course: Path, database: str = "") -> None:
    """Make a workspace, or change nothing when the same one is there already.

    Args:
        home: The folder to make.
        course: The course's `course.toml`; it is checked before anything is written.
        database: An SQLAlchemy URL; empty for SQLite inside `home`.

    Raises:
        CourseError: The course is wrong, or `home` belongs to another course or database.
    """
    import tomlkit

    load_course(course)
    document = tomlkit.document()
    document.add("course", os.path.relpath(course.resolve(), home.resolve()))
    document.add("database", database)
    text = tomlkit.dumps(document)
    config = home / CONFIG
    if config.exists():
        if config.read_text(encoding="utf-8") != text:
            raise CourseError(
                "this folder is already a workspace of another course or database",
                where=str(config),
                todo="Choose another --home, or edit that file by hand.",
            )
    else:
        home.mkdir(parents=True, exist_ok=True)
        # A database URL may carry a password: the owner's eyes only.
        config.touch(mode=0o600)
        config.write_text(text, encoding="utf-8")
    with opened(home):
        pass


@contextmanager
def opened(home: Path) -> Iterator[Workspace]:
    """Open a workspace and close its database in the end.

    Raises:
        CourseError: There is no workspace at `home`, or its course is wrong.
    """
    import tomllib

    config = home / CONFIG
    try:
        told = tomllib.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(
            "there is no workspace here",
            where=str(home),
            todo="Make one with `zachetka init`, or name it with --home or ZACHETKA_HOME.",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"not a TOML file: {error}", where=str(config)) from None
    home = home.resolve()
    course = load_course((home / told.get("course", "course.toml")).resolve())
    url = told.get("database") or f"sqlite:///{home / 'zachetka.db'}"
    store = Store.open(url, home / "blobs")
    try:
        yield Workspace(home, course, store)
    finally:
        store.close()
