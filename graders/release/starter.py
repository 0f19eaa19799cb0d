"""The starter package: generated from a reference, and known to be stale when it differs.

It is whole in itself. What several references share lies in the folder above them; a starter
takes along what it uses of that, so that `from ..common import` becomes `from .common import`.
Another reference is another package: `from ..other.part import` becomes `from other.part import`,
and finds what the student wrote there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graders.core.errors import CourseError
from graders.release.markers import cut

_ABOVE = re.compile(r"^(?P<indent>\s*)from \.\.(?P<name>\w+)", re.MULTILINE)
_ABOVE_WHOLE = re.compile(
    r"^(?P<indent>\s*)from \.\. import (?P<names>\w+(?:, \w+)*)$", re.MULTILINE
)
_BESIDE = re.compile(r"^\s*from \.(?P<name>\w+)", re.MULTILINE)
_GENERATED = ("*.py", "*.ipynb")


@dataclass(frozen=True, slots=True)
class Stale:
    """What keeps a starter from being the one its reference gives."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    unexpected: tuple[str, ...]

    def __bool__(self) -> bool:
        """Tell whether anything differs."""
        return bool(self.missing or self.changed or self.unexpected)


def starter_files(reference_dir: Path) -> dict[str, str]:
    """Return the starter's modules (file name to text) that a reference gives.

    Raises:
        CourseError: The reference holds no module, a wrong marker, or no solution at all; or it
            uses something above it that is not there.
    """
    sources = sorted(reference_dir.glob("*.py"))
    if not sources:
        raise CourseError(
            "the reference solution holds no Python module",
            where=str(reference_dir),
            todo="Name the folder with the reference package",
        )
    files: dict[str, str] = {}
    solved = 0
    for source in sources:
        piece = cut(source.read_text(encoding="utf-8"), str(source))
        solved += len(piece.secret)
        if piece.public.strip() or source.name == "__init__.py":
            files[source.name] = piece.public
    if not solved:
        raise CourseError(
            "no line of the reference stands between solution markers",
            where=str(reference_dir),
            todo="Mark what students write with '# zachetka: solution' and '# zachetka: end'",
        )
    return _self_contained(files, reference_dir)


def shared_modules(reference_dir: Path) -> list[Path]:
    """Return the modules above a reference that it uses, directly or through one of them."""
    above = reference_dir.parent
    names: set[str] = set()
    for source in reference_dir.glob("*.py"):
        text = source.read_text(encoding="utf-8")
        names |= {found["name"] for found in _ABOVE.finditer(text)}
        names |= {n for found in _ABOVE_WHOLE.finditer(text) for n in found["names"].split(", ")}
    taken: dict[str, Path] = {}
    while names:
        name = names.pop()
        path = above / f"{name}.py"
        if name not in taken and path.is_file():
            taken[name] = path
            text = path.read_text(encoding="utf-8")
            names |= {found["name"] for found in _BESIDE.finditer(text)}
    return [taken[name] for name in sorted(taken)]


def generate_starter(
    reference_dir: Path, out_dir: Path, more: Mapping[str, str] | None = None
) -> list[Path]:
    """Write the starter of a reference, removing modules that it no longer has.

    Args:
        reference_dir: The reference package.
        out_dir: The starter package.
        more: Other generated files (notebooks), file name to text.

    Returns:
        The files written, sorted.

    Raises:
        CourseError: See `starter_files`.
    """
    files = {**starter_files(reference_dir), **(more or {})}
    out_dir.mkdir(parents=True, exist_ok=True)
    for name in set(_found(out_dir)) - set(files):
        (out_dir / name).unlink()
    written = []
    for name, text in sorted(files.items()):
        path = out_dir / name
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written


def is_stale(
    reference_dir: Path, starter_dir: Path, more: Mapping[str, str] | None = None
) -> Stale:
    """Compare a starter on disk with what its reference gives now; as `generate_starter`."""
    wanted = {**starter_files(reference_dir), **(more or {})}
    found = _found(starter_dir)
    return Stale(
        missing=tuple(sorted(set(wanted) - set(found))),
        changed=tuple(sorted(n for n in set(wanted) & set(found) if wanted[n] != found[n])),
        unexpected=tuple(sorted(set(found) - set(wanted))),
    )


def _found(folder: Path) -> dict[str, str]:
    """Return the files of a starter that are generated, by name."""
    paths = (path for pattern in _GENERATED for path in folder.glob(pattern))
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def _self_contained(files: dict[str, str], reference_dir: Path) -> dict[str, str]:
    """Return the starter's modules with all that they share with other references."""
    shared = {path.stem: path for path in shared_modules(reference_dir)}

    def inside(found: re.Match[str]) -> str:
        name = found["name"]
        if name in shared:
            return f"{found['indent']}from .{name}"
        if (reference_dir.parent / name / "__init__.py").is_file():
            return f"{found['indent']}from {name}"
        raise CourseError(
            f"there is no {name} above the reference to import from", where=str(reference_dir)
        )

    def beside(found: re.Match[str]) -> str:
        for name in set(found["names"].split(", ")) - set(shared):
            raise CourseError(f"there is no module {name} above it", where=str(reference_dir))
        return f"{found['indent']}from . import {found['names']}"

    whole = {
        name: _ABOVE_WHOLE.sub(beside, _ABOVE.sub(inside, text)) for name, text in files.items()
    }
    for path in shared.values():
        if path.name in whole:
            raise CourseError(
                f"{path.name} is both the package's own and shared", where=str(reference_dir)
            )
        whole[path.name] = cut(path.read_text(encoding="utf-8"), str(path)).public
    return whole
