"""The competition's sample class: the same bytes each time, and what must come of each team."""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from decimal import Decimal

import pytest

from graders.assets import ensure_data
from graders.core.records import CaseStatus
from leaderboard.integrity import examine
from leaderboard.records import Entrant, Question
from tests.classroom_hw2a.build import build, handed_in
from tests.classroom_hw2a.students import STUDENTS

pytestmark = [pytest.mark.slow]
QUICK = [f"hw2a.submission.{name}" for name in ("ids", "lines", "varied", "beats_lead")]


@pytest.fixture(scope="module")
def data():
    return ensure_data("summaries")


@pytest.fixture(scope="module")
def work(data):
    return handed_in(data)


def test_the_class_is_built_the_same_twice_with_a_receipt_for_each_attempt(data, tmp_path):
    digests = []
    for name in ("one", "two"):
        build(tmp_path / name, data)
        found = {
            path.relative_to(tmp_path / name).as_posix(): path.read_bytes()
            for path in sorted((tmp_path / name).rglob("*"))
            if path.is_file() and path.name != "course.toml"
        }
        digests.append(hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest())
    assert digests[0] == digests[1]
    with (tmp_path / "one" / "receipts.csv").open(encoding="utf-8") as file:
        receipts = list(csv.DictReader(file))
    assert len(receipts) == sum(len(student.attempts) for student in STUDENTS)
    for row in receipts:
        with zipfile.ZipFile(tmp_path / "one" / "inbox" / row["file"]) as archive:
            assert "hw2a/submission.jsonl" in archive.namelist()


def test_the_flags_are_those_that_the_stories_call_for(data, work):
    def rows(name):
        return [json.loads(line) for line in (data / name).read_text("utf-8").splitlines()]

    questions = [
        Question(
            row["id"],
            row["package"],
            f"{row['signature']}\n\n{row['document']}",
            row["summary"],
        )
        for name in ("public.jsonl", "private.jsonl")
        for row in rows(name)
    ]
    entrants = []
    for student in (one for one in STUDENTS if one.expected.scored):
        lines = work[student.id, student.expected.counted]["submission.jsonl"].decode().splitlines()
        told = {row["id"]: row["answer"] for row in map(json.loads, lines)}
        entrants.append(Entrant(student.id, told))
    found = {
        name: {flag.key for flag in flags} for name, flags in examine(entrants, questions).items()
    }
    for student in (one for one in STUDENTS if one.expected.scored):
        assert set(student.expected.flags) <= found[student.id], (student.id, found[student.id])
    assert "integrity.injection" not in found["t01"]
    assert "integrity.constant" not in found["t01"]


@pytest.mark.model
@pytest.mark.parametrize("student", STUDENTS, ids=[student.id for student in STUDENTS])
def test_each_team_loses_what_its_story_says(engine_hw2a, work, tmp_path, student):
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    files = tmp_path / "hw2a"
    for name, content in work[student.id, student.expected.counted].items():
        path = files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    report = engine_hw2a.test_folder(files, 1, frozenset(QUICK))
    assert all(case.status is not CaseStatus.UNSCORED for case in report.cases), report.log
    lost = sum((case.points - case.earned for case in report.cases), Decimal(0))
    expected = student.expected.lost.get("submission", "0")
    if expected is None:
        assert lost > 0
    else:
        assert lost == Decimal(expected)
    told = {case.message for case in report.cases}
    assert {m for m in student.expected.messages if m.startswith("hw2a.submission")} <= told
