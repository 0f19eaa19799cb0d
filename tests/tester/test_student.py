"""What the student's code can do when it is asked, and what a case says of it then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.core.records import CaseStatus, RunOutcome
from tests.tester.grading import LIMITS, one_test

FAULTS = """
import os, sys, time

class Liar(list):
    def __eq__(self, other):
        return True
    __hash__ = None

class Number(int):
    pass

def liar(): return Liar()
def inside(): return {"a": [1, Liar()]}
def number(): return Number(3)
def generator(): return (x for x in [1])
def boom(): raise ValueError("bad news")
def leave(): sys.exit(0)
def vanish(): os._exit(0)
def crash(): os.kill(os.getpid(), 11)
def hoard(): return len(bytearray(2**30))
def shout():
    while True:
        print("x" * 4096, flush=True)
def sleep(): time.sleep(60)
def one(): return 1
def pid(): return os.getpid()
def garble():
    import gc, socket
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket):
            thing.sendall(b"\\x00" * 64)
    return 1
"""


@pytest.mark.parametrize(
    ("function", "message", "args"),
    [
        ("liar", "tester.not_plain", {"type": "work.code.Liar", "where": "→"}),
        ("inside", "tester.not_plain", {"type": "work.code.Liar", "where": "['a'][1]"}),
        ("number", "tester.not_plain", {"type": "work.code.Number", "where": "→"}),
        ("generator", "tester.not_plain", {"type": "generator", "where": "→"}),
        (
            "boom",
            "tester.raised",
            {"type": "ValueError", "message": "bad news", "where": "work/code.py:16 boom"},
        ),
        (
            "leave",
            "tester.raised",
            {"type": "SystemExit", "message": "0", "where": "work/code.py:17 leave"},
        ),
        ("vanish", "tester.exited", {}),
        ("crash", "tester.crashed", {}),
        ("garble", "tester.malformed", {}),
    ],
)
def test_a_fault_of_the_students_code_fails_the_case_with_its_name(grader, function, message, args):
    case = grader.case(FAULTS, f'student.call("code:{function}")')
    assert (case.status, case.earned) == (CaseStatus.FAILED, 0)
    assert case.message == message
    assert case.args == {"function": f"code:{function}"} | args


def test_memory_that_is_not_given_is_told_as_the_limit_that_it_is(grader):
    case = grader.case(FAULTS, 'student.call("code:hoard")')
    assert (case.status, case.message) == (CaseStatus.FAILED, "tester.memory")


def test_what_did_not_end_once_is_not_called_again(grader):
    grader.hide(
        one_test('student.call("code:sleep", timeout=0.3)', key="work.a"),
        one_test('student.call("code:sleep", timeout=30)', key="work.b"),
    )
    grader.hand_in(FAULTS)
    first, second = grader.run().cases
    assert (first.message, second.message) == ("tester.timeout", "tester.timeout")
    assert first.args == second.args


@pytest.mark.slow
def test_endless_output_ends_the_child_and_is_named(grader):
    case = grader.case(FAULTS, 'student.call("code:shout")')
    assert (case.status, case.message) == (CaseStatus.FAILED, "tester.output")


@pytest.mark.slow
def test_an_array_that_grows_page_by_page_ends_the_child_and_is_named(grader):
    code = """
        def grow():
            import mmap
            held = []
            while True:
                held.append(mmap.mmap(-1, 2**20))
                held[-1].write(b"x" * 2**20)
    """
    case = grader.case(code, 'student.call("code:grow")')
    assert case.status is CaseStatus.FAILED
    assert case.message in {"tester.memory", "tester.raised"}


def test_a_call_that_does_not_end_fails_and_the_next_one_gets_a_fresh_child(grader):
    grader.hide(
        one_test('student.call("code:sleep", timeout=0.3)', key="work.a"),
        one_test('assert student.call("code:one") == 1', key="work.b"),
    )
    grader.hand_in(FAULTS)
    machine = grader.machine()
    slow, fine = grader.run(machine).cases
    assert (slow.status, slow.message) == (CaseStatus.FAILED, "tester.timeout")
    assert slow.args == {"function": "code:sleep", "seconds": "0.3"}
    assert fine.status is CaseStatus.PASSED
    assert len(machine.children) == 2


def test_the_assignments_own_deadline_holds_for_every_call(grader):
    case = grader.case(FAULTS, 'student.call("code:sleep")', settings={"call_timeout": 0.2})
    assert (case.message, case.args["seconds"]) == ("tester.timeout", "0.2")


def test_a_function_that_kills_its_process_is_not_called_for_ever(grader):
    grader.hide(
        *(one_test('student.call("code:vanish")', key=f"work.a{n}") for n in range(4)),
        one_test('assert student.call("code:one") == 1', key="work.b"),
    )
    grader.hand_in(FAULTS)
    machine = grader.machine()
    *vanished, fine = grader.run(machine, settings={"faults_per_target": 2}).cases
    assert [case.message for case in vanished] == ["tester.exited"] * 4
    assert fine.status is CaseStatus.PASSED
    assert len(machine.children) == 3


def test_an_exception_is_no_reason_to_stop_asking(grader):
    grader.hide(*(one_test('student.call("code:boom")', key=f"work.a{n}") for n in range(3)))
    grader.hand_in(FAULTS)
    machine = grader.machine()
    assert {case.message for case in grader.run(machine).cases} == {"tester.raised"}
    assert len(machine.children) == 1


def test_when_children_run_out_the_rest_fails(grader):
    grader.hide(
        *(one_test('student.call("code:vanish")', key=f"work.a{n}") for n in range(2)),
        one_test('student.call("code:one")', key="work.b"),
    )
    grader.hand_in(FAULTS)
    last = grader.run(settings={"children": 2}).cases[-1]
    assert (last.status, last.message, last.args) == (
        CaseStatus.FAILED,
        "tester.too_many_crashes",
        {"n": 2},
    )


@pytest.mark.slow
def test_when_the_whole_time_is_over_the_rest_fails_and_says_so(grader):
    grader.hide(
        one_test('student.call("code:one")', key="work.a"),
        one_test('student.call("code:sleep")', key="work.b"),
        one_test('student.call("code:one")', key="work.c"),
    )
    grader.hand_in(FAULTS)
    report = grader.run(settings={"total_wall": 1.0, "call_timeout": 30.0})
    assert report.outcome is RunOutcome.COMPLETED
    first, *rest = report.cases
    assert first.status is CaseStatus.PASSED
    for case in rest:
        assert (case.status, case.earned) == (CaseStatus.FAILED, 0)
        assert (case.message, case.args) == ("tester.total_time", {"seconds": "1"})


@pytest.mark.slow
def test_processor_time_is_a_limit_of_its_own(grader):
    grader.hide(one_test('student.call("code:burn", timeout=20)'))
    grader.hand_in("def burn():\n    while True:\n        pass\n")
    machine = grader.machine(limits=replace(LIMITS, cpu_s=1))
    (case,) = grader.run(machine).cases
    assert (case.status, case.message) == (CaseStatus.FAILED, "tester.wall_limit")


def test_a_module_that_does_not_import_fails_every_case_that_needs_it_and_is_tried_once(grader):
    grader.hide(
        one_test('student.call("code:one")', key="work.a"),
        one_test('student.call("code:two")', key="work.b"),
    )
    grader.hand_in("import os\nos._exit(3)\n")
    machine = grader.machine()
    cases = grader.run(machine).cases
    assert [case.message for case in cases] == ["tester.exited"] * 2
    assert cases[0].args == {"function": "import code"}
    assert len(machine.children) == 1


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("def one(:", "tester.import_failed", {"type": "SyntaxError", "where": "work/code.py:1"}),
        ("1 / 0", "tester.import_failed", {"type": "ZeroDivisionError"}),
        ("import nothing_here", "tester.import_failed", {"type": "ModuleNotFoundError"}),
        ("", "tester.missing_function", {"name": "work.code:one"}),
    ],
)
def test_an_import_that_fails_is_told(grader, code, message, told):
    case = grader.case(code, 'student.call("code:one")')
    assert (case.status, case.message) == (CaseStatus.FAILED, message)
    assert case.args == dict(case.args) | told


def test_a_missing_module_is_told_by_its_name(grader):
    case = grader.case("", 'student.call("gone:one")')
    assert (case.message, case.args) == ("tester.missing_module", {"name": "work.gone"})


def test_objects_stay_in_the_jail_behind_handles(grader):
    code = """
        class Model:
            def __init__(self, n):
                self.n = n

        def make(n):
            return Model(n)

        def read(model, more):
            return model.n + more["other"].n
    """
    body = """
        one = student.call("code:make", 1, keep=True)
        two = student.call("code:make", 2, keep=True)
        assert student.call("code:read", one, {"other": two}) == 3
        student.drop(two)
        student.call("code:read", one, {"other": two})
    """
    case = grader.case(code, body)
    assert (case.message, case.args) == ("tester.lost", {"function": "code:read"})


def test_a_handle_of_a_dead_child_means_no_other_object(grader):
    body = """
        kept = student.call("code:make", keep=True)
        try:
            student.call("code:vanish")
        except Exception:
            pass
        student.call("code:make", keep=True)
        student.call("code:read", kept)
    """
    code = FAULTS + "def make(): return object()\ndef read(x): return 1\n"
    assert grader.case(code, body).message == "tester.lost"


def test_what_is_kept_need_not_be_plain_and_what_is_asked_for_must(grader):
    case = grader.case(FAULTS, 'assert student.call("code:liar", keep=True) is not None')
    assert case.status is CaseStatus.PASSED


def test_drivers_run_beside_the_students_code(grader):
    driver = """
        from work import code

        def twice(n):
            return [code.one() + n] * 2
    """
    case = grader.case(
        FAULTS, 'assert student.drive("tool", "twice", 4) == [5, 5]', drivers={"tool": driver}
    )
    assert case.status is CaseStatus.PASSED


def test_a_fresh_child_is_another_process_where_the_students_code_cannot_run(grader):
    driver = """
        import os, importlib

        def look():
            try:
                importlib.import_module("work.code")
            except ImportError:
                return [os.getpid(), False]
            return [os.getpid(), True]
    """
    body = """
        own = student.drive("tool", "look")
        with student.fresh() as clean:
            assert clean.drive("tool", "look")[1] is False
        with student.fresh(import_student=True) as other:
            assert other.drive("tool", "look")[1] is True
            other.call("code:keep", 5)
        assert own[1] is True
        assert student.call("code:kept") == [0]
    """
    code = "seen = [0]\ndef keep(n): seen.append(n)\ndef kept(): return seen\n"
    machine = grader.machine()
    case = grader.case(code, body, drivers={"tool": driver}, machine=machine)
    assert case.status is CaseStatus.PASSED, case
    assert len(machine.children) == 3
    assert all(child.child.wait(5) is not None for child in machine.children)


def test_arrays_come_back_as_arrays(grader):
    code = "import numpy as np\ndef line(n): return np.arange(n, dtype=np.float32)\n"
    body = """
        import numpy as np
        got = student.call("code:line", 3)
        assert type(got) is np.ndarray and got.dtype == np.float32 and got.tolist() == [0, 1, 2]
    """
    assert grader.case(code, body).status is CaseStatus.PASSED


def test_students_code_changes_no_clock_and_no_comparison_of_the_tests(grader):
    code = """
        import builtins, time
        time.monotonic = lambda: 0.0
        builtins.sorted = lambda xs: xs

        def order(xs):
            return sorted(xs)
    """
    case = grader.case(code, 'assert student.call("code:order", [2, 1]) == sorted([2, 1])')
    assert case.status is CaseStatus.FAILED


def test_the_tests_file_is_not_in_the_jail(grader):
    code = """
        import os

        def look():
            found = []
            for folder, _, names in os.walk("/"):
                found += [n for n in names if n == "test_work.py"]
            return found
    """
    assert grader.case(code, 'assert student.call("code:look") == []').status is CaseStatus.PASSED


@pytest.mark.parametrize(
    "answers", ["{'id': 1, 'ok': 5}", "{'id': 3, 'ok': 5, 'x': 1}", "[5]", "5"]
)
def test_an_answer_of_another_shape_is_malformed(grader, answers):
    code = f"""
        def forge():
            import gc, socket
            from graders.core import wire
            for thing in gc.get_objects():
                if isinstance(thing, socket.socket):
                    wire.send(thing, {answers})
            return 1
    """
    case = grader.case(code, 'student.call("code:forge")')
    assert (case.status, case.message) == (CaseStatus.FAILED, "tester.malformed")


def test_a_child_that_the_machine_killed_is_no_fault_of_the_students(grader):
    body = """
        student.call("code:one")
        with student.fresh(import_student=True) as other:
            other.call("code:one")
        student.call("code:one")
    """
    grader.hide(one_test(body))
    grader.hand_in(FAULTS)
    machine = grader.machine()

    def kill_the_first(number: int) -> None:
        if number == 2:
            machine.children[0].child.kill()

    machine.on_connect = kill_the_first
    report = grader.run(machine)
    assert report.outcome is RunOutcome.INFRA
    assert report.cases[0].message == "tester.infra"
