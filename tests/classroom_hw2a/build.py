"""Build the competition's sample class on disk: an inbox with receipts, a roster, a dated course.

`python -m tests.classroom_hw2a.build OUT --data DIR` writes `OUT/inbox/`, `OUT/receipts.csv`,
`OUT/students.csv` and `OUT/course.toml`; DIR is the folder that `zachetka data prepare hw2a`
prints. Same reference and data, same bytes.
"""

from __future__ import annotations

from pathlib import Path

from tests.classroom.attempts import Files, strong
from tests.classroom.disk import MSK, ROOT, dated_course, run, write_csv, zipped
from tests.classroom_hw2a.students import HARD, SOFT, STUDENTS

REFERENCE = ROOT / "reference" / "hw2a"


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
        archive.write_bytes(zipped({f"hw2a/{path}": content for path, content in files.items()}))
        place = archive.relative_to(inbox).as_posix()
        receipts.append((student, place, attempts[number].received + MSK))
    write_csv(out / "receipts.csv", ("student", "file", "received"), receipts)
    write_csv(out / "students.csv", ("id", "name"), [(s.id, s.name) for s in STUDENTS])
    (out / "course.toml").write_text(dated_course(out, "hw2", SOFT, HARD), encoding="utf-8")


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


if __name__ == "__main__":
    run(build, __doc__)
