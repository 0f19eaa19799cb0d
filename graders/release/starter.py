"""The starter package: generated from a reference, and known to be stale when it differs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graders.core.errors import CourseError
from graders.release.markers import cut


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
    """Return the starter's files (posix path to text) that a reference gives.

    Raises:
        CourseError: The reference holds no module, a wrong marker, or no solution at all.
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
    return files


def generate_starter(reference_dir: Path, out_dir: Path) -> list[Path]:
    """Write the starter of a reference, removing modules that it no longer has.

    Returns:
        The files written, sorted.

    Raises:
        CourseError: See `starter_files`.
    """
    files = starter_files(reference_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    for old in out_dir.glob("*.py"):
        if old.name not in files:
            old.unlink()
    written = []
    for name, text in sorted(files.items()):
        path = out_dir / name
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written


def is_stale(reference_dir: Path, starter_dir: Path) -> Stale:
    """Compare a starter on disk with what its reference gives now."""
    wanted = starter_files(reference_dir)
    found = {path.name: path.read_text(encoding="utf-8") for path in starter_dir.glob("*.py")}
    return Stale(
        missing=tuple(sorted(set(wanted) - set(found))),
        changed=tuple(sorted(n for n in set(wanted) & set(found) if wanted[n] != found[n])),
        unexpected=tuple(sorted(set(found) - set(wanted))),
    )
