"""The sealed split: a promise at launch that nobody can change, and that anybody can check later.

At launch ``commitment.json`` publishes SHA-256(salt ‖ canonical JSON) of the private items, the
seed and the rules (weights, milestones, judge). The salt has 32 random bytes and stays in a file
that only its owner may read; without it nobody can try out guesses of the private items. In the
end ``reveal.json`` publishes the salt and what was sealed, and everybody can compute the hash.

Not covered: the sealing shows that nothing was changed after launch, not that the split was fair.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.core.canonical import canonical
from graders.core.errors import CourseError, InfraError
from graders.core.records import Plain
from graders.pipeline.files import write_text

SALT_BYTES = 32
ALGORITHM = "SHA-256 of the salt's 32 bytes followed by the canonical JSON of what is sealed"
COMMITMENT, SALT, REVEAL = "commitment.json", "salt", "reveal.json"


@dataclass(frozen=True, slots=True)
class Commitment:
    """What is published at launch: the hash, and how many items of which parts it is about."""

    competition: str
    sha256: str
    public: int
    private: int

    def as_plain(self) -> dict[str, Plain]:
        """Return it as `commitment.json` holds it."""
        return {
            "competition": self.competition,
            "algorithm": ALGORITHM,
            "sha256": self.sha256,
            "public_items": self.public,
            "private_items": self.private,
        }


def digest(salt: bytes, sealed: Plain) -> str:
    """Return the commitment to plain data under a salt.

    Raises:
        CourseError: The salt has not its 32 bytes: with another length two different pairs of
            salt and data could be one string of bytes.
    """
    if len(salt) != SALT_BYTES:
        raise CourseError(
            f"the salt has {len(salt)} bytes and not {SALT_BYTES}",
            todo="Give it as it was revealed",
        )
    return hashlib.sha256(salt + canonical(sealed)).hexdigest()


def sealed_of(competition: str, rules: Plain, private: list[Plain]) -> Plain:
    """Return what is sealed: the rules and the private items by id."""
    items = sorted(private, key=lambda row: str(row["id"]))
    return {"competition": competition, "rules": rules, "private": items}


def keep_salt(folder: Path) -> bytes:
    """Return the salt of a competition, made once and readable by its owner alone.

    Raises:
        CourseError: Others may read it.
        InfraError: It is damaged.
    """
    path = folder / SALT
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # SECURITY: never readable by others, not even for a moment
        # (test_the_salt_is_readable_by_its_owner_alone).
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(SALT_BYTES) + "\n")
    if path.stat().st_mode & 0o077:
        raise CourseError(
            "the salt may be read by others, so the split is no longer sealed",
            where=str(path),
            todo="chmod 600 it when nobody has read it; otherwise build a new competition",
        )
    try:
        salt = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        salt = b""
    if len(salt) != SALT_BYTES:
        raise InfraError("the salt is damaged", where=str(path), todo="Restore it from a backup")
    return salt


def reveal(folder: Path, sealed: Plain) -> dict[str, Plain]:
    """Write and return `reveal.json`: the salt, what was sealed, and the published hash.

    Raises:
        CourseError: What is there now is not what was sealed at launch.
    """
    told = read_commitment(folder / COMMITMENT)
    salt = keep_salt(folder)
    if digest(salt, sealed) != told["sha256"]:
        raise CourseError(
            "the private items or the rules are not those that were sealed at launch",
            where=str(folder / COMMITMENT),
            todo="Restore the data and competition.toml as they were at launch",
        )
    opened = {"commitment": told, "salt": salt.hex(), "sealed": sealed}
    write_text(folder / REVEAL, json.dumps(opened, ensure_ascii=False, indent=1) + "\n")
    return opened


def verify(revealed: Path, published: Path | None) -> str:
    """Check a `reveal.json` as anybody can; return the hash.

    Args:
        revealed: What the course published in the end.
        published: The `commitment.json` that was published at launch; None believes the copy
            inside `revealed`, which shows only that the file agrees with itself.

    Raises:
        CourseError: The hash is another one, or a file cannot be read.
    """
    told = _read(revealed)
    try:
        promised = read_commitment(published) if published else told["commitment"]
        found = digest(bytes.fromhex(told["salt"]), told["sealed"])
        expected = str(promised["sha256"])
    except (KeyError, TypeError, ValueError) as error:
        raise CourseError(
            f"this is no reveal.json ({error})",
            where=str(revealed),
            todo="Give the file that `zachetka competition reveal` wrote",
        ) from None
    if found != expected:
        raise CourseError(
            f"the salt and the items give {found}, and {expected} was published at launch",
            where=str(revealed),
            todo="The split or the rules were changed after launch: ask the course's staff why",
        )
    return found


def read_commitment(path: Path) -> dict[str, Any]:
    """Read a `commitment.json`.

    Raises:
        CourseError: It is missing or none.
    """
    told = _read(path)
    if not isinstance(told, dict) or not isinstance(told.get("sha256"), str):
        raise CourseError("this is no commitment.json", where=str(path), todo="Build it anew")
    return told


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CourseError(
            "there is no such file", where=str(path), todo="Run `zachetka competition build` first"
        ) from None
    except ValueError as error:
        raise CourseError(f"this is not JSON ({error})", where=str(path)) from None
