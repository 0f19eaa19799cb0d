"""Build the sample class on disk: an inbox with receipts, a roster and a dated course.

`python -m tests.classroom.build OUT --data DIR` writes `OUT/inbox/`, `OUT/receipts.csv`,
`OUT/students.csv`, `OUT/extensions.csv` and `OUT/course.toml`; DIR is the folder that
`zachetka data prepare hw1` prints. Same reference and data, same bytes.
"""

from __future__ import annotations

from pathlib import Path

from tests.classroom import attempts
from tests.classroom.disk import MSK, ROOT, dated_course, run, write_csv, zipped
from tests.classroom.students import HARD, SOFT, STUDENTS, Attempt

REFERENCE = ROOT / "reference" / "hw1"


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
    write_csv(out / "receipts.csv", ("student", "file", "received"), receipts)
    write_csv(out / "students.csv", ("id", "name"), [(s.id, s.name) for s in STUDENTS])
    write_csv(
        out / "extensions.csv",
        ("student", "homework", "days", "reason", "by"),
        [
            (s.id, "hw1", s.extension_days, "справка из поликлиники", "А. Преподаватель")
            for s in STUDENTS
            if s.extension_days
        ],
    )
    (out / "course.toml").write_text(dated_course(out, "hw1", SOFT, HARD), encoding="utf-8")


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
    archive.write_bytes(zipped(named))
    return archive.relative_to(inbox).as_posix()


if __name__ == "__main__":
    run(build, __doc__)
