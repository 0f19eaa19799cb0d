"""The manifest of receipts: what it says is believed, and every mistake in it is told at once."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime

import pytest

from graders.core.errors import CourseError
from graders.exchange.manifest import ManifestError
from tests.exchange.making import NOW, WORK, collected, lay, reason, zipped

IN_TIME = "2026-10-20T23:59:59.999999+03:00"
HEADER = "student,file,received\n"


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "s01.zip").write_bytes(zipped(WORK))
    lay(folder / "s02", WORK)
    lay(folder / "s03" / "attempt-1", WORK)
    (folder / "s03" / "attempt-2.zip").write_bytes(b"junk")
    return folder


ROWS = [
    ("s01", "s01.zip", IN_TIME),
    ("s02", "s02", "2026-10-21T00:00:00+03:00"),
    ("s03", "s03/attempt-2.zip", "2026-10-18T09:00:00+00:00"),
    ("s03", "s03/attempt-1", "2026-10-19T09:00:00Z"),
]


def as_csv(rows=ROWS, delimiter=",", header="student,file,received"):
    lines = [header.replace(",", delimiter), *(delimiter.join(row) for row in rows)]
    return "\n".join(lines) + "\n"


def problems(inbox, text, name="receipts.csv"):
    path = inbox.parent / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        collected(inbox, manifest=path)
    assert all(str(one.message) in str(caught.value) for one in caught.value.problems)
    return [(one.line, one.message) for one in caught.value.problems]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("receipts.csv", as_csv()),
        ("receipts.csv", as_csv().replace("\n", "\r\n")),
        ("receipts.csv", "\ufeff" + as_csv(delimiter=";") + "\n\n"),
        ("receipts.csv", as_csv([(f'"{a}"', b, f" {c} ") for a, b, c in ROWS])),
        (
            "receipts.json",
            json.dumps([dict(zip(("student", "file", "received"), r, strict=True)) for r in ROWS]),
        ),
    ],
)
def test_receipt_times_are_those_of_the_manifest(inbox, name, text):
    manifest = inbox.parent / name
    manifest.write_text(text, encoding="utf-8")

    intakes = collected(inbox, manifest=manifest)

    assert [(i.student, i.source, i.received) for i in intakes] == [
        ("s01", "s01.zip", datetime(2026, 10, 20, 20, 59, 59, 999999, tzinfo=UTC)),
        ("s02", "s02", datetime(2026, 10, 20, 21, 0, tzinfo=UTC)),
        ("s03", "s03/attempt-2.zip", datetime(2026, 10, 18, 9, 0, tzinfo=UTC)),
        ("s03", "s03/attempt-1", datetime(2026, 10, 19, 9, 0, tzinfo=UTC)),
    ]
    assert [i.refusal is None for i in intakes] == [True, True, False, True]
    assert reason(intakes[2]) == "not_zip"
    assert all(i.received.tzinfo is UTC for i in intakes)


def test_every_wrong_line_is_told_at_once(inbox):
    text = HEADER + "\n".join(
        [
            f"s01,s01.zip,{IN_TIME}",
            "s02,s02,2026-10-20T23:59:59",  # line 3: naive
            f"s03,s03/attempt-9.zip,{IN_TIME}",  # line 4: not there
            f"s01,s01.zip,{IN_TIME}",  # line 5: again
            "s03,s03/attempt-1,2026-10-21T12:00:01+03:00",  # line 6: a second after now
            "",
            f",s02,{IN_TIME}",  # line 8
            "s02,../s02.zip,yesterday",  # line 9: two mistakes
            "s02",  # line 10
        ]
    )

    found = problems(inbox, text)

    assert sorted(line for line, _ in found) == [3, 4, 5, 6, 8, 9, 9, 10]
    told = {}
    for line, message in found:
        told.setdefault(line, []).append(message)
    assert "no time zone" in told[3][0]
    assert "there is no s03/attempt-9.zip" in told[4][0]
    assert "is on line 2 already" in told[5][0]
    assert "later than now" in told[6][0]
    assert "student: nothing is written there" in told[8][0]
    assert "no path inside the inbox" in told[9][0]
    assert "not an ISO 8601 instant" in told[9][1]
    assert "file, received: nothing is written there" in told[10][0]


def test_the_instant_of_now_is_not_the_future(inbox):
    manifest = inbox.parent / "receipts.csv"
    manifest.write_text(as_csv([(a, b, NOW.isoformat()) for a, b, _ in ROWS]), encoding="utf-8")

    assert {i.received for i in collected(inbox, manifest=manifest)} == {NOW}


def test_a_line_number_counts_lines_and_not_rows(inbox):
    rows = ['"s\n\n01",s01.zip,' + IN_TIME, f"s02,nowhere,{IN_TIME}"]

    assert [line for line, _ in problems(inbox, HEADER + "\n".join(rows))] == [5]


def test_json_mistakes_have_their_lines(inbox):
    text = """[
      {"student": "s01", "file": "s01.zip", "received": "2026-10-20T23:59:59+03:00"},

      {"student": 7, "file": "s02", "received": "2026-10-20T23:59:59+03:00"},
      {"student": "s02",
       "received": "2026-10-20T23:59:59+03:00"}
    ]"""

    assert problems(inbox, text, "receipts.json") == [
        (4, "student: text is expected"),
        (5, "file: nothing is written there"),
    ]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("/etc/passwd", "no path inside"),
        ("s01.zip/..", "no path inside"),
        ("s03\\attempt-1", "no path inside"),
        ("./s01.zip", "no path inside"),
        ("s01.zip/data.py", "there is no"),
        ("S01.zip", "there is no"),
    ],
)
def test_a_file_outside_the_inbox_is_told(inbox, file, message):
    ((_, told),) = problems(inbox, as_csv([("s01", file, IN_TIME)]))

    assert message in told


def test_a_way_through_a_link_is_not_gone(inbox, tmp_path):
    lay(tmp_path / "other", {"x.zip": zipped(WORK)})
    (inbox / "s04").symlink_to(tmp_path / "other")

    ((_, told),) = problems(inbox, as_csv([("s04", "s04/x.zip", IN_TIME)]))

    assert "there is no s04/x.zip" in told


def test_an_upload_inside_another_is_told(inbox):
    ((line, told),) = problems(inbox, as_csv([*ROWS, ("s03", "s03", IN_TIME)]))[:1]

    assert line == 6
    assert "overlaps with s03/attempt-2.zip on line 4" in told


def test_an_upload_that_the_manifest_forgot_is_told(inbox):
    found = problems(inbox, as_csv(ROWS[1:3]))

    assert found == [
        (0, "it says nothing of s01.zip, which lies in the inbox"),
        (0, "it says nothing of s03/attempt-1, which lies in the inbox"),
    ]


def test_the_manifest_itself_rubbish_and_empty_folders_need_no_line(inbox):
    manifest = inbox / "receipts.csv"
    manifest.write_text(as_csv(), encoding="utf-8")
    (inbox / "s09").mkdir()
    (inbox / ".DS_Store").write_bytes(b"x")

    assert len(collected(inbox, manifest=manifest)) == len(ROWS)


def test_a_manifest_may_call_files_what_it_likes(tmp_path):
    inbox = lay(tmp_path / "inbox", {"uploads/4711.bin": zipped(WORK)})
    manifest = tmp_path / "receipts.csv"
    manifest.write_text(as_csv([("Йонас", "uploads/4711.bin", IN_TIME)]), encoding="utf-8")

    (intake,) = collected(inbox, manifest=manifest)

    assert (intake.student, intake.source) == ("Йонас", "uploads/4711.bin")
    assert intake.files == WORK


def test_unicode_forms_of_names_do_not_matter(tmp_path):
    composed = "Андрей"
    inbox = lay(tmp_path / "inbox" / unicodedata.normalize("NFD", composed), WORK).parent
    manifest = tmp_path / "receipts.csv"
    manifest.write_text(as_csv([(composed, composed, IN_TIME)]), encoding="utf-8")

    (intake,) = collected(inbox, manifest=manifest)

    assert intake.student == intake.source == composed


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("receipts.csv", b"", "lacks the columns student, file, received"),
        ("receipts.csv", b"student,file\n", "lacks the columns received"),
        ("receipts.csv", b"student,file,file,received\n", "lacks the columns file"),
        ("receipts.csv", HEADER.encode() + b's01,"s01.zip,x', "no CSV"),
        ("receipts.csv", "студент".encode("cp1251"), "not UTF-8"),
        ("receipts.json", b"{}", "no list of objects"),
        ("receipts.json", b"[1]", "no list of objects"),
        ("receipts.json", b"[", "not JSON"),
    ],
)
def test_a_file_that_is_no_manifest_is_told_once(inbox, name, content, message):
    manifest = inbox.parent / name
    manifest.write_bytes(content)

    with pytest.raises(CourseError, match=message):
        collected(inbox, manifest=manifest)


def test_a_manifest_that_is_not_there_is_told(inbox):
    with pytest.raises(CourseError, match="cannot be read"):
        collected(inbox, manifest=inbox.parent / "none.csv")


def test_an_empty_manifest_of_an_empty_inbox_is_an_empty_class(tmp_path):
    (tmp_path / "inbox").mkdir()
    manifest = tmp_path / "receipts.json"
    manifest.write_text("[]")

    assert collected(tmp_path / "inbox", manifest=manifest) == []
