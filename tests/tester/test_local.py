"""Public tests on the student's own machine, in the layout of a bundle."""

from __future__ import annotations

import sys

import pytest

from graders.core.errors import CourseError
from graders.tester.local import run_public
from tests.support.toy import GOOD, write_course
from tests.tester.grading import HEAD, one_test


@pytest.fixture
def bundle(tmp_path):
    """Unpack the toy's bundle."""
    folder = write_course(tmp_path / "assignments").parent / "toy"
    (folder / "hidden_tests").rename(folder / "public_tests")
    (tmp_path / "toy").mkdir()
    for name, text in GOOD.items():
        (tmp_path / "toy" / name).write_text(text, "utf-8")
    return tmp_path


def check(bundle, tests: str = "", lang: str = "ru", seed: int = 0):
    toy = bundle / "assignments" / "toy"
    if tests:
        (toy / "public_tests" / "test_sums.py").write_text(HEAD + tests, "utf-8")
    return run_public(toy, bundle / "toy", lang, seed)


def test_diagnoses_come_in_the_students_language(bundle):
    (bundle / "toy" / "sums.py").write_text("def add(a, b): return 0\n", "utf-8")
    russian, english = check(bundle), check(bundle, lang="en")
    assert russian[0].text == "Неверное значение."
    assert [one.text for one in english] == [
        "The value is wrong.",
        "There is no function toy.sums:order. Check its name.",
    ]


def test_the_students_folder_is_the_submission(bundle):
    (one,) = check(bundle, one_test('assert submission.text("report.md") == "# Отчёт\\n"'))
    assert one.case.message == ""


def test_the_bundles_data_are_the_tests_data(bundle):
    body = one_test('assert (hidden_dir / "a.txt").read_text() == "7"')
    tests = body.replace("settings)", "settings, hidden_dir)")
    with pytest.raises(CourseError, match="data are not here"):
        check(bundle, tests)
    (bundle / "data").mkdir()
    (bundle / "data" / "a.txt").write_text("7", "utf-8")
    (one,) = check(bundle, tests)
    assert one.case.message == ""


def test_a_change_of_the_code_is_seen_by_the_next_check(bundle):
    assert [one.text for one in check(bundle)] == ["", ""]
    (bundle / "toy" / "sums.py").write_text("def add(a, b): return a * 1000 - b\n", "utf-8")
    assert check(bundle)[0].text == "Неверное значение."
    assert not [name for name in sys.modules if name == "toy" or name.startswith("toy.")]
    assert str(bundle) not in sys.path


def test_a_fresh_student_has_none_of_the_objects(bundle):
    tests = one_test(
        """
        kept = student.call("sums:order", [2, 1], keep=True)
        assert student.call("sums:order", kept) == [1, 2]
        with student.fresh(import_student=True) as other:
            other.call("sums:order", kept)
        """
    )
    (one,) = check(bundle, tests)
    assert one.case.message == "tester.lost"


def test_broken_tests_are_told(bundle):
    with pytest.raises(CourseError, match="SyntaxError"):
        check(bundle, "def broken(:\n")
