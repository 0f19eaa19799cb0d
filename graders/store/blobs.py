"""Content-addressed files: what was handed in, kept under the SHA-256 of its content.

A blob is written beside its place, flushed and renamed into it, so that it is there whole or
not at all; it is checked each time it is read. Nothing here deletes a blob.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from graders.core.errors import InfraError
from graders.core.records import StoredFile

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LEFTOVER = ".part-"
_LEFTOVER_AGE_S = 24 * 3600


class Blobs:
    """A folder of blobs.

    Args:
        folder: Where they are; made when missing, for this user alone.

    Raises:
        InfraError: The folder cannot be made or read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with _explained(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep()

    def path(self, sha256: str) -> Path:
        """Return where a blob is or would be."""
        return self.folder / sha256[:2] / sha256[2:]

    def put(self, content: bytes) -> str:
        """Keep a content and return its SHA-256; the same content twice is one blob.

        A blob that is there but damaged is written anew.

        Raises:
            InfraError: There is no room, or the folder cannot be written; nothing is left
                half-written.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        with _explained(path):
            if not _holds(path, content):
                self._write(path, content)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return a blob's content.

        Raises:
            InfraError: It is missing, unreadable or not what was written.
        """
        path = self.path(sha256)
        with _explained(path):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                raise InfraError(
                    "a stored file is missing",
                    where=str(path),
                    todo="Put back the folder of blobs that belongs to this database.",
                ) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise InfraError(
                "a stored file is damaged: its content is not what was written",
                where=str(path),
                todo="Put it back from a backup, or collect the submission again.",
            )
        return content

    def materialise(self, files: Iterable[StoredFile], folder: Path) -> None:
        """Write files into an empty folder (made when missing), readable to everyone.

        Copies, never links: whatever happens to the copy, the blob stays as it is.

        Raises:
            InfraError: The folder is not empty, a path leads out of it, or there is no room.
        """
        with _explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise InfraError("the folder to fill is not empty", where=str(folder))
            for file in files:
                target = folder / _inside(file.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                content = self.get(file.sha256)
                # SECURITY: O_EXCL follows no link; test_materialise_never_leaves_the_folder.
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with os.fdopen(os.open(target, flags, 0o644), "wb") as handle:
                    handle.write(content)

    def _write(self, path: Path, content: bytes) -> None:
        """Write a blob atomically and durably."""
        new_folder = not path.parent.exists()
        path.parent.mkdir(mode=0o700, exist_ok=True)
        partial = path.parent / f"{_LEFTOVER}{secrets.token_hex(8)}"
        try:
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:  # Ctrl-C too: whatever stopped it, no part of a blob stays
            partial.unlink(missing_ok=True)
            raise
        _fsync(path.parent)
        if new_folder:
            _fsync(self.folder)

    def _sweep(self) -> None:
        """Remove what writers that were killed long ago left behind."""
        oldest = time.time() - _LEFTOVER_AGE_S
        for leftover in self.folder.glob(f"??/{_LEFTOVER}*"):
            with contextlib.suppress(FileNotFoundError):  # another process sweeps too
                if leftover.stat().st_mtime < oldest:
                    leftover.unlink()


def _holds(path: Path, content: bytes) -> bool:
    """Say whether a blob is there with the right content."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False


def _inside(path: str) -> PurePosixPath:
    """Return a relative path that stays inside its folder."""
    pure = PurePosixPath(path)
    # SECURITY: the exchange refuses such paths already; test_materialise_never_leaves_the_folder.
    if pure.is_absolute() or ".." in pure.parts or "\0" in path or not pure.parts:
        raise InfraError(
            "a stored path leads out of its folder",
            where=ascii(path),
            todo="Look at the submission by hand; it should have been refused on arrival.",
        )
    return pure


def _fsync(folder: Path) -> None:
    """Make a folder's entries durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _explained(where: Path) -> Iterator[None]:
    """Turn an operating system's error into one that says what to do."""
    try:
        yield
    except OSError as error:
        full = error.errno in _NO_ROOM
        raise InfraError(
            "there is no room left for the stored files"
            if full
            else f"the folder of stored files cannot be used ({error.strerror})",
            where=str(where),
            todo="Free some space (or raise the limit) and run again; nothing was kept in part."
            if full
            else "Check that it is a folder, and that this user may read and write in it.",
        ) from error
