"""A class on the toy course, from the class list to replayed grades, by commands alone."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.toy import GOOD, HALF, hand_in, write_receipts

HOSTILE = "=Фёдор <b>[red]\x1b[2J"
CLASS = f"id,name,email\ns01,Анна Иванова,a@example.org\ns02,{HOSTILE},\ns03,Вера,\n"


@pytest.fixture
def opened(course, zachetka, tmp_path):
    """A workspace with the class list."""
    (tmp_path / "students.csv").write_text(CLASS, encoding="utf-8")
    said = zachetka("init", "--students", "students.csv")
    assert said.code == 0, said.err
    assert said.out == "workspace .zachetka: 3 students\n"
    return tmp_path


@pytest.fixture
def collected(opened, zachetka):
    """Work of two students: one whole and in time, one half and a day and a minute late."""
    rows = [
        ("s01", hand_in(opened / "inbox", "s01", GOOD), "2025-10-20T23:59:59"),
        ("s02", hand_in(opened / "inbox", "s02", HALF), "2025-10-22T00:00:00"),
    ]
    write_receipts(opened / "receipts.csv", rows)
    said = zachetka("collect", "hw1", "inbox", "--receipts", "receipts.csv")
    assert said.code == 0, said.err
    assert said.out == "2 taken in, 0 of them refused\n"
    return opened


@pytest.fixture
def undated(opened, course):
    """The workspace while the dates are not set: what is received now is in time."""
    text = course.read_text(encoding="utf-8")
    text = text.replace("2025-10-20", "TBA").replace("2025-11-03", "TBA")
    course.write_text(text, encoding="utf-8")
    return opened


def by_student(said) -> dict[str, dict]:
    assert said.code == 0, said.err
    return {row["student"]: row for row in said.json}


def test_a_second_init_adds_students_and_renames_known_ones(opened, zachetka):
    more = opened / "more.csv"
    more.write_text("\ufeffid,name\ns03,Вера П.\ns04,Глеб\n", encoding="utf-8")
    assert zachetka("init", "--students", more).out == "workspace .zachetka: 4 students\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\nАнна\n", "columns id and name"),
        ("id,name\n", "at least one student"),
        ("id,name\ns01,\n", "csv:2: the id or the name is missing"),
        ("id,name\ns01,А\ns01,Б\n", "csv:3: the id s01 stands there twice"),
        (b"id,name\ns01,\xff\n", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_wrong_class_list_is_told_with_its_line(course, zachetka, tmp_path, text, says):
    path = tmp_path / "list.csv"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    said = zachetka("init", "--students", path)
    assert said.code == 3
    assert says in said.err
    assert not (tmp_path / ".zachetka").exists()


def test_without_a_workspace_every_command_says_how_to_make_one(course, zachetka):
    for words in (
        ("grades",),
        ("replay",),
        ("grade", "hw1"),
        ("feedback", "hw1"),
        ("leaderboard", "hw1"),
        ("mark", "hw1", "s01", "--rubric", "report.text=1", "--by", "me"),
    ):
        said = zachetka(*words)
        assert said.code == 3, words
        assert "zachetka init" in said.err


def test_collect_tells_machines_what_it_took(collected, zachetka):
    again = zachetka("collect", "hw1", "inbox", "--receipts", "receipts.csv", "--json")
    assert [(one["student"], one["received"], one["refused"]) for one in again.json] == [
        ("s01", "2025-10-20T20:59:59Z", None),
        ("s02", "2025-10-21T21:00:00Z", None),
    ]


def test_collect_refuses_one_and_takes_the_others(opened, zachetka):
    hand_in(opened / "inbox", "s01", GOOD)
    hand_in(opened / "inbox", "s03", {"notes.txt": "?"})
    said = zachetka("collect", "hw1", "inbox")
    assert said.code == 0
    assert said.out.startswith("2 taken in, 1 of them refused\n  s03 ")


def test_a_stranger_is_named_and_the_others_are_taken(undated, zachetka):
    hand_in(undated / "inbox", "s01", GOOD)
    hand_in(undated / "inbox", "nobody", GOOD)
    said = zachetka("collect", "hw1", "inbox")
    assert said.code == 3
    assert "nobody" in said.err
    assert by_student(zachetka("grades", "hw1", "--json"))["s01"]["status"] == "pending"


def test_before_any_run_work_is_pending_or_missing(collected, zachetka):
    rows = by_student(zachetka("grades", "hw1", "--json"))
    assert [rows[name]["status"] for name in ("s01", "s02", "s03")] == [
        "pending",
        "pending",
        "missing",
    ]
    assert not rows["s01"]["final"]


def test_a_hostile_name_is_shown_and_does_nothing(opened, zachetka, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # a narrow table would break the name in two
    said = zachetka("grades", "hw1")
    assert "=Фёдор <b>[red]\\x1b[2J" in said.out
    assert "\x1b" not in said.out


def test_an_unknown_student_homework_or_item_is_told(collected, zachetka):
    for words, says in (
        (("grade", "hw1", "--student", "s99"), "s99"),
        (("grades", "hw9"), "hw1, hw2"),
        (("grades", "hw1", "--history", "s99"), "s99"),
        (("grades", "--history", "s01"), "of which homework"),
        (("mark", "hw1", "s01", "--rubric", "report.tekst=1", "--by", "me"), "report.text"),
        (("mark", "hw1", "s01", "--rubric", "report.text=3", "--by", "me"), "from 0 to 2"),
        (("mark", "hw1", "s03", "--rubric", "report.text=1", "--by", "me"), "s03"),
        (("extend", "hw1", "s01", "--days", "1", "--reason", " ", "--by", "me"), "reason"),
        (("choose", "hw1", "s01", "toy_a"), "toy_a"),
    ):
        said = zachetka(*words)
        assert said.code == 3, words
        assert says in said.err


def test_nothing_is_signed_by_nobody(collected, zachetka, monkeypatch):
    for name in ("USER", "LOGNAME"):
        monkeypatch.delenv(name, raising=False)
    said = zachetka("extend", "hw1", "s01", "--days", 1, "--reason", "болезнь")
    assert said.code == 3
    assert "--by" in said.err


def test_a_choice_is_recorded_and_shown(opened, zachetka):
    said = zachetka("choose", "hw2", "s01", "toy_b", "--json")
    assert by_student(said)["s01"]["assignment"] == "toy_b"


@pytest.mark.slow
def test_a_class_is_graded_marked_extended_published_and_replayed(collected, zachetka):
    graded = zachetka("grade", "hw1", "--jobs", 2, "--json")
    rows = by_student(graded)
    assert "2 tested, 0 already tested" in graded.err
    assert (rows["s01"]["raw"], rows["s01"]["status"]) == ("8", "provisional")
    assert (rows["s02"]["raw"], rows["s02"]["penalty"], rows["s02"]["final"]) == ("4", "2", "2")
    assert rows["s03"]["status"] == "missing"
    assert "0 tested, 2 already tested" in zachetka("grade", "hw1").err

    give = ("mark", "hw1", "s01", "--rubric", "report.text=1.5", "--by", "A. Teacher", "--json")
    row = by_student(zachetka(*give))["s01"]
    assert (row["raw"], row["final"], row["status"]) == ("9.5", "9.5", "final")
    grant = ("extend", "hw1", "s02", "--days", 1, "--reason", "болезнь", "--by", "A. Teacher")
    assert by_student(zachetka(*grant, "--json"))["s02"]["penalty"] == "1"

    history = zachetka("grades", "hw1", "--history", "s02", "--json").json
    assert [(one["penalty"], one["final"]) for one in history] == [("2", "2"), ("1", "3")]
    told = zachetka("grades", "hw1", "--history", "s02").out
    assert "2 grades, the last one holds" in told
    assert "toy.sums.order" in told  # the run's log, for the staff

    written = zachetka("grades", "--out", "build")
    assert written.code == 0
    names = ["gradebook.csv", "gradebook.json", "gradebook.xlsx"]
    assert sorted(path.name for path in (collected / "build").iterdir()) == names
    assert json.loads((collected / "build" / "gradebook.json").read_text("utf-8")) == (
        zachetka("grades", "--json").json
    )

    assert zachetka("feedback", "hw1", "--out", "pages").code == 0
    for page in ("index.html", "s01/index.html", "s01/index.en.html", "s03/index.html"):
        assert (collected / "pages" / page).is_file()
    board = zachetka("leaderboard", "hw1")
    assert board.code == 3
    assert "no hidden set" in board.err

    replayed = zachetka("replay", "--json")
    assert replayed.code == 0
    assert replayed.json["differences"] == []
    assert replayed.json["grades"] >= 5
    assert "0 differ" in zachetka("replay").out


@pytest.mark.slow
def test_a_changed_grade_makes_the_replay_fail(collected, zachetka):
    assert zachetka("grade", "hw1", "--student", "s01").code == 0
    path = collected / ".zachetka" / "zachetka.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.execute("UPDATE grades SET final = '10'")
    said = zachetka("replay")
    assert said.code == 1
    assert "s01" in said.err
    assert "1 differ" in said.out


@pytest.mark.slow
def test_ctrl_c_in_the_middle_of_a_class_loses_nothing(undated, zachetka):
    slow = GOOD | {"sums.py": "import time\n\n\ndef add(a, b):\n    time.sleep(60)\n"}
    for student, files in (("s01", GOOD), ("s02", slow), ("s03", HALF)):
        hand_in(undated / "inbox", student, files)
    assert zachetka("collect", "hw1", "inbox").code == 0
    with subprocess.Popen(
        [sys.executable, "-m", "graders.cli.main", "grade", "hw1", "--jobs", "1"],
        cwd=undated,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        lines = []
        while not lines or "s01: completed" not in lines[-1]:
            lines.append(running.stderr.readline())
            assert lines[-1], lines
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: the whole group
        said = running.communicate(timeout=30)[1]
    assert running.returncode == 130, said
    assert "run the same command again" in said
    assert "Traceback" not in said
    again = zachetka("grade", "hw1", "--json")
    assert "2 tested, 1 already tested" in again.err
    assert by_student(again)["s01"]["raw"] == "8"


def test_the_document_lists_the_keys_of_a_gradebook_row(collected, zachetka):
    row = by_student(zachetka("grades", "hw1", "--json"))["s01"]
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    section = text.split("## `zachetka grades`")[1].split("With `--history`")[0]
    assert set(row) <= set(re.findall(r"`([a-z_]+)`", section))
    assert row["final"] is None
