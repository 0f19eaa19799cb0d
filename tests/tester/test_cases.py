"""How what a hidden test found becomes a case: points, messages, facts, flags."""

from __future__ import annotations

from decimal import Decimal

import pytest

from graders.core.errors import InfraError
from graders.core.records import CaseStatus, Flag, RunOutcome
from tests.tester.grading import one_test

ADD = "def add(a, b):\n    return a + b\n"


def test_a_test_that_ends_well_earns_all_points(grader):
    case = grader.case(ADD, 'assert student.call("code:add", 2, 3) == 5')
    assert case.status is CaseStatus.PASSED
    assert (case.key, case.part, case.points) == ("work.part.one", "part", Decimal(2))
    assert (case.earned, case.message, case.args) == (Decimal(2), "", {})


def test_a_failed_assertion_earns_nothing(grader):
    case = grader.case(ADD, 'assert student.call("code:add", 2, 3) == 6')
    assert (case.status, case.earned) == (CaseStatus.FAILED, 0)
    assert (case.message, case.args) == ("tester.failed", {})


def test_a_diagnosis_is_told_with_its_arguments(grader):
    case = grader.case(ADD, 'case.require(1 == 2, "work.told", why=[1, 0.5, "да"])')
    assert (case.status, case.earned) == (CaseStatus.FAILED, 0)
    assert (case.message, case.args) == ("work.told", {"why": [1, "0.5", "да"]})


def test_a_share_of_the_points_is_partial_credit(grader):
    case = grader.case(ADD, 'case.earn("0.25")')
    assert (case.status, case.earned) == (CaseStatus.PARTIAL, Decimal("0.5"))
    assert case.message == "tester.partial"


def test_what_was_earned_before_a_diagnosis_stays_earned(grader):
    case = grader.case(ADD, 'case.earn("0.5")\ncase.fail("work.told", why="x")')
    assert (case.status, case.earned) == (CaseStatus.PARTIAL, 1)
    assert case.message == "work.told"


def test_a_share_of_nothing_is_a_failed_case(grader):
    case = grader.case(ADD, "case.earn(0)")
    assert (case.status, case.earned, case.message) == (CaseStatus.FAILED, 0, "tester.failed")


@pytest.mark.parametrize(
    ("body", "what"), [("assert False", "failed"), ("case.earn(0.5)", "partial")]
)
def test_the_catalogues_own_message_is_preferred(grader, body, what):
    grader.hide(one_test(body, key="work.own"))
    grader.hand_in(ADD)
    (case,) = grader.run().cases
    assert case.message == f"work.own.{what}"


def test_points_are_exact(grader):
    grader.hide(
        one_test("pass", key="work.a", points="0.1") + one_test("case.earn('0.3333')", points="0.2")
    )
    grader.hand_in(ADD)
    assert [case.earned for case in grader.run().cases] == [Decimal("0.1"), Decimal("0.0667")]


@pytest.mark.parametrize("share", ["1.01", "-0.1", "nan", "inf"])
def test_a_share_outside_the_points_is_the_tests_own_mistake(grader, share):
    case = grader.case(ADD, f'case.earn("{share}")')
    assert (case.status, case.earned) == (CaseStatus.UNSCORED, None)


def test_a_mistake_of_the_test_costs_the_student_nothing(grader):
    case = grader.case(ADD, "[][1]")
    assert (case.status, case.earned) == (CaseStatus.UNSCORED, None)
    assert case.message == "tester.needs_attention"


def test_points_can_be_left_to_a_person(grader):
    case = grader.case(ADD, 'case.unscored("work.told", why="read it")')
    assert (case.status, case.earned) == (CaseStatus.UNSCORED, None)
    assert (case.message, case.args) == ("work.told", {"why": "read it"})


def test_a_skipped_test_is_left_to_a_person(grader):
    case = grader.case(ADD, 'pytest.skip("no")')
    assert (case.status, case.message) == (CaseStatus.UNSCORED, "tester.skipped")


def test_facts_and_flags_outlive_the_run_and_change_no_points(grader):
    grader.hide(
        one_test(
            """
            case.fact("accuracy", 0.75)
            case.fact("predictions", {"a": 1})
            case.flag("work.told", why="look")
            """
        )
    )
    grader.hand_in(ADD)
    report = grader.run()
    assert report.cases[0].status is CaseStatus.PASSED
    assert report.facts == {"accuracy": 0.75, "predictions": {"a": 1}}
    assert report.flags == (Flag("work.told", {"why": "look"}),)


def test_a_fact_has_one_value(grader):
    case = grader.case(ADD, 'case.fact("n", 1)\ncase.fact("n", 2)')
    assert case.status is CaseStatus.UNSCORED


