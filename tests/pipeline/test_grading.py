"""The story from receipt to grade, with a real jail, tester and store."""

import os
import signal
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from graders.core.errors import CourseError
from graders.core.records import CaseStatus, GradeStatus, RunOutcome, Student
from graders.pipeline import prepare
from graders.pipeline.decisions import add_choice, add_extension, add_marks, enrol
from graders.pipeline.engine import Engine
from graders.pipeline.leases import TTL
from graders.pipeline.publish import all_works
from graders.pipeline.recipe import jail_seed
from graders.pipeline.replay import replay
from graders.pipeline.watch import Silent
from graders.pipeline.workspace import opened
from tests.pipeline.conftest import NOW
from tests.support.toy import GOOD, HALF

pytestmark = pytest.mark.slow
IN_TIME = "2026-10-20T23:59:59"
EIGHT, FOUR = Decimal(8), Decimal(4)


def test_a_class_is_graded_and_every_grade_replays(any_desk):
    any_desk.receive(("s01", GOOD, IN_TIME), ("s02", HALF, "2026-10-22T00:00:00"))
    graded = any_desk.grade()
    assert (graded.tested, graded.kept) == (2, 0)
    good, half, absent = (work.grade for work in graded.works)
    assert (good.raw, good.penalty, good.final) == (EIGHT, 0, EIGHT)
    assert (half.raw, half.penalty, half.final) == (FOUR, 2, 2)
    assert (good.status, half.status, absent.status) == (
        GradeStatus.PROVISIONAL,
        GradeStatus.PROVISIONAL,
        GradeStatus.MISSING,
    )
    failed = [case for case in graded.works[1].cases if case.status is CaseStatus.FAILED]
    assert [(case.key, case.message) for case in failed] == [("toy.sums.order", "toy.sums.wrong")]
    assert graded.works[0].facts == {"length": 10}
    result = replay(any_desk.workspace)
    assert (result.grades, result.differences) == (3, ())


def test_nothing_is_run_twice_until_the_hidden_tests_change(desk):
    desk.receive(("s01", GOOD, IN_TIME))
    assert desk.grade().tested == 1
    again = desk.grade()
    assert (again.tested, again.kept) == (0, 1)
    tests = desk.folder / "course" / "toy" / "hidden_tests" / "test_sums.py"
    tests.write_text(tests.read_text() + "\n# a stricter mood\n")
    assert desk.grade().tested == 1
    assert len(desk.workspace.store.runs(desk.work("s01").counted.id)) == 2
    assert len(desk.workspace.store.grade_history("s01", "hw1")) == 2


def test_the_last_one_before_the_hard_deadline_counts_though_it_is_worse(desk):
    desk.receive(
        ("s01", GOOD, IN_TIME),
        ("s01", HALF, "2026-10-21T10:00:00"),
        ("s01", GOOD, "2026-11-04T00:00:00"),
    )
    work = desk.work("s01")
    assert (work.grade.raw, work.grade.penalty, work.why) == (FOUR, 1, "counted.last_before_hard")
    assert len(work.submissions) == 3


def test_an_extension_regrades_from_what_is_stored(desk):
    desk.receive(("s01", GOOD, "2026-10-22T23:59:59"))
    assert desk.work("s01").grade.penalty == 2
    work = add_extension(desk.workspace, "hw1", "s01", 2, reason="справка", by="Т. Н.", now=NOW)
    assert (work.grade.penalty, work.grade.final) == (0, EIGHT)
    assert len(desk.workspace.store.runs(work.counted.id)) == 1
    assert replay(desk.workspace).differences == ()


def test_an_extension_may_bring_in_what_was_too_late_and_that_waits_for_a_run(desk):
    desk.receive(("s01", GOOD, "2026-11-04T12:00:00"))
    assert desk.work("s01").grade.status is GradeStatus.NOT_ACCEPTED
    work = add_extension(desk.workspace, "hw1", "s01", 1, reason="болезнь", by="Т. Н.", now=NOW)
    assert work.grade.status is GradeStatus.PENDING
    assert desk.work("s01").grade.status is GradeStatus.PROVISIONAL


def test_marks_make_a_grade_final_and_the_last_one_counts(desk):
    desk.receive(("s01", GOOD, IN_TIME))
    desk.grade()
    add_marks(desk.workspace, "hw1", "s01", ["report.text=0.5"], by="А", comment="коротко", now=NOW)
    work = add_marks(
        desk.workspace, "hw1", "s01", ["report.text=1.75"], by="Б", comment="апелляция", now=NOW
    )
    assert (work.grade.status, work.grade.final) == (GradeStatus.FINAL, Decimal("9.75"))
    assert len(work.marks) == 2
    assert replay(desk.workspace).differences == ()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("report.text=3", "from 0 to 2"),
        ("report.text=NaN", "from 0 to 2"),
        ("report.text", "from 0 to 2"),
        ("style=1", "report.text"),
    ],
)
def test_a_wrong_mark_is_explained_and_none_of_its_call_is_kept(desk, told, why):
    taken = desk.receive(("s01", GOOD, IN_TIME))
    with pytest.raises(CourseError, match=why):
        add_marks(
            desk.workspace, "hw1", "s01", ["report.text=1", told], by="А", comment="", now=NOW
        )
    assert desk.workspace.store.marks(taken[0].id) == ()


