"""Build the sample class on disk: an inbox with receipts, a roster and a dated course.

`python -m tests.classroom.build OUT --data DIR` writes `OUT/inbox/`, `OUT/receipts.csv`,
`OUT/students.csv`, `OUT/extensions.csv` and `OUT/course.toml`; DIR is the folder that
`zachetka data prepare hw1` prints. Same reference and data, same bytes.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import zipfile
from pathlib import Path

import tomlkit

from tests.classroom import attempts
from tests.classroom.students import HARD, SOFT, STUDENTS, Attempt

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "reference" / "hw1"
COURSE = ROOT / "assignments" / "course.toml"
MSK = "+03:00"


def build(out: Path, data: Path) -> None:
    """Write the sample class into `out`, which need not exist."""
    reference = attempts.strong(REFERENCE, data)
    inbox = out / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    receipts = []
    for student in STUDENTS:
        for number, attempt in enumerate(student.attempts, start=1):
            name = f"{student.id}/attempt-{number}" if len(student.attempts) > 1 else student.id
            target = inbox / name
            target.parent.mkdir(parents=True, exist_ok=True)
            file = _write(attempt, dict(reference), target, inbox)
            receipts.append((student.id, file, attempt.received + MSK))
    _csv(out / "receipts.csv", ("student", "file", "received"), receipts)
    _csv(out / "students.csv", ("id", "name"), [(s.id, s.name) for s in STUDENTS])
    _csv(
        out / "extensions.csv",
        ("student", "homework", "days", "reason", "by"),
        [
            (s.id, "hw1", s.extension_days, "справка из поликлиники", "А. Преподаватель")
            for s in STUDENTS
            if s.extension_days
        ],
    )
    (out / "course.toml").write_text(_dated_course(out), encoding="utf-8")


def _write(attempt: Attempt, files: attempts.Files, target: Path, inbox: Path) -> str:
    for edit in attempt.edits:
        edit(files)
    if attempt.as_folder:
        for path, content in files.items():
            place = target / "hw1" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return target.relative_to(inbox).as_posix()
    named = {f"hw1/{path}": content for path, content in files.items()}
    if attempt.zip_slip:
        named["../../../tmp/zachetka-was-here.txt"] = b"out of the box\n"
    archive = target.with_name(target.name + ".zip")
    archive.write_bytes(_zip(named))
    return archive.relative_to(inbox).as_posix()


def _zip(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, (2026, 10, 1, 0, 0, 0)), content)
    return memory.getvalue()


def _csv(path: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _dated_course(out: Path) -> str:
    """Return the course's own file with HW1's dates set and its folders found from `out`."""
    course = tomlkit.parse(COURSE.read_text(encoding="utf-8"))
    course["course"]["assignments_root"] = Path(
        os.path.relpath(COURSE.parent, out.resolve())
    ).as_posix()
    course["homeworks"]["hw1"]["soft"] = SOFT
    course["homeworks"]["hw1"]["hard"] = HARD
    return tomlkit.dumps(course)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    told = parser.parse_args()
    build(told.out, told.data)
