"""`check` and `pack` on a toy assignment, in the layout of an unpacked bundle."""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.toy import GOOD, HALF


@pytest.fixture
def bundle(course) -> Path:
    """Unpack the toy's bundle: the public tests and a finished package; no hidden test."""
    toy = course.parent / "toy"
    (toy / "hidden_tests").rename(toy / "public_tests")
    write(course.parents[1] / "toy", GOOD)
    return course.parents[1]


def write(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def test_good_work_passes_its_public_tests(bundle, zachetka):
    said = zachetka("check", "toy")
    assert said.code == 0, said.err
    assert "пройдено 2 из 2" in said.out
    assert "скрытые тесты" in said.out


def test_a_failed_test_is_diagnosed_and_gives_status_1(bundle, zachetka):
    write(bundle / "toy", HALF)
    said = zachetka("check", "toy", "--json")
    assert said.code == 1
    assert said.json == [
        {"key": "toy.sums.add", "test": "add", "status": "passed", "diagnosis": ""},
        {
            "key": "toy.sums.order",
            "test": "order",
            "status": "failed",
            "diagnosis": "Неверное значение.",
        },
    ]
    english = zachetka("check", "toy", "--lang", "en")
    assert "1 of 2 passed" in english.out
    assert "The value is wrong." in english.out


def test_what_the_students_code_prints_does_not_disturb_the_json(bundle, zachetka):
    write(bundle / "toy", GOOD | {"sums.py": "print('loading')\n" + GOOD["sums.py"]})
    said = zachetka("check", "toy", "--json")
    assert [case["status"] for case in said.json] == ["passed", "passed"]


def test_a_syntax_error_is_a_failed_test_and_no_traceback(bundle, zachetka):
    write(bundle / "toy", GOOD | {"sums.py": "def add(a, b:\n"})
    said = zachetka("check", "toy", "--lang", "en")
    assert said.code == 1
    assert "SyntaxError" in said.out
    assert "Traceback" not in said.out + said.err


def test_a_folder_that_is_not_there_is_named(bundle, zachetka):
    for command in ("check", "pack"):
        said = zachetka(command, "toy", "nowhere", "--lang", "en")
        assert said.code == 3
        assert "nowhere: there is no such folder" in said.err


def test_an_unknown_assignment_is_told_with_those_there_are(bundle, zachetka):
    said = zachetka("check", "hw9")
    assert said.code == 3
    assert "toy, toy_a, toy_b" in said.err


def test_pack_writes_the_archive_it_tells_of(bundle, zachetka):
    said = zachetka("pack", "toy", "--json")
    assert said.code == 0, said.err
    archive = Path(said.json["archive"])
    assert archive.name == "toy.zip"
    assert said.json["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert sorted(said.json["files"]) == ["__init__.py", "report.md", "sums.py"]
    names = {Path(name).name for name in zipfile.ZipFile(archive).namelist()}
    assert names >= set(said.json["files"])


def test_people_are_told_what_is_in_the_archive_and_what_to_do_with_it(bundle, zachetka):
    said = zachetka("pack", "toy", "toy", "--out", "mine.zip")
    assert said.code == 0, said.err
    for words in ("mine.zip", "sums.py", "SHA-256", "Сдайте этот файл"):
        assert words in said.out


def test_work_that_would_be_refused_is_not_packed(bundle, zachetka):
    (bundle / "toy" / "weights.bin").write_bytes(b"?")
    said = zachetka("pack", "toy", "--lang", "en")
    assert said.code == 5
    assert "weights.bin" in said.err
    assert said.out == ""
    assert not (bundle / "toy.zip").exists()


def test_a_file_that_the_tests_need_and_that_is_not_there_is_a_warning(bundle, zachetka):
    (bundle / "toy" / "sums.py").unlink()
    said = zachetka("pack", "toy", "--lang", "en")
    assert said.code == 0
    assert "not in the archive: sums.py" in said.err
    assert zachetka("pack", "toy", "--json").json["missing"] == ["sums.py"]


def test_a_package_that_is_not_installed_is_named_with_how_to_install_it(
    bundle, zachetka, monkeypatch
):
    toy = bundle / "assignments" / "toy" / "assignment.toml"
    toy.write_text(toy.read_text("utf-8").replace('model = "none"', 'model = "course"'), "utf-8")
    monkeypatch.setattr("graders.assets.ensure_model", lambda spec, say, near: bundle)
    monkeypatch.setitem(sys.modules, "transformers", None)
    said = zachetka("check", "toy", "--lang", "en")
    assert said.code == 4
    assert "transformers: this Python package is not installed" in said.err
    assert "pip install" in said.err