def test_a_session_fixtures_diagnosis_fails_every_case_that_needs_it(grader):
    grader.hide(
        """
        @pytest.fixture(scope="session")
        def table(submission):
            raise CaseFailed("work.told", {"why": "no table"})
        """,
        *(
            one_test("pass", key=f"work.{name}").replace("settings)", "settings, table)")
            for name in ("a", "b")
        ),
        one_test("pass", key="work.c"),
    )
    grader.hand_in(ADD)
    cases = grader.run().cases
    assert [case.status for case in cases] == ["failed", "failed", "passed"]
    assert [case.message for case in cases] == ["work.told", "work.told", ""]
    assert cases[0].args == cases[1].args == {"why": "no table"}


def test_a_conftest_may_choose_the_order_of_the_tests(grader):
    grader.hide(one_test("pass", key="work.a"), one_test("pass", key="work.b"))
    conftest = grader.folder / "hidden_tests" / "conftest.py"
    conftest.write_text("def pytest_collection_modifyitems(items):\n    items.reverse()\n", "utf-8")
    grader.hand_in(ADD)
    assert [case.key for case in grader.run().cases] == ["work.b", "work.a"]


def test_only_the_asked_cases_are_run(grader):
    grader.hide(one_test("pass", key="work.a"), one_test("assert False", key="work.b"))
    grader.hand_in(ADD)
    report = grader.run(keys=frozenset({"work.b"}))
    assert [case.key for case in report.cases] == ["work.b"]


def test_settings_and_hidden_data_reach_the_tests(grader, tmp_path):
    (tmp_path / "gold.txt").write_text("7", "utf-8")
    case = grader.case(
        ADD,
        """
        case.fact("settings", settings)
        case.fact("seed", seed)
        """,
    )
    assert case.status is CaseStatus.PASSED
    report = grader.run(facts={"top": "0.9"}, seed=5)
    assert report.facts == {"settings": {"top": "0.9"}, "seed": 5}
    grader.hide(
        one_test('case.fact("gold", (hidden_dir / "gold.txt").read_text())').replace(
            "settings)", "settings, hidden_dir)"
        )
    )
    assert grader.run(hidden_dir=tmp_path).facts == {"gold": "7"}


def test_the_same_run_twice_is_the_same_report(grader):
    grader.hide(
        one_test(
            """
            a = rng.randint(0, 10**9)
            case.fact("a", a)
            case.require(student.call("code:add", a, 1) == a, "work.told", why=a)
            """
        ),
        one_test('student.call("code:gone")', key="work.b"),
        one_test('student.call("code:div", 0)', key="work.c"),
    )
    grader.hand_in(ADD + "def div(a):\n    return object(), 1 / a\n")
    first = grader.run()
    assert first.cases[2].message == "tester.raised"
    assert grader.run() == first
    assert grader.run(seed=2).facts != first.facts


def test_random_inputs_of_a_test_do_not_depend_on_the_others(grader):
    draw = "case.fact(case.key, rng.random())"
    grader.hide(one_test(draw, key="work.a") + one_test(draw, key="work.b"))
    grader.hand_in(ADD)
    both = grader.run().facts
    assert both["work.a"] != both["work.b"]
    assert grader.run(keys=frozenset({"work.b"})).facts == {"work.b": both["work.b"]}


def test_the_log_names_the_places_for_the_instructor(grader):
    grader.hide(one_test('student.call("code:div", 0)'))
    grader.hand_in("def div(a):\n    return 1 / a\n")
    log = grader.run().log
    assert "work.part.one: " in log
    assert "student work/code.py:2 div" in log
    assert "test_work.py:" in log


def test_a_measurement_is_made_once_and_shared_between_runs(grader):
    grader.hide(
        one_test(
            """
            value = memo.get_or({"what": [1]}, lambda: student.call("code:add", 1, rng.random()))
            case.fact("value", value)
            """
        )
    )
    grader.hand_in(ADD)
    machine = grader.machine()
    first = grader.run(machine)
    assert list(machine.memo.values()) == [first.facts["value"]]
    again = grader.machine(memo=machine.memo)
    assert grader.run(again, seed=2).facts == first.facts
    assert again.children == []


def test_a_machine_that_gives_no_child_makes_the_run_infra(grader):
    grader.hide(
        one_test("pass", key="work.a"),
        one_test('student.call("code:add", 1, 2)', key="work.b"),
        one_test("pass", key="work.c"),
    )
    grader.hand_in(ADD)

    def refuse(number: int) -> None:
        raise InfraError("no memory for a jail")

    report = grader.run(grader.machine(on_connect=refuse))
    assert report.outcome is RunOutcome.INFRA
    assert "no memory for a jail" in report.log
    assert [case.status for case in report.cases] == ["passed", "unscored", "unscored"]
    assert {case.message for case in report.cases[1:]} == {"tester.infra"}
