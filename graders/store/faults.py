"""What a database's failure means to the person who reads it, and whose fault it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from graders.core.errors import CourseError, InfraError, ZachetkaError


@dataclass(frozen=True, slots=True)
class _Symptom:
    """A piece of a driver's message, and what to say and to advise when it is there."""

    sign: str
    kind: type[ZachetkaError]
    what: str
    todo: str


_SYMPTOMS = (
    _Symptom(
        "database is locked",
        InfraError,
        "another process has kept the database locked for too long",
        "End the other process (a grader, a backup, an open database browser), then run again.",
    ),
    _Symptom(
        "readonly database",
        InfraError,
        "the database cannot be written",
        "Give this user the right to write the file and its folder (SQLite writes beside it).",
    ),
    _Symptom(
        "database or disk is full",
        InfraError,
        "there is no room left for the database",
        "Free some space and run again; what was being written is not there in part.",
    ),
    _Symptom(
        "no space left",
        InfraError,
        "the database server has no room left",
        "Free some space on the server and run again; nothing was written in part.",
    ),
    _Symptom(
        "unable to open database file",
        InfraError,
        "the database file cannot be opened",
        "Check that its folder exists and that this user may read and write in it.",
    ),
    _Symptom(
        "file is not a database",
        InfraError,
        "this file is not an SQLite database",
        "Name another file, or put back the last backup of this one.",
    ),
    _Symptom(
        "malformed",
        InfraError,
        "the database file is damaged",
        "Put back the last backup; `sqlite3 FILE .recover` may save more.",
    ),
    _Symptom(
        "password authentication failed",
        CourseError,
        "the database server does not accept this user and password",
        "Correct the user and the password in the database URL.",
    ),
    _Symptom(
        "does not exist",
        CourseError,
        "the database server has no such database or user",
        "Create it (createdb, createuser), or correct the database URL.",
    ),
    _Symptom(
        "permission denied",
        CourseError,
        "the database server does not let this user do that",
        "Grant this user the rights on the database and its schema.",
    ),
    _Symptom(
        "append-only",
        InfraError,
        "something tried to change the history of grading, which is append-only",
        "Add a new line instead; please report this, it is a fault of the program.",
    ),
)


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn whatever SQLAlchemy and the drivers raise inside into one clear error.

    Raises:
        CourseError: The URL, the account or a reference is wrong.
        InfraError: The database or its machine is at fault.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise explanation(error, where) from None


def explanation(error: SQLAlchemyError, where: str) -> ZachetkaError:
    """Return the error to raise instead of one of SQLAlchemy's."""
    original = getattr(error, "orig", None)
    if isinstance(original, ZachetkaError):  # a column type refused a value
        return original
    if isinstance(error, StatementError) and isinstance(error.__cause__, ZachetkaError):
        return error.__cause__
    said = " ".join(str(original or error).split())
    if isinstance(error, IntegrityError) and "append-only" not in said:
        return CourseError(
            f"the database refused a row that does not fit the others ({said})",
            where=where,
            todo="Refer only to submissions, runs and grades that are stored.",
        )
    for symptom in _SYMPTOMS:
        if symptom.sign in said.lower():
            return symptom.kind(f"{symptom.what} ({said})", where=where, todo=symptom.todo)
    if isinstance(error, DBAPIError):
        return InfraError(
            f"the database failed ({said})",
            where=where,
            todo="Check that the database is up and can be reached, then run again.",
        )
    return InfraError(f"the database could not be used ({said})", where=where)
