"""What an upload holds, before any of it is believed: entries of an archive or of a folder.

Nothing is ever extracted to disk and no link is ever followed. An entry's content is read on
demand, and never beyond the bytes asked for.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from pathlib import Path

from graders.exchange.faults import RefusedError
from graders.exchange.names import is_junk, shown

MAX_ENTRIES = 20_000  # rubbish included: a forgotten .git is thousands of files
MAX_DIRECTORY = 4 * 1024 * 1024  # bytes of an archive's directory, which zipfile reads whole
_CHUNK = 64 * 1024
_ENCRYPTED = 0x1 | 0x40
_UTF8 = 0x800


class Kind(Enum):
    """What an entry is."""

    FILE = auto()
    FOLDER = auto()
    LINK = auto()
    SPECIAL = auto()  # a device, a pipe or a socket


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an upload.

    Args:
        name: Path as the upload names it, not checked.
        kind: What it claims to be.
        size: Bytes that it claims to hold.
        packed: Bytes that it takes in the archive; None in a folder.
        obstacle: Key of the reason why its content cannot be read; empty when it can.
        read: Returns its content, or its first bytes when it has more than asked for.
    """

    name: str
    kind: Kind
    size: int
    packed: int | None
    obstacle: str
    read: Callable[[int], bytes]


@contextmanager
def entries_of(upload: Path, skip: Path | None = None) -> Iterator[list[Entry]]:
    """Open an upload, a folder or a zip archive, and give its entries while it is open.

    Args:
        upload: The folder or the archive; a link is refused and not followed.
        skip: A file in the folder that is not part of it.

    Raises:
        RefusedError: It is no readable archive, a link, or has too many entries.
        OSError: The machine cannot read it.
    """
    mode = upload.lstat().st_mode
    if stat.S_ISDIR(mode):
        yield list(_in_folder(upload, skip))
    elif stat.S_ISREG(mode):
        with _archive(upload) as archive:
            yield [_zipped(archive, info) for info in archive.infolist()]
    else:
        raise RefusedError("link" if stat.S_ISLNK(mode) else "special", path=shown(upload.name))


def _in_folder(root: Path, skip: Path | None) -> Iterator[Entry]:
    folders, count = [""], 0
    while folders:
        inside = folders.pop()
        for found in sorted(os.scandir(root / inside), key=lambda one: one.name):
            count += 1
            if count > MAX_ENTRIES:
                raise RefusedError("too_many_entries", limit=MAX_ENTRIES)
            name = inside + found.name
            if skip is not None and Path(found.path) == skip:
                continue
            # SECURITY: lstat, so that a link is seen as one (test_a_link_in_a_folder_is_refused).
            told = found.stat(follow_symlinks=False)
            kind = _kind(told.st_mode)
            # SECURITY: a hard link may lead to another student's file
            # (test_a_hard_link_in_a_folder_is_refused).
            if kind is Kind.FILE and told.st_nlink > 1:
                kind = Kind.LINK
            if kind is Kind.FOLDER and not is_junk(found.name):
                folders.append(f"{name}/")
            yield Entry(name, kind, told.st_size, None, "", partial(_read_file, Path(found.path)))


def _kind(mode: int) -> Kind:
    if stat.S_ISDIR(mode):
        return Kind.FOLDER
    if stat.S_ISREG(mode):
        return Kind.FILE
    return Kind.LINK if stat.S_ISLNK(mode) else Kind.SPECIAL


def _read_file(path: Path, most: int) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise RefusedError("special", path=shown(path.name))
        return file.read(most)


class _Bounded(io.BufferedReader):
    """A file that never gives more than an archive's directory may take in one read."""

    def read(self, size: int | None = -1, /) -> bytes:
        # SECURITY: zipfile believes the size that the archive states for its directory and
        # makes an object of each 46 bytes (test_a_huge_directory_is_refused_before_it_is_read).
        if size is not None and size > MAX_DIRECTORY:
            raise RefusedError("too_many_entries", limit=MAX_ENTRIES)
        return super().read(MAX_DIRECTORY if size is None or size < 0 else size)


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with _Bounded(io.FileIO(path, "rb")) as file:
        start = file.read(4)
        file.seek(0)
        if not start:
            raise RefusedError("empty")
        with _reading("damaged" if start[:2] == b"PK" else "not_zip"):
            archive = zipfile.ZipFile(file)
        with archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                raise RefusedError("too_many_entries", limit=MAX_ENTRIES)
            yield archive


@contextmanager
def _reading(key: str, **args: str) -> Iterator[None]:
    """Turn everything that a broken archive makes of `zipfile` into one refusal."""
    try:
        yield
    except OSError as error:
        # A seek to where no file goes is the archive's fault; a failing disk is not.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise RefusedError(key, **args) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        ValueError,  # also UnicodeDecodeError
        LookupError,
        OverflowError,
        RuntimeError,  # also NotImplementedError
    ):
        raise RefusedError(key, **args) from None


def _zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    name = _name(info)
    kind = Kind.FOLDER if name.endswith("/") else Kind.FILE
    mode = info.external_attr >> 16
    # SECURITY: a link is an ordinary entry whose mode says so
    # (test_a_link_or_device_in_an_archive_is_refused).
    if stat.S_IFMT(mode) and kind is Kind.FILE:
        kind = _kind(mode)
    obstacle = ""
    if info.flag_bits & _ENCRYPTED:
        obstacle = "encrypted"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        obstacle = "compression"
    return Entry(
        name,
        kind,
        info.file_size,
        info.compress_size,
        obstacle,
        partial(_read_zipped, archive, info, name),
    )


def _name(info: zipfile.ZipInfo) -> str:
    """Return an entry's name as its archiver meant it.

    Without the UTF-8 flag the standard says cp437. macOS writes UTF-8 all the same, and Windows
    the country's DOS code page, which is cp866 for Russian.
    """
    # `filename` is cut at a NUL already, and its separators may be changed.
    name: str = info.orig_filename
    if info.flag_bits & _UTF8 or name.isascii():
        return name
    raw = name.encode("cp437")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp866")


def _read_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, most: int) -> bytes:
    # SECURITY: read in pieces and stop, whatever size the archive states
    # (test_a_zip_bomb_is_refused).
    pieces, left = [], most
    with _reading("damaged_file", path=shown(name)), archive.open(info) as file:
        while left > 0 and (piece := file.read(min(left, _CHUNK))):
            pieces.append(piece)
            left -= len(piece)
    return b"".join(pieces)
