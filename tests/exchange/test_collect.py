"""From an inbox to intakes: who, what, when, and one by one."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graders.core.errors import CourseError, InfraError
from graders.core.records import Student
from graders.exchange import already_received, collect
from graders.store import Store
from tests.exchange.making import (
    NOW,
    WORK,
    assignment,
    collected,
    lay,
    one,
    reason,
    uploaded,
    zipped,
)

OTHER = {"data.py": b"x = 2\n", "report.md": b"# Two\n"}


def under(top: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{top}/{path}": content for path, content in files.items()}


# layouts


def test_an_archive_and_a_folder_hold_the_same_work(tmp_path):
    (tmp_path / "s01.zip").write_bytes(zipped(under("hw1", WORK)))
    lay(tmp_path / "s02", WORK)
    lay(tmp_path / "s03" / "hw1", WORK)
    (tmp_path / "s04.ZIP").write_bytes(zipped(WORK))

    intakes = collected(tmp_path)

    assert [i.student for i in intakes] == ["s01", "s02", "s03", "s04"]
    assert [i.source for i in intakes] == ["s01.zip", "s02", "s03", "s04.ZIP"]
    assert all(i.files == WORK and i.refusal is None for i in intakes)
    assert all(i.assignment == "hw1" and i.received == NOW for i in intakes)


@pytest.mark.parametrize("top", ["hw1", "Моя работа (финал)", "hw1/hw1", "adapter"])
def test_a_top_folder_of_any_name_is_stripped(tmp_path, top):
    assert uploaded(tmp_path, zipped(under(top, WORK))).files == WORK


def test_a_folder_that_belongs_to_the_work_is_not_stripped(tmp_path):
    adapter = {"adapter/adapter_config.json": b"{}"}

    assert uploaded(tmp_path, zipped(adapter)).files == adapter
    assert uploaded(tmp_path, zipped(under("hw1", adapter))).files == adapter


def test_files_keep_their_folders(tmp_path):
    work = WORK | {"adapter/adapter_config.json": b"{}"}

    assert uploaded(tmp_path, zipped(under("hw1", work))).files == work


def test_rubbish_is_left_out_without_a_word(tmp_path):
    rubbish = {
        "__MACOSX/hw1/._data.py": b"x",
        "hw1/.DS_Store": b"x",
        "hw1/Thumbs.db": b"x",
        "hw1/__pycache__/data.cpython-311.pyc": b"x",
        "hw1/.ipynb_checkpoints/data-checkpoint.py": b"x",
        "hw1/.git/objects/ab/cdef": b"x",
    }
    (tmp_path / "s01.zip").write_bytes(zipped(rubbish | under("hw1", WORK)))
    lay(tmp_path / "s02", rubbish | under("hw1", WORK))

    assert [i.files for i in collected(tmp_path)] == [WORK, WORK]


def test_a_link_inside_rubbish_refuses_nothing(tmp_path):
    folder = lay(tmp_path / "s01", WORK)
    (folder / ".venv").symlink_to("/usr")

    assert one(tmp_path).files == WORK


def test_a_missing_required_file_is_no_refusal(tmp_path):
    intake = uploaded(tmp_path, zipped({"data.py": b"x = 1\n"}))

    assert intake.refusal is None
    assert intake.files == {"data.py": b"x = 1\n"}


def test_empty_files_are_kept_beside_others(tmp_path):
    work = WORK | {"__init__.py": b""}

    assert uploaded(tmp_path, zipped(work)).files == work


@pytest.mark.parametrize("encoding", ["utf-8", "cp866"])
def test_russian_names_without_the_utf8_flag_are_read_as_meant(tmp_path, encoding):
    # What macOS and the Windows Explorer write: the flag is off and the name is not cp437.
    raw = "ёж.py".encode(encoding)
    stand_in = "n" * (len(raw) - 3) + ".py"
    archive = zipped({stand_in: b"x = 1\n"}).replace(stand_in.encode(), raw)

    assert uploaded(tmp_path, archive).files == {"ёж.py": b"x = 1\n"}


def test_paths_are_stored_in_one_unicode_form(tmp_path):
    intake = uploaded(tmp_path, zipped({unicodedata.normalize("NFD", "йё.py"): b"x"}))

    assert list(intake.files) == ["йё.py"]


def test_russian_students_are_found_in_one_unicode_form(tmp_path):
    lay(tmp_path / unicodedata.normalize("NFD", "Андрей Щукин"), WORK)

    intake = one(tmp_path)

    assert intake.student == intake.source == "Андрей Щукин"
    assert intake.files == WORK


@pytest.mark.skipif(os.name == "nt", reason="names are not bytes there")
def test_a_name_that_is_no_text_stops_nobody(tmp_path):
    (tmp_path / os.fsdecode(b"s\xff.zip")).write_bytes(zipped(WORK))
    lay(tmp_path / "s02", {**WORK, os.fsdecode(b"\xff.py"): b"x"})
    lay(tmp_path / "s03", WORK)

    by_student = {i.student: i for i in collected(tmp_path)}

    assert by_student["s" + "\N{REPLACEMENT CHARACTER}" * 3].files == WORK
    assert reason(by_student["s02"]) == "characters"
    assert by_student["s03"].files == WORK


# attempts


def test_a_folder_of_archives_and_attempts_is_several_attempts_in_order(tmp_path):
    for number in (10, 2, 1):
        (tmp_path / "s01").mkdir(exist_ok=True)
        (tmp_path / "s01" / f"attempt-{number}.zip").write_bytes(zipped(WORK))
    lay(tmp_path / "s01" / "attempt-3" / "hw1", OTHER)

    intakes = collected(tmp_path)

    assert [i.source for i in intakes] == [
        "s01/attempt-1.zip",
        "s01/attempt-2.zip",
        "s01/attempt-3",
        "s01/attempt-10.zip",
    ]
    assert {i.student for i in intakes} == {"s01"}
    assert intakes[2].files == OTHER


def test_an_archive_beside_the_work_is_part_of_it(tmp_path):
    lay(tmp_path / "s01", WORK | {"hw1.zip": zipped(WORK)})

    assert reason(one(tmp_path)) == "nested"


def test_an_empty_folder_is_nothing_handed_in(tmp_path):
    (tmp_path / "s01").mkdir()
    lay(tmp_path / "s02", {".DS_Store": b"x"})

    assert collected(tmp_path) == []


def test_an_empty_attempt_is_refused(tmp_path):
    (tmp_path / "s01" / "attempt-1").mkdir(parents=True)

    assert reason(one(tmp_path)) == "empty"


# the class


def test_a_broken_upload_leaves_the_others_alone(tmp_path):
    (tmp_path / "s01.zip").write_bytes(zipped({"../evil.py": b"x"}))
    (tmp_path / "s02.zip").write_bytes(b"junk")
    (tmp_path / "s03.zip").write_bytes(zipped(WORK))

    first, second, third = collected(tmp_path)

    assert [reason(first), reason(second)] == ["traversal", "not_zip"]
    assert third.refusal is None
    assert third.files == WORK


def test_an_upload_that_vanishes_meanwhile_is_the_machines_fault(tmp_path):
    for student in ("s01", "s02"):
        (tmp_path / f"{student}.zip").write_bytes(zipped(WORK))
    intakes = collect(tmp_path, assignment(), now=NOW, manifest=None)
    (tmp_path / "s01.zip").unlink()

    assert next(intakes).student == "s02"
    with pytest.raises(InfraError, match=r"s01\.zip"):
        next(intakes)


def test_an_inbox_that_is_not_there_is_told_at_once(tmp_path):
    with pytest.raises(CourseError, match="no such folder"):
        collect(tmp_path / "inbox", assignment(), now=NOW, manifest=None)


def test_the_students_clock_is_never_believed(tmp_path):
    (tmp_path / "s01.zip").write_bytes(zipped(WORK))
    os.utime(tmp_path / "s01.zip", (0, 0))

    assert one(tmp_path).received == NOW


def test_a_naive_now_is_an_error(tmp_path):
    with pytest.raises(CourseError, match="time zone"):
        collect(tmp_path, assignment(), now=datetime(2026, 1, 1), manifest=None)


# the second run


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "blobs") as opened:
        opened.add_students([Student("s01", "А"), Student("s02", "Б")], NOW)
        yield opened


def take_in(store, inbox, now):
    """Do as the pipeline does, and return the receipt times."""
    taken = []
    for intake in collect(inbox, assignment(), now=now, manifest=None):
        known = store.submissions("hw1", student=intake.student)
        taken.append(already_received(intake, known) or store.add_submission(intake))
    return [one.received for one in taken]


DAY = timedelta(days=1)


def test_an_unchanged_upload_keeps_its_first_receipt(tmp_path, store):
    inbox = tmp_path / "inbox"
    uploaded(inbox, zipped(WORK))
    lay(inbox / "s02", WORK)

    assert take_in(store, inbox, NOW) == [NOW, NOW]
    assert take_in(store, inbox, NOW + DAY) == [NOW, NOW]
    assert len(store.submissions()) == 2


def test_a_refused_upload_keeps_its_first_receipt_too(tmp_path, store):
    uploaded(tmp_path / "inbox", b"junk")

    assert take_in(store, tmp_path / "inbox", NOW) == [NOW]
    assert take_in(store, tmp_path / "inbox", NOW + DAY) == [NOW]


def test_an_upload_refused_for_another_reason_is_received_anew(tmp_path, store):
    inbox = tmp_path / "inbox"
    uploaded(inbox, b"junk")
    take_in(store, inbox, NOW)
    uploaded(inbox, zipped({"../evil.py": b"x"}))

    assert take_in(store, inbox, NOW + DAY) == [NOW + DAY]


def test_a_changed_upload_is_received_anew(tmp_path, store):
    inbox = tmp_path / "inbox"
    uploaded(inbox, zipped(WORK))
    take_in(store, inbox, NOW)
    uploaded(inbox, zipped(OTHER))

    assert take_in(store, inbox, NOW + DAY) == [NOW + DAY]
    assert len(store.submissions()) == 2


def test_an_earlier_version_put_back_is_handed_in_anew_and_so_the_last(tmp_path, store):
    inbox = tmp_path / "inbox"
    for day, work in enumerate((WORK, OTHER, WORK)):
        uploaded(inbox, zipped(work))
        assert take_in(store, inbox, NOW + day * DAY) == [NOW + day * DAY]

    assert store.submissions()[-1].received == NOW + 2 * DAY
    assert take_in(store, inbox, NOW + 3 * DAY) == [NOW + 2 * DAY]


def test_an_archive_made_anew_of_the_same_files_is_the_same_work(tmp_path, store):
    inbox = tmp_path / "inbox"
    uploaded(inbox, zipped(WORK))
    take_in(store, inbox, NOW)
    uploaded(inbox, zipped(under("other top", WORK), 0))

    assert take_in(store, inbox, NOW + DAY) == [NOW]


def test_somebody_elses_receipt_is_no_receipt(tmp_path, store):
    intake = uploaded(tmp_path / "inbox", zipped(WORK))
    stored = store.add_submission(intake)

    assert already_received(intake, [stored]) == stored
    assert already_received(intake, [replace(stored, student="s02")]) is None
    assert already_received(intake, [replace(stored, source="s01/attempt-1.zip")]) is None
    assert already_received(intake, [replace(stored, assignment="hw2a")]) is None
    assert already_received(intake, []) is None


def test_now_is_kept_in_utc(tmp_path):
    uploaded(tmp_path, zipped(WORK))

    (intake,) = collect(tmp_path, assignment(), now=NOW.astimezone(), manifest=None)

    assert intake.received.tzinfo is UTC
