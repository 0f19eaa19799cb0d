"""How a sample class is put on disk: archives, tables, a dated course; same input, same bytes."""

from __future__ import annotations

import argparse
import csv
import io
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import tomlkit

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "assignments" / "course.toml"
MSK = "+03:00"


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of files by their names in it."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, (2026, 10, 1, 0, 0, 0)), content)
    return memory.getvalue()


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def dated_course(out: Path, homework: str, soft: str, hard: str) -> str:
    """Return the course's own file with a homework's dates set and its folders found from `out`."""
    course = tomlkit.parse(COURSE.read_text(encoding="utf-8"))
    course["course"]["assignments_root"] = Path(
        os.path.relpath(COURSE.parent, out.resolve())
    ).as_posix()
    course["homeworks"][homework]["soft"] = soft
    course["homeworks"][homework]["hard"] = hard
    return tomlkit.dumps(course)


def run(build: Callable[[Path, Path], None], description: str | None) -> None:
    """Be the program ``OUT --data DIR`` that builds a class."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    told = parser.parse_args()
    build(told.out, told.data)