def test_a_moved_deadline_regrades_from_what_is_stored(desk):
    desk.receive(("s01", GOOD, "2026-10-22T23:59:59"))
    assert desk.work("s01").grade.penalty == 2
    course = desk.folder / "course" / "course.toml"
    course.write_text(course.read_text().replace("2026-10-20", "2026-10-22"))
    with opened(desk.workspace.home) as workspace:
        work = all_works(workspace, "hw1")[0]
        assert work.grade.penalty == 0
        assert [grade.penalty for grade in workspace.store.grade_history("s01", "hw1")] == [2, 0]
        assert replay(workspace).differences == ()


def test_deadlines_to_be_announced_make_nothing_late(new_desk):
    desk = new_desk(soft="TBA", hard="TBA")
    desk.receive(("s01", GOOD, "2026-11-30T23:59:59"))
    work = desk.work("s01")
    assert (work.grade.penalty, work.decision.deadlines.soft) == (0, None)


def test_the_declared_variant_is_graded_and_the_other_kept(desk):
    for name, files in (("toy_a", GOOD), ("toy_b", HALF)):
        desk.receive(("s01", files, IN_TIME), homework="hw2", assignment=name)
    first = desk.work("s01", "hw2")
    assert (first.assignment, len(first.flags)) == ("toy_a", 1)
    add_choice(desk.workspace, "hw2", "s01", "toy_b", now=NOW)
    second = desk.work("s01", "hw2")
    assert (second.assignment, second.grade.raw) == ("toy_b", FOUR)
    assert replay(desk.workspace).differences == ()


def test_a_variant_is_graded_while_the_other_is_not_written_yet(desk):
    course = desk.folder / "course" / "course.toml"
    text = course.read_text().replace('"toy_a", "toy_b"]', '"toy_a", "toy_c"]\nplanned = true')
    assert "planned" in text
    course.write_text(text)
    with opened(desk.workspace.home) as workspace:
        later = replace(desk, workspace=workspace)
        later.receive(("s01", GOOD, IN_TIME), homework="hw2", assignment="toy_a")
        assert later.work("s01", "hw2").assignment == "toy_a"
        with pytest.raises(CourseError, match="not written yet"):
            later.receive(("s02", GOOD, IN_TIME), homework="hw2", assignment="toy_c")
        assert {work.homework for work in all_works(workspace)} == {"hw1", "hw2"}
        assert replay(workspace).differences == ()


def test_a_student_fault_ends_in_a_grade_and_not_in_attention(desk):
    files = GOOD | {"sums.py": "import os\nos._exit(0)\n"}
    desk.receive(("s01", files, IN_TIME))
    work = desk.work("s01")
    assert (work.grade.status, work.grade.raw) == (GradeStatus.PROVISIONAL, 0)
    assert {case.message for case in work.cases} == {"tester.exited"}


def test_the_jail_does_not_learn_the_seed_of_the_hidden_tests(desk):
    taken = desk.receive(("s01", GOOD, IN_TIME))
    desk.work("s01")
    seed = desk.workspace.store.latest_run(taken[0].id).seed
    assert jail_seed(seed) != seed % 2**32
    assert jail_seed(seed) != jail_seed(seed + 2**32)


@pytest.mark.parametrize("name", ["../s01", "/tmp/x", "a/b", "", ".", "..", "a\0b", "-x", "s 1"])
def test_a_student_id_cannot_lead_out_of_the_feedback_folder(desk, name):
    with pytest.raises(CourseError, match="cannot name a folder"):
        enrol(desk.workspace, [Student(name, "x")], NOW)


class _Broken(Engine):
    """An engine whose warm process has just been killed by the machine."""

    def __enter__(self):
        engine = super().__enter__()
        os.kill(self.zygote.pid, signal.SIGKILL)
        return engine


def test_a_fault_of_the_machine_is_held_and_never_scored(desk, monkeypatch):
    desk.receive(("s01", GOOD, IN_TIME))
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "Engine", _Broken)
        work = desk.work("s01")
    assert work.grade.status is GradeStatus.NEEDS_ATTENTION
    assert work.score is None
    runs = desk.workspace.store.runs(work.counted.id)
    assert [run.result.outcome for run in runs] == [RunOutcome.INFRA]
    assert desk.work("s01").grade.final == EIGHT
    assert replay(desk.workspace).differences == ()


def test_work_under_way_elsewhere_is_left_to_its_grader(desk):
    taken = desk.receive(("s01", GOOD, IN_TIME))
    recipe = prepare.Preparation(desk.workspace, 1, lambda _: None).recipe("toy")
    store = desk.workspace.store
    job = f"run {taken[0].id} {recipe}"
    lease = store.lease(job, "elsewhere:1", now=NOW, ttl=TTL)
    assert desk.work("s01").grade.status is GradeStatus.PENDING
    store.release(lease)
    dead = replace(lease, holder=f"{os.uname().nodename}:{2**22 - 1}")
    store.lease(job, dead.holder, now=NOW + timedelta(seconds=1), ttl=TTL)
    assert desk.work("s01").grade.final == EIGHT


def test_an_unknown_student_is_named(desk):
    with pytest.raises(CourseError, match="no student 's99'"):
        desk.grade(students=["s99"])


class _Interrupt(Silent):
    """Presses Ctrl-C after the first submission."""

    def tested(self, student, outcome):
        raise KeyboardInterrupt


def test_an_interruption_loses_nothing_and_the_next_call_goes_on(desk):
    desk.receive(*((name, GOOD, IN_TIME) for name in ("s01", "s02", "s03")))
    with pytest.raises(KeyboardInterrupt):
        desk.grade(jobs=1, watch=_Interrupt())
    graded = desk.grade()
    assert graded.tested + graded.kept == 3
    assert graded.kept >= 1
    assert {work.grade.final for work in graded.works} == {EIGHT}
    assert list(desk.workspace.scratch.iterdir()) == []
