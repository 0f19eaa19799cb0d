"""Build the competition's sample class on disk: an inbox with receipts, a roster, a dated course.

`python -m tests.classroom_hw2a.build OUT --data DIR` writes `OUT/inbox/`, `OUT/receipts.csv`,
`OUT/students.csv` and `OUT/course.toml`; DIR is the folder that `zachetka data prepare hw2a`
prints. Same reference and data, same bytes.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import zipfile
from pathlib import Path

import tomlkit

from tests.classroom.attempts import Files, strong
from tests.classroom_hw2a.students import HARD, SOFT, STUDENTS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "reference" / "hw2a"
COURSE = ROOT / "assignments" / "course.toml"
MSK = "+03:00"


def build(out: Path, data: Path) -> None:
    """Write the sample class into `out`, which need not exist."""
    inbox = out / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    receipts = []
    for (student, number), files in handed_in(data).items():
        attempts = next(s for s in STUDENTS if s.id == student).attempts
        name = f"{student}/attempt-{number + 1}" if len(attempts) > 1 else student
        archive = inbox / f"{name}.zip"
        archive.parent.mkdir(parents=True, exist_ok=True)
        archive.write_bytes(_zip({f"hw2a/{path}": content for path, content in files.items()}))
        place = archive.relative_to(inbox).as_posix()
        receipts.append((student, place, attempts[number].received + MSK))
    _csv(out / "receipts.csv", ("student", "file", "received"), receipts)
    _csv(out / "students.csv", ("id", "name"), [(s.id, s.name) for s in STUDENTS])
    (out / "course.toml").write_text(_dated_course(out), encoding="utf-8")


def handed_in(data: Path) -> dict[tuple[str, int], Files]:
    """Return the files of every attempt, by the student's id and the attempt's number from 0."""
    reference = strong(REFERENCE, data)
    found = {}
    for student in STUDENTS:
        for number, attempt in enumerate(student.attempts):
            files = dict(reference)
            for edit in attempt.edits:
                edit(files, data)
            found[student.id, number] = files
    return found


def _zip(files: Files) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, (2026, 12, 1, 0, 0, 0)), content)
    return memory.getvalue()


def _csv(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _dated_course(out: Path) -> str:
    """Return the course's own file with HW2's dates set and its folders found from `out`."""
    course = tomlkit.parse(COURSE.read_text(encoding="utf-8"))
    course["course"]["assignments_root"] = Path(
        os.path.relpath(COURSE.parent, out.resolve())
    ).as_posix()
    course["homeworks"]["hw2"]["soft"] = SOFT
    course["homeworks"]["hw2"]["hard"] = HARD
    return tomlkit.dumps(course)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    told = parser.parse_args()
    build(told.out, told.data)
