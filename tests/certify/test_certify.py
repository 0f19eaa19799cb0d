"""What a certificate says of good tests, weak tests and a reference that fails."""

from __future__ import annotations

import pytest

from graders.core.errors import CourseError
from tests.certify.toy_mutants import ADD, ORDER


def test_tests_that_fail_their_mutants_are_certified(author):
    found = author.certify(ADD, ORDER)
    assert found.passed, found.problems
    assert found.as_plain() == {
        "hand_written": {"killed": 2, "total": 2},
        "tests": {"toy.sums.add": ["add_forgets"], "toy.sums.order": ["unsorted"]},
        "survivors": [],
        "uncovered": [],
        "reference": "passed",
    }
    assert sorted(author.steps) == [(1, 3), (2, 3), (3, 3)]


def test_a_mutant_that_a_weak_test_lets_pass_survives_and_its_test_is_uncovered(author):
    author.edit_test('student.call("sums:order", xs) == sorted(xs)', "True")
    found = author.certify(ADD, ORDER)
    assert not found.passed
    assert (found.killed, found.total) == (1, 2)
    assert found.survivors == ("unsorted: toy.sums.order passed",)
    assert found.uncovered == ("toy.sums.order",)


@pytest.mark.slow
def test_a_test_without_a_mutant_is_uncovered(author):
    found = author.certify(ADD)
    assert (found.killed, found.total) == (1, 1)
    assert found.uncovered == ("toy.sums.order",)
    assert found.problems == ("toy.sums.order: no mutant fails this test",)
    assert not found.passed


@pytest.mark.slow
def test_a_mutant_must_fail_every_case_that_it_names(author):
    both = ADD.replace('["toy.sums.add"]', '["toy.sums.add", "toy.sums.order"]')
    found = author.certify(both, ORDER)
    assert found.killed == 1
    assert found.survivors == ("add_forgets: toy.sums.order passed",)
    assert found.tests["toy.sums.add"] == ["add_forgets"]


@pytest.mark.slow
def test_a_mutant_that_fails_for_another_reason_survives(author):
    found = author.certify(ADD.replace("return a\n", "").replace('"return a"', '"return c"'), ORDER)
    assert found.killed == 1
    assert found.survivors[0].startswith("add_forgets: no case says toy.sums.wrong: toy.sums.add")
    assert "NameError" in found.survivors[0]


@pytest.mark.slow
def test_partial_credit_is_a_failed_case(author):
    author.edit_test(
        'case.require(student.call("sums:order", xs) == sorted(xs), "toy.sums.wrong")',
        'case.earn("1" if student.call("sums:order", xs) == sorted(xs) else "0.5")',
    )
    assert author.certify(ADD, ORDER).passed


@pytest.mark.slow
def test_an_unscored_case_kills_nobody(author):
    author.edit_test(
        'case.require(student.call("sums:order", xs) == sorted(xs), "toy.sums.wrong")',
        '[1][0 if student.call("sums:order", xs) == sorted(xs) else 9]',
    )
    found = author.certify(ADD, ORDER)
    assert found.survivors == ("unsorted: toy.sums.order unscored with tester.needs_attention",)


@pytest.mark.slow
def test_a_reference_that_fails_its_own_tests_is_not_certified(author):
    sums = author.reference / "sums.py"
    sums.write_text(sums.read_text("utf-8").replace("a + b", "a + b + 1"), "utf-8")
    found = author.certify(ADD.replace("a + b", "a + b + 1"), ORDER)
    assert not found.passed
    assert found.reference == ("toy.sums.add failed with toy.sums.wrong",)
    assert found.as_plain()["reference"] == ["toy.sums.add failed with toy.sums.wrong"]


@pytest.mark.slow
def test_only_the_named_mutants_are_tried(author):
    author.edit_test('student.call("sums:add", a, b) == a + b', "True")
    found = author.certify(ADD, ORDER, only=["unsorted"])
    assert found.passed
    assert (found.killed, found.total) == (1, 1)
    assert found.tests == {"toy.sums.order": ["unsorted"]}


@pytest.mark.slow
def test_the_reference_is_put_together_by_its_own_script(author):
    (author.reference / "sums.py").rename(author.reference / "parts.txt")
    (author.reference / "assemble.py").write_text(
        "import pathlib, sys\n"
        "here, out = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])\n"
        "out.mkdir()\n"
        "(out / '__init__.py').touch()\n"
        "(out / 'sums.py').write_text((here / 'parts.txt').read_text())\n",
        "utf-8",
    )
    assert author.certify(ADD, ORDER).passed


@pytest.mark.slow
def test_a_script_that_fails_is_told_with_its_own_words(author):
    (author.reference / "assemble.py").write_text("raise SystemExit('no adapter')", "utf-8")
    with pytest.raises(CourseError, match="cannot be put together: no adapter"):
        author.certify(ADD)
