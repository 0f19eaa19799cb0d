"""The warm process and its forks: bad tests, deaths, deadlines and many runs at once."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from graders.core.errors import CourseError
from graders.core.records import CaseStatus, RunOutcome
from graders.tester import Tester
from graders.tester.faults import BadTests
from tests.tester.grading import one_test

ECHO = "def echo(x):\n    return x\n"


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ("def test_a():\n    pass\n", "test_a: needs @pytest.mark.points"),
        ('@pytest.mark.points("1", part="p")\ndef test_a():\n    pass\n', "test_a: needs"),
        (
            '@pytest.mark.points(0.5, key="a.b", part="p")\ndef test_a():\n    pass\n',
            "test_a: needs",
        ),
        (
            '@pytest.mark.points("x", key="a.b", part="p")\ndef test_a():\n    pass\n',
            "test_a: needs",
        ),
        (
            '@pytest.mark.points("-1", key="a.b", part="p")\ndef test_a():\n    pass\n',
            "test_a: needs",
        ),
        (one_test("pass") + one_test("pass").replace("def test", "def test_more"), "used twice"),
        ("import nothing_here\n", "nothing_here"),
        ("def broken(:\n", "SyntaxError"),
        ("@pytest.mark.point\ndef test_a():\n    pass\n", "'point' not found in `markers`"),
        ("", "there are no tests"),
    ],
)
def test_hidden_tests_that_are_no_cases_are_the_courses_mistake(grader, tests, told):
    grader.hide(tests)
    grader.hand_in()
    with pytest.raises(BadTests) as caught:
        grader.run()
    assert told in str(caught.value)


def test_a_conftest_that_does_not_import_is_told(grader):
    grader.hide(one_test("pass"))
    (grader.folder / "hidden_tests" / "conftest.py").write_text("import nothing_here\n", "utf-8")
    grader.hand_in()
    with pytest.raises(BadTests, match="nothing_here"):
        grader.run()


def test_an_unknown_case_is_told(grader):
    grader.hide(one_test("pass", key="work.a"))
    grader.hand_in()
    with pytest.raises(BadTests, match=r"there is no case work\.b"):
        grader.run(keys=frozenset({"work.a", "work.b"}))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('student.drive("gone", "f")', "there is no driver 'gone'"),
        ('student.drive("../code", "f")', "there is no driver"),
        (
            'with student.fresh() as clean:\n    clean.call("code:echo", 1)',
            "without the student's code cannot call it",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_the_courses_mistake(grader, body, told):
    grader.hide(one_test(body))
    grader.hand_in(ECHO)
    with pytest.raises(BadTests) as caught:
        grader.run()
    assert told in str(caught.value)


def test_hidden_data_that_are_not_there_are_the_courses_mistake(grader):
    grader.hide(one_test("pass").replace("settings)", "settings, hidden_dir)"))
    grader.hand_in(ECHO)
    with pytest.raises(BadTests, match="the assignment's data are not here"):
        grader.run()


def test_a_job_that_dies_leaves_what_it_had_found(grader):
    grader.hide(
        one_test('assert student.call("code:echo", 1) == 1', key="work.a"),
        one_test("import os\nos.kill(os.getpid(), 9)", key="work.b"),
        one_test("pass", key="work.c"),
    )
    grader.hand_in(ECHO)
    machine = grader.machine()
    report = grader.run(machine)
    assert report.outcome is RunOutcome.INFRA
    assert "the tester's job died" in report.log
    first, *rest = report.cases
    assert first.status is CaseStatus.PASSED
    assert [case.key for case in rest] == ["work.b", "work.c"]
    assert {(case.status, case.message, case.earned) for case in rest} == {
        (CaseStatus.UNSCORED, "tester.infra", None)
    }
    assert machine.children[0].child.wait(5) is not None


@pytest.mark.slow
def test_tests_that_do_not_end_are_cut_and_the_run_is_infra(grader):
    grader.hide(
        one_test("pass", key="work.a"),
        one_test("import signal\nsignal.pause()", key="work.b"),
    )
    grader.hand_in(ECHO)
    report = grader.run(settings={"tests_wall": 1.0, "total_wall": 1.0})
    assert report.outcome is RunOutcome.INFRA
    assert "more than 2 s" in report.log
    assert [case.status for case in report.cases] == ["passed", "unscored"]


@pytest.mark.slow
def test_a_warm_process_that_died_is_started_again(grader):
    grader.hide(one_test("pass"))
    grader.hand_in(ECHO)
    with Tester.start(grader.folder) as mortal:
        mine = replace(grader, tester=mortal)
        assert mine.run().outcome is RunOutcome.COMPLETED
        process = mortal._process
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert mine.run().outcome is RunOutcome.COMPLETED


def test_what_a_job_changes_is_gone_with_it(grader):
    grader.hide(
        one_test(
            """
            import os, sys
            case.fact("seen", [hasattr(sys, "mark"), "MARK" in os.environ])
            sys.mark, os.environ["MARK"] = 1, "1"
            """
        )
    )
    grader.hand_in(ECHO)
    assert [grader.run().facts["seen"] for _ in range(2)] == [[False, False]] * 2


def test_the_tester_has_no_secrets_of_the_environment(grader, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    grader.hide(one_test('import os\ncase.fact("names", sorted(os.environ))'))
    grader.hand_in(ECHO)
    with Tester.start(grader.folder) as fresh:
        names = replace(grader, tester=fresh).run().facts["names"]
    assert "PATH" in names
    assert "OPENAI_API_KEY" not in names


@pytest.mark.slow
def test_many_threads_may_run_at_once(grader):
    grader.hide(
        one_test('n = rng.randint(0, 999)\ncase.fact("n", [n, student.call("code:echo", n)])')
    )
    grader.hand_in(ECHO)
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda seed: grader.run(seed=seed), range(8)))
    assert {report.outcome for report in reports} == {RunOutcome.COMPLETED}
    pairs = [report.facts["n"] for report in reports]
    assert all(asked == answered for asked, answered in pairs)
    assert [grader.run(seed=seed).facts["n"] for seed in range(8)] == pairs


def test_broken_catalogues_are_told_before_anything_runs(tmp_path):
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "ru.po").write_text('msgid "a', "utf-8")
    with pytest.raises(CourseError):
        Tester.start(tmp_path)
