"""The cache on disk: one lock per folder, and folders that are whole or absent."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graders.core.errors import InfraError

Say = Callable[[str], None]
MANIFEST = "manifest.json"


def quiet(_line: str) -> None:
    """Say nothing."""


def cache_root() -> Path:
    """Return the folder where prepared models and data live; it need not exist."""
    told = os.environ.get("ZACHETKA_CACHE")
    return Path(told).expanduser().absolute() if told else Path.home() / ".cache" / "zachetka"


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256, read in pieces.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """Return a prepared folder's manifest, or None when the folder is not there or not whole."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def once(
    target: Path,
    make: Callable[[Path], Mapping[str, Any]],
    say: Say,
    *,
    room_mb: int = 0,
) -> Path:
    """Return `target`, made by `make` when it is not there yet.

    Args:
        target: The folder in the cache.
        make: Fills an empty folder and returns the manifest, to which the files' names, sizes
            and digests are added here.
        say: Receives a line when another process is at it already.
        room_mb: How much disk `make` needs; asked before it starts.

    Raises:
        InfraError: The disk is full, or the cache cannot be written.
    """
    if manifest_of(target) is not None:
        return target
    with disk_speaks(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target, say):
            if manifest_of(target) is not None:  # the process before us made it
                return target
            _require_room(target.parent, room_mb)
            _fill(target, make)
    return target


def _fill(target: Path, make: Callable[[Path], Mapping[str, Any]]) -> None:
    """Make a folder beside its place and move it there in one step."""
    # Whatever an interrupted process left; it is ours alone, under the lock.
    for stale in target.parent.glob(f".{target.name}.*.part"):
        shutil.rmtree(stale)
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        facts = dict(make(part))
        files = {
            path.relative_to(part).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": sha256_of(path),
            }
            for path in sorted(part.rglob("*"))
            if path.is_file()
        }
        text = json.dumps({**facts, "files": files}, ensure_ascii=False, indent=2) + "\n"
        (part / MANIFEST).write_text(text, encoding="utf-8")
        _open_to_read(part)
        if target.exists():  # a folder without a manifest: not ours to trust
            shutil.rmtree(target)
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _open_to_read(folder: Path) -> None:
    """Let every user read: jails run as users of their own."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


@contextmanager
def _locked(target: Path, say: Say) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(target.parent / f".{target.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"{target.name}: another process is preparing it, waiting")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def disk_speaks(where: Path) -> Iterator[None]:
    """Turn what the disk says into an error for people.

    Raises:
        InfraError: The disk is full, or something cannot be written or read.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(where) from error
        raise InfraError(
            f"the cache cannot be used ({error.strerror or error})",
            where=str(error.filename or where),
            todo="Make the folder writable, or set ZACHETKA_CACHE to another one",
        ) from error


def disk_full(where: Path, needed_mb: int = 0) -> InfraError:
    """Return the error that says there is no room left."""
    needed = f", about {needed_mb} MB are needed" if needed_mb else ""
    return InfraError(
        f"the disk is full{needed}",
        where=str(where),
        todo="Free some room, or set ZACHETKA_CACHE to a folder on another disk",
    )


def _require_room(folder: Path, needed_mb: int) -> None:
    if shutil.disk_usage(folder).free < needed_mb * 1_000_000:
        raise disk_full(folder, needed_mb)
