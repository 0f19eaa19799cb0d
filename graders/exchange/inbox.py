"""The inbox: which uploads lie there, whose they are, and when they were received.

The inbox is a folder that the course's staff fills. Per student it holds an archive
``<student>.zip``, or a folder ``<student>/``. A student's folder holds several attempts when
everything in it is an archive or a folder called ``attempt-<number>``; otherwise the folder
itself is the work. With a manifest, the manifest says what is an upload and nothing is guessed.

File times are never looked at: they are the student's clock.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from graders.exchange.contents import is_archive, without_archive_suffix
from graders.exchange.manifest import ManifestError, Problem, read_manifest
from graders.exchange.names import is_junk, natural

_ATTEMPT = re.compile(r"attempt-[0-9]+")


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: `source` is its path inside the inbox, posix and in NFC."""

    student: str
    path: Path
    source: str
    received: datetime


def uploads(inbox: Path, manifest: Path | None, now: datetime) -> list[Upload]:
    """Return the uploads of an inbox by student, receipt time and name.

    Args:
        inbox: The folder.
        manifest: The receipts; None makes `now` the receipt time of everything.
        now: The present instant in UTC.

    Raises:
        CourseError: The manifest is wrong; it names every wrong line.
    """
    if manifest is None:
        found = [Upload(whose, path, _plain(path, inbox), now) for whose, path in _found(inbox)]
    else:
        found = _listed(inbox, manifest, now)
    return sorted(found, key=lambda one: (one.student, one.received, natural(one.source)))


def _found(inbox: Path) -> Iterator[tuple[str, Path]]:
    """Yield every upload and whose it is, by the rule for inboxes without a manifest."""
    for path in _inside(inbox):
        if not _is_folder(path):
            name = without_archive_suffix(path.name)
            yield _text(name if name != path.name else path.stem), path
            continue
        inside = _inside(path)
        several = all(
            _ATTEMPT.fullmatch(one.name) if _is_folder(one) else is_archive(one.name)
            for one in inside
        )
        # A folder with nothing in it was prepared and never used.
        for one in inside if several else [path]:
            yield _text(path.name), one


def _listed(inbox: Path, manifest: Path, now: datetime) -> list[Upload]:
    receipts, problems = read_manifest(manifest, now)
    found: list[Upload] = []
    for receipt in receipts:
        path = _locate(inbox, receipt.file)
        if path is None:
            problems.append(Problem(receipt.line, f"file: there is no {receipt.file} in {inbox}"))
        else:
            found.append(Upload(receipt.student, path, receipt.file, receipt.received))
    if not problems:
        known = {one.path for one in found}
        problems += [
            Problem(0, f"it says nothing of {_plain(path, inbox)}, which lies in the inbox")
            for path in _unlisted(inbox, known, manifest.resolve())
        ]
    if problems:
        raise ManifestError(manifest, problems)
    return found


def _unlisted(folder: Path, known: set[Path], manifest: Path) -> Iterator[Path]:
    """Yield what lies in a folder and is part of no upload: work that would be forgotten."""
    for path in _inside(folder):
        if path in known or path.resolve() == manifest:
            continue
        if any(path in one.parents for one in known):
            yield from _unlisted(path, known, manifest)
        elif not _is_folder(path) or _inside(path):
            yield path


def _locate(inbox: Path, file: str) -> Path | None:
    """Return where a path of the manifest lies: names are compared in NFC, links not followed."""
    place = inbox
    for number, part in enumerate(file.split("/")):
        if number and not _is_folder(place):
            return None
        same = [one for one in place.iterdir() if _text(one.name) == part]
        if not same:
            return None
        place = same[0]
    return place


def _inside(folder: Path) -> list[Path]:
    """Return what lies in a folder, rubbish left out, in a stable order."""
    found = [path for path in folder.iterdir() if not is_junk(path.name)]
    return sorted(found, key=lambda path: natural(path.name))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _plain(path: Path, inbox: Path) -> str:
    return _text(path.relative_to(inbox).as_posix())


def _text(name: str) -> str:
    """Return a file name as text: in NFC, and with what is no UTF-8 replaced."""
    text = name.encode(errors="surrogatepass").decode(errors="replace")
    return unicodedata.normalize("NFC", text)
