"""The gradebook's exports: exact, safe to open, and the same bytes for the same grades."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from graders.core.messages import Messages
from graders.core.records import FinalGrade, Grade, GradedWork, GradeStatus, Submission
from graders.exchange import (
    formula_safe,
    rows,
    rows_as_plain,
    write_csv,
    write_json,
    write_xlsx,
)

MOSCOW = ZoneInfo("Europe/Moscow")
RECEIVED = datetime(2026, 10, 20, 21, 0, 0, tzinfo=UTC)
NAMES = {"s01": "Алиса Ветрова", "s20": "=Фёдор «О'Нил» <b>"}
FINALS = {
    "s01": FinalGrade(Decimal("3.14"), Decimal(3), ("hw2",)),
    "s20": FinalGrade(Decimal(0), Decimal(0), ("hw1", "hw2")),
}


def work(student="s01", status=GradeStatus.PROVISIONAL, raw="7.850", penalty="1"):
    counted = None
    if status not in (GradeStatus.MISSING, GradeStatus.REFUSED):
        counted = Submission(7, "hw1", student, RECEIVED, f"{student}/attempt-2.zip", "d", ())
    grade = Grade(
        id=1,
        student=student,
        homework="hw1",
        submission_id=7 if counted else None,
        run_id=None,
        raw=Decimal(raw),
        days_late=1,
        penalty=Decimal(penalty),
        final=Decimal(raw) - Decimal(penalty),
        status=status,
        reason=None,
        facts={},
        at=RECEIVED,
    )
    return GradedWork(
        student, "hw1", "hw1", grade, (), counted, "counted.only", decision=None, score=None
    )


def table(*works, reason="опоздание 1 день: −1"):
    words = Messages.load(lang="ru", strict=True)
    return rows(works, NAMES, FINALS, MOSCOW, words, lambda *_: reason)


def read_csv(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))


def sheet_of(path):
    return openpyxl.load_workbook(path).active


def test_a_row_says_what_counted_when_and_for_how_much():
    (row,) = rows_as_plain(table(work()))

    assert row == {
        "student": "s01",
        "name": "Алиса Ветрова",
        "homework": "hw1",
        "assignment": "hw1",
        "counted": "s01/attempt-2.zip",
        "received": "2026-10-21T00:00:00+03:00",
        "raw": "7.85",
        "penalty": "1",
        "final": "6.85",
        "status": "provisional",
        "reason": "опоздание 1 день: −1",
        "course_final": "3.14",
        "course_final_rounded": "3",
        "course_missing": ["hw2"],
    }


@pytest.mark.parametrize("status", [GradeStatus.PENDING, GradeStatus.NEEDS_ATTENTION])
def test_what_is_not_scored_yet_is_empty_and_not_zero(tmp_path, status):
    unscored = table(work(status=status, raw="0", penalty="0"))

    (row,) = rows_as_plain(unscored)
    assert (row["raw"], row["penalty"], row["final"]) == (None, None, None)
    assert row["counted"] == "s01/attempt-2.zip"
    write_csv(tmp_path / "g.csv", unscored)
    assert read_csv(tmp_path / "g.csv")[0]["final"] == ""
    write_xlsx(tmp_path / "g.xlsx", unscored)
    assert [cell.value for cell in sheet_of(tmp_path / "g.xlsx")[2]][6:9] == [None] * 3


def test_what_was_never_handed_in_is_zero():
    (row,) = rows_as_plain(table(work("s20", GradeStatus.MISSING, raw="0", penalty="0")))

    assert (row["raw"], row["final"], row["status"]) == ("0", "0", "missing")
    assert (row["counted"], row["received"]) == (None, None)


def test_somebody_off_the_class_list_still_has_a_row():
    (row,) = rows_as_plain(table(work("s77")))

    assert row["name"] == ""
    assert (row["course_final"], row["course_missing"]) == (None, [])


def test_rows_keep_the_order_of_the_works():
    assert [row.student for row in table(work("s20"), work("s01"))] == ["s20", "s01"]


def test_json_is_a_list_of_the_plain_rows(tmp_path):
    both = table(work(), work("s20"))

    write_json(tmp_path / "g.json", both)

    text = (tmp_path / "g.json").read_text(encoding="utf-8")
    assert json.loads(text) == rows_as_plain(both)
    assert "Алиса" in text


def test_csv_has_a_header_and_exact_numbers(tmp_path):
    write_csv(tmp_path / "g.csv", table(work()))

    (row,) = read_csv(tmp_path / "g.csv")

    assert list(row) == list(rows_as_plain(table(work()))[0])
    assert (row["raw"], row["penalty"], row["final"]) == ("7.85", "1", "6.85")
    assert row["received"] == "2026-10-21T00:00:00+03:00"
    assert row["course_missing"] == "hw2"


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "  =1",
    "＝1",
    "a;=1+1",
    "a; @x",
    "a\n=1",
    '"=1',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_the_csv_is_a_formula(tmp_path, text):
    hostile = replace(table(work())[0], name=text, counted=text, reason=text)

    write_csv(tmp_path / "g.csv", [hostile])

    raw = (tmp_path / "g.csv").read_bytes().decode()
    for delimiter in ",;\t":  # as a program of any locale splits it
        for row in csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter):
            for cell in row:
                assert not cell.lstrip().startswith(("=", "+", "@", "＝", "-1"))
    assert read_csv(tmp_path / "g.csv")[0]["name"].replace("'", "") == text


@pytest.mark.parametrize("text", ["Алиса", "a=b", "1-2", "a, b", "s01/attempt-2.zip", "", "d'Or"])
def test_harmless_text_is_left_alone(text):
    assert formula_safe(text) == text


def test_a_formula_gets_an_apostrophe():
    assert formula_safe("=1+1") == "'=1+1"
    assert formula_safe("\t1") == "'\t1"
    assert formula_safe("-1") == "'-1"


@pytest.mark.parametrize("text", [*HOSTILE, "#N/A", "{=1}", "2026-10-20", "1e5"])
def test_no_cell_of_the_workbook_is_a_formula(tmp_path, text):
    hostile = replace(table(work())[0], name=text)

    write_xlsx(tmp_path / "g.xlsx", [hostile])

    cell = sheet_of(tmp_path / "g.xlsx").cell(2, 2)
    assert cell.data_type == "s"
    assert cell.quotePrefix == (formula_safe(text) != text)
    # What XML cannot hold is replaced; XML turns \r into \n.
    assert cell.value == text.replace("\0", "\N{REPLACEMENT CHARACTER}").replace("\r", "\n")


def test_scores_in_the_workbook_are_numbers_under_a_frozen_header(tmp_path):
    write_xlsx(tmp_path / "g.xlsx", table(work()))

    sheet = sheet_of(tmp_path / "g.xlsx")

    told = dict(zip(*([cell.value for cell in line] for line in sheet.iter_rows()), strict=True))
    assert told["raw"] == 7.85
    assert told["penalty"] == 1
    assert told["course_final"] == 3.14
    assert told["received"] == "2026-10-21T00:00:00+03:00"
    assert sheet.freeze_panes == "A2"


@pytest.mark.parametrize("write", [write_csv, write_json, write_xlsx])
def test_the_same_rows_give_the_same_bytes(tmp_path, write):
    both = table(work(), work("s20"))
    write(tmp_path / "a", both)
    write(tmp_path / "b", both)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_workbook_holds_no_date_of_its_making(tmp_path):
    write_xlsx(tmp_path / "g.xlsx", table(work()))

    with zipfile.ZipFile(tmp_path / "g.xlsx") as book:
        assert {info.date_time[0] for info in book.infolist()} == {1980}
        core = book.read("docProps/core.xml").decode()
    assert core.count("1980-01-01T00:00:00Z") == 2
    assert str(datetime.now(UTC).year) not in core


@pytest.mark.parametrize("write", [write_csv, write_json, write_xlsx])
def test_an_export_replaces_the_earlier_one_whole_and_leaves_nothing_beside_it(tmp_path, write):
    target = tmp_path / "out" / "gradebook"
    write(target, table(work(), work("s20")))
    longer = target.read_bytes()

    write(target, table(work()))

    assert target.read_bytes() != longer
    assert [path.name for path in target.parent.iterdir()] == ["gradebook"]


@pytest.mark.parametrize("write", [write_csv, write_json, write_xlsx])
def test_an_empty_gradebook_can_be_written(tmp_path, write):
    write(tmp_path / "g", ())

    assert (tmp_path / "g").stat().st_size > 0


def test_a_failed_write_leaves_the_earlier_file(tmp_path):
    write_csv(tmp_path / "g.csv", table(work()))
    before = (tmp_path / "g.csv").read_bytes()

    with pytest.raises(UnicodeEncodeError):
        write_csv(tmp_path / "g.csv", [replace(table(work())[0], name="\ud800")])

    assert (tmp_path / "g.csv").read_bytes() == before
