"""One contract for both kinds of student: jailed, and imported on the student's own machine."""

from __future__ import annotations

import pytest

from graders.core.messages import Messages
from graders.core.records import CaseStatus
from graders.tester.local import LocalRun, run_here
from tests.tester.grading import one_test

WORK = """
class Own(list):
    def __eq__(self, other):
        return True
    __hash__ = None

class Model:
    def __init__(self, n):
        self.n = n

    def more(self):
        return self.n + 1

def add(a, b=1, *, c=0): return a + b + c
def own(): return Own()
def deep(): return {"a": (1, [Own()])}
def make(n): return Model(n)
def read(model): return model.n
def boom(): raise ValueError("bad news")
def leave(): raise SystemExit(3)
def change(xs): xs.append(1); return xs
def text(): return "ёж"
def rows(): return [{"id": "a", "label": 0}]
"""
DRIVER = """
from work import code

def twice(n):
    return [code.add(n)] * 2

def fail():
    raise KeyError("x")
"""
KEEP = 'm = student.call("code:make", 4, keep=True)\n'
BODIES = {
    "value": 'assert student.call("code:add", 1, 2, c=3) == 6',
    "wrong": 'case.require(student.call("code:add", 1) == 3, "work.told", why="add")',
    "exact_type": 'student.call("code:own")',
    "exact_type_inside": 'student.call("code:deep")',
    "raised": 'student.call("code:boom")',
    "exit": 'student.call("code:leave")',
    "missing_function": 'student.call("code:gone")',
    "missing_module": 'student.call("gone:add")',
    "broken_module": 'student.call("broken:add")',
    "broken_name": 'student.call("unnamed:add")',
    "handles": KEEP + 'assert student.call("code:read", m) == 4',
    "lost": KEEP + 'student.drop(m)\nstudent.call("code:read", m)',
    "copies": 'xs = [0]\nassert student.call("code:change", xs) == [0, 1]\nassert xs == [0]',
    "text": 'assert student.call("code:text") == "ёж"',
    "driver": 'assert student.drive("tool", "twice", 1) == [2, 2]',
    "driver_raises": 'student.drive("tool", "fail")',
    "driver_function": 'student.drive("tool", "gone")',
    "shape": 'case.shaped(student.call("code:rows"), [{"id": str, "label": str}], "rows")',
    "file": 'assert submission.text("note.md") == "да\\n"',
    "no_file": 'submission.json("gone.json")',
    "partial": 'case.earn("0.5")',
    "random": 'case.require(False, "work.told", why=rng.random())',
    "mistake": "[][1]",
    "unscored": 'case.unscored("work.told", why="read it")',
}


@pytest.fixture
def both(grader):
    """Run all bodies in the jail and here; return the cases by name."""
    names = {name: f"work.c.{name}" for name in BODIES}
    grader.hide(
        *(one_test(body, key=names[name]) for name, body in BODIES.items()),
        drivers={"tool": DRIVER},
    )
    grader.hand_in(WORK, broken_py="1 / 0\n", unnamed_py="import nothing_here\n", note_md="да\n")
    jailed = {case.key: case for case in grader.run(seed=3).cases}
    what = LocalRun(
        tests=grader.folder / "hidden_tests",
        package_dir=grader.files,
        drivers=grader.folder / "drivers",
        submission=grader.files,
        seed=3,
    )
    messages = Messages.load([grader.folder / "locale"], "en")
    here = {one.case.key: one.case for one in run_here(what, messages)}
    return jailed, here


def test_the_same_tests_give_the_same_cases_in_the_jail_and_here(both):
    jailed, here = both
    assert list(jailed) == list(here)
    for key, case in jailed.items():
        assert here[key] == case
    statuses = {name: jailed[f"work.c.{name}"].status for name in BODIES}
    passed = {name for name, status in statuses.items() if status is CaseStatus.PASSED}
    assert passed == {"value", "handles", "copies", "text", "driver", "file"}


def test_every_message_of_a_case_is_in_both_catalogues(both, grader):
    jailed, _ = both
    for lang in ("ru", "en"):
        words = Messages.load([grader.folder / "locale"], lang)
        for case in jailed.values():
            if case.message:
                assert words.text(case.message, **case.args)
