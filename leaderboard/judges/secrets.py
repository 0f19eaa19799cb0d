"""What must not be seen: the endpoint's key, and the salt of the nonces.

Both come from files or variables that the configuration names, never from the configuration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from graders.core.errors import CourseError

LEAST_SALT = 16  # bytes


def salt_of(given: bytes | None, file: str | None, base: Path) -> bytes:
    """Return the secret salt of the nonces: the given one, or the file's content.

    Raises:
        CourseError: There is none, or it is too short to be a secret.
    """
    salt = given
    if salt is None and file is not None:
        salt = _content(base / file, "the salt of the nonces").strip()
    if salt is None or len(salt) < LEAST_SALT:
        raise CourseError(
            f"a judge that reads answers needs a secret salt of at least {LEAST_SALT} bytes, or a"
            " contestant could compute its markers",
            where=file or "salt_file",
            todo="Write 32 random bytes into a file outside the repository and name it in"
            " judge.salt_file",
        )
    return salt


def salt_mark(salt: bytes) -> str:
    """Return what the card says of a salt: another salt is another prompt."""
    return hashlib.sha256(b"mark:" + salt).hexdigest()[:16]


def key_of_api(file: str | None, variable: str | None, base: Path, env: Mapping[str, str]) -> str:
    """Return the endpoint's key, or an empty string when none is configured.

    Raises:
        CourseError: The file or the variable is not there, or is empty.
    """
    if file is not None:
        key, where = _content(base / file, "the endpoint's key").decode("utf-8", "replace"), file
    elif variable is not None:
        key, where = env.get(variable, ""), f"environment variable {variable}"
    else:
        return ""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise CourseError(
            "the endpoint's key is not there", where=where, todo="Put the key there, alone"
        )
    return key


def _content(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{what} cannot be read ({error.strerror})", where=str(path), todo="Write the file"
        ) from error
