"""Pack: a student's folder into the archive to hand in, which `collect` is sure to accept."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from graders.core.config import Assignment
from graders.core.errors import StudentError
from graders.core.messages import Messages
from graders.core.records import Refusal
from graders.exchange.atomic import write_whole
from graders.exchange.collect import judge

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_MODE = 0o100644 << 16
_UNIX = 3


@dataclass(frozen=True, slots=True)
class Packed:
    """A packed archive: its files by posix path inside the submission, sorted.

    `missing` are required files that are not there: it may be handed in all the same, and
    what needs them earns nothing.
    """

    path: Path
    sha256: str
    files: tuple[str, ...]
    missing: tuple[str, ...]


def pack(package_dir: Path, assignment: Assignment, target: Path, words: Messages) -> Packed:
    """Pack a folder into a zip archive: the same files give the same bytes on every machine.

    Nothing that the assignment does not take is left out silently, except rubbish
    (`graders.exchange.names.JUNK`): the student may believe that it was handed in.

    Args:
        package_dir: The folder that holds the work.
        assignment: What was asked.
        target: The archive, ending in .zip; an earlier one is replaced. It may lie in the folder.
        words: The student's language.

    Raises:
        StudentError: It would not be accepted, for reasons all told; or `target` is something
            that must not be overwritten.
        OSError: The folder cannot be read or the archive not written.
    """
    target = target.parent.resolve() / target.name
    _require_replaceable(target, words)
    folder = package_dir.resolve()
    examined = judge(folder, assignment, skip=target)
    _require_accepted(examined.refusals, folder, words)
    content = _zip(examined.files, assignment.package)

    def accepted(archive: Path) -> None:
        again = judge(archive, assignment)
        _require_accepted(again.refusals, folder, words)
        assert again.files == examined.files

    write_whole(target, content, accepted)
    files = tuple(sorted(examined.files))
    missing = tuple(path for path in assignment.files.required if path not in examined.files)
    return Packed(target, hashlib.sha256(content).hexdigest(), files, missing)


def _require_replaceable(target: Path, words: Messages) -> None:
    if target.suffix.lower() != ".zip":
        key = "pack.not_zip_name"
    elif target.is_symlink() or (target.exists() and not target.is_file()):
        key = "pack.not_a_file"
    else:
        return
    raise StudentError(words.text(key), where=str(target), todo=words.text("pack.other_target"))


def _require_accepted(refusals: Iterable[Refusal], folder: Path, words: Messages) -> None:
    told = [f"  – {words.text(one.key, **one.args)}" for one in refusals]
    if told:
        raise StudentError(
            "\n".join([words.text("pack.refused"), *told, ""]),
            where=str(folder),
            todo=words.text("pack.mend"),
        )


def _zip(files: Mapping[str, bytes], top: str) -> bytes:
    """Return a zip of files under one folder, stored: deflate's bytes depend on the zlib."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(f"{top}/{path}", _DATE)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, files[path])
    return memory.getvalue()
