"""The demo on the sample class: every student gets what is written beside what they hand in."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import openpyxl
import pytest

from graders.core.records import GradedWork
from graders.pipeline.publish import all_works
from graders.pipeline.replay import replay
from graders.pipeline.workspace import opened
from tests.classroom.students import STUDENTS

pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.timeout(1200)]
IDS = [student.id for student in STUDENTS]
BY_ID = {student.id: student for student in STUDENTS}
GRADED = [student.id for student in STUDENTS if student.expected.counted is not None]


@pytest.fixture(scope="session")
def works(played) -> dict[str, GradedWork]:
    with opened(played.out / "workspace") as workspace:
        return {work.student: work for work in all_works(workspace, "hw1")}


@pytest.fixture(scope="session")
def gradebook(played) -> dict[str, dict[str, str]]:
    rows = json.loads((played.out / "gradebook.json").read_text(encoding="utf-8"))
    return {row["student"]: row for row in rows}


def test_the_class_is_complete(works, gradebook):
    assert sorted(works) == sorted(gradebook) == sorted(IDS)


@pytest.mark.parametrize("student", IDS)
def test_the_outcome_is_the_expected_one(works, student):
    work, expected = works[student], BY_ID[student].expected
    assert work.grade.status == expected.status
    assert work.grade.penalty == Decimal(expected.penalty)
    if expected.counted is None:
        assert work.counted is None
        assert (work.grade.reason.key if work.grade.reason else "") == expected.not_final
        return
    assert work.submissions.index(work.counted) == expected.counted
    assert set(expected.messages) <= {case.message for case in work.cases}
    assert work.grade.final == max(Decimal(0), work.grade.raw - work.grade.penalty)


@pytest.mark.parametrize(
    "student", [one.id for one in STUDENTS if one.expected.counted is not None]
)
def test_points_are_lost_where_expected_and_nowhere_else(works, student):
    work, expected = works[student], BY_ID[student].expected
    for part in work.score.parts:
        lost = part.points - part.unscored - part.earned
        if part.part not in expected.lost:
            assert lost == 0, (part, [case for case in work.cases if case.part == part.part])
        elif expected.lost[part.part] is None:
            assert 0 < lost <= part.points, part
        else:
            assert lost == Decimal(expected.lost[part.part]), part


def test_the_printed_table_has_a_line_for_every_student(played, works):
    for student, work in works.items():
        line = next(line for line in played.first.stdout.splitlines() if student in line)
        if work.score is not None:
            shown = f"{work.grade.final.normalize():f}"
            assert shown in line


def test_a_second_demo_runs_nothing_and_writes_the_same(played, works):
    graded = sum(work.counted is not None for work in works.values())
    assert f"0 tested, {graded} already tested before" in played.second.stderr
    assert played.second.stdout == played.first.stdout


def test_csv_json_and_xlsx_say_the_same(played, gradebook):
    with (played.out / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        table = {row["student"]: row for row in csv.DictReader(file)}
    sheet = openpyxl.load_workbook(played.out / "gradebook.xlsx").active
    lines = list(sheet.iter_rows(values_only=True))
    excel = {line[0]: dict(zip(lines[0], line, strict=True)) for line in lines[1:]}
    assert set(table) == set(excel) == set(gradebook)
    for student, row in gradebook.items():
        for name in ("raw", "penalty", "final"):
            assert table[student][name] == (row[name] or "")
            found = excel[student][name]
            assert ("" if found is None else Decimal(str(found))) == (
                Decimal(row[name]) if row[name] else ""
            )


def test_names_cannot_be_formulas(played):
    text = (played.out / "gradebook.csv").read_text(encoding="utf-8-sig")
    assert "'=Фёдор" in text
    for row in openpyxl.load_workbook(played.out / "gradebook.xlsx").active.iter_rows():
        assert all(cell.data_type != "f" for cell in row)


@pytest.mark.parametrize("name", ["index.html", "index.en.html"])
@pytest.mark.parametrize("student", IDS)
def test_every_student_has_a_page_in_each_language(played, student, name):
    page = (played.out / "feedback" / student / name).read_text(encoding="utf-8")
    assert f'lang="{"en" if name == "index.en.html" else "ru"}"' in page
    assert "<script" not in page
    assert "hidden_tests" not in page


def test_hostile_names_are_text_on_every_page(played):
    for page in (played.out / "feedback").rglob("*.html"):
        assert "<b>" not in page.read_text(encoding="utf-8").replace("<b></b>", "")


def test_the_leaderboard_ranks_everyone_whose_adapter_was_measured(played, works):
    board = json.loads((played.out / "leaderboard" / "leaderboard.json").read_text("utf-8"))
    ranked = {entry["name"] for entry in board["rows"]}
    assert ranked == {s for s, work in works.items() if "hidden_predictions" in work.facts}
    assert "s01" in ranked
    assert "s02" in ranked


def test_every_grade_of_the_demo_replays(played):
    with opened(played.out / "workspace") as workspace:
        result = replay(workspace)
    assert result.grades >= len(IDS)
    assert result.differences == ()


def test_nothing_climbed_out_of_the_archive(played):
    assert not list(played.out.parent.rglob("zachetka-was-here.txt"))
