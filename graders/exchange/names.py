"""Names of files in an upload: which are dangerous, which are rubbish, which are the same.

A name is judged as it is written, before anything is opened, and is never "repaired" into a
harmless one: `zipfile` would flatten ``../x`` silently, and then two readers of one archive
would see two different submissions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from graders.exchange.faults import RefusedError

MAX_PATH = 240  # characters: with a folder in front it still fits Windows' 260
MAX_PART = 255  # bytes: what ext4, APFS and NTFS can hold
_SHOWN = 80
_LISTED = 8

_DRIVE = re.compile(r"[A-Za-z]:")
_NOT_TEXT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, bidi, surrogates, unassigned

# What editors, archivers and Python leave behind. It is left out without a word; nothing of it
# is ever stored, so a student cannot hide anything in it.
JUNK = (
    "__MACOSX",
    ".DS_Store",
    "._*",
    "Icon\r",
    "Thumbs.db",
    "desktop.ini",
    "__pycache__",
    "*.pyc",
    ".git",
    ".gitignore",
    ".gitattributes",
    ".ipynb_checkpoints",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".idea",
    ".vscode",
    ".venv",
)


def is_junk(path: str) -> bool:
    """Say whether a path is rubbish, or lies in a folder that is."""
    return any(fnmatchcase(part, rule) for part in path.split("/") for rule in JUNK)


def refuse_escape(name: str) -> None:
    """Refuse a name that leads out of the submission's folder on any system.

    Raises:
        RefusedError: It does.
    """
    parts = re.split(r"[/\\]", name)
    # SECURITY: names are judged before junk is left out, and on the raw name
    # (test_a_name_that_leads_out_is_refused).
    if ".." in (part.strip(" ") for part in parts):
        raise RefusedError("traversal", path=shown(name))
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        raise RefusedError("absolute", path=shown(name))
    if "\\" in name:
        raise RefusedError("backslash", path=shown(name))


def tidy(name: str) -> str:
    """Return the path that a harmless name means: NFC, without empty and ``.`` parts.

    Raises:
        RefusedError: It holds characters that cannot be seen, or is too long.
    """
    # SECURITY: a bidi override makes "gpj.exe" of "exe.jpg", a newline forges a log line
    # (test_a_name_with_invisible_characters_is_refused).
    if any(unicodedata.category(char) in _NOT_TEXT for char in name):
        raise RefusedError("characters", path=shown(name))
    path = unicodedata.normalize(
        "NFC", "/".join(part for part in name.split("/") if part not in ("", "."))
    )
    if len(path) > MAX_PATH or any(len(part.encode()) > MAX_PART for part in path.split("/")):
        raise RefusedError("name_too_long", path=shown(path), limit=MAX_PATH)
    return path


def clashes(paths: Iterable[str]) -> Iterator[RefusedError]:
    """Yield a refusal for every two files that some system would take for one.

    Case is folded, and so is Unicode: ``Й`` is one character or two, and looks the same.
    """
    seen: dict[str, str] = {}
    for path in paths:
        key = _folded(path)
        if key in seen:
            yield RefusedError("duplicate", first=shown(seen[key]), second=shown(path))
        else:
            seen[key] = path
    for path in seen.values():
        for parent in PurePosixPath(path).parents:
            if _folded(str(parent)) in seen:
                yield RefusedError("file_and_folder", path=shown(str(parent)))


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", path).casefold())


def natural(text: str) -> tuple[str | int, ...]:
    """Return a sort key by which ``attempt-2`` comes before ``attempt-10``."""
    parts = re.split(r"([0-9]+)", text)
    return tuple(int(part) if number % 2 else part for number, part in enumerate(parts))


def shown(name: str) -> str:
    """Return a name as it can be shown anywhere: on one line, nothing invisible, not too long."""
    text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in name[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def listed(paths: Iterable[str]) -> str:
    """Return names on one line, the first few of many."""
    names = [shown(path) for path in paths]
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f", … (+{more})" if more > 0 else "")
