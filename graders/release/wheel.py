"""The platform's wheel for students: built from the source tree, the same bytes every time.

It leaves out what only the staff may run. Building needs setuptools and no network.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.core.errors import InfraError
from graders.release.archive import zip_bytes

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "graders", "leaderboard")
_EPOCH = "315532800"  # 1980-01-01, the earliest date that a zip entry can hold
_BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A built wheel: its file name and its bytes."""

    name: str
    data: bytes

    def members(self) -> dict[str, bytes]:
        """Return the files inside, by path."""
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def build_wheel(root: Path, left_out: Sequence[str] = ()) -> Wheel:
    """Build the wheel of a source tree.

    Args:
        root: The repository.
        left_out: Files and folders, relative to it, that stay with the staff.

    Raises:
        InfraError: The build failed; its last line is told.
    """
    with tempfile.TemporaryDirectory(prefix="zachetka-wheel-") as scratch:
        tree, out = Path(scratch, "tree"), Path(scratch, "out")
        tree.mkdir()
        out.mkdir()
        _copy(root, tree, left_out)
        done = subprocess.run(
            [sys.executable, "-c", _BUILD, str(out)],
            cwd=tree,
            env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH, "PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        built = sorted(out.glob("*.whl"))
        if done.returncode or len(built) != 1:
            last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
            raise InfraError(
                f"the platform's wheel could not be built ({last})",
                where=str(root / "pyproject.toml"),
                todo="Run: python -m pip install 'setuptools>=77'",
            )
        # Packed again: compressed bytes and entry dates depend on the machine.
        with zipfile.ZipFile(built[0]) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        return Wheel(built[0].name, zip_bytes(files))


def _copy(root: Path, tree: Path, left_out: Sequence[str]) -> None:
    """Copy the sources of the wheel, without caches and without what is left out."""
    barred = {(root / path).resolve() for path in left_out}

    def ignored(folder: str, names: list[str]) -> set[str]:
        here = Path(folder).resolve()
        return {n for n in names if n == "__pycache__" or (here / n) in barred}

    for name in SOURCES:
        source = root / name
        if source.resolve() in barred or not source.exists():
            continue
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=ignored)
        else:
            shutil.copyfile(source, tree / name)
