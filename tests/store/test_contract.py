"""What every database must do; each test runs on SQLite and on a real PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from graders.core.errors import CourseError, InfraError, StudentError, ZachetkaError
from graders.core.records import (
    Choice,
    Extension,
    GradeStatus,
    Mark,
    Refusal,
    Run,
    RunOutcome,
    Student,
)
from graders.store import digest
from graders.store.models import HISTORY


def test_class_list_is_by_id_and_a_known_id_is_updated(store, make):
    store.add_students([Student("s02", "Б"), Student("s01", "А", "a@example.org")], make.now)
    store.add_students([Student("s02", "Вера", None)], make.now)
    assert store.students() == (Student("s01", "А", "a@example.org"), Student("s02", "Вера"))


def test_submission_comes_back_whole(store, make, tmp_path):
    intake = make.intake()
    submission = store.add_submission(intake)
    assert store.submission(submission.id) == submission
    assert store.submissions("hw1", "s01") == (submission,)
    assert (submission.received, submission.source) == (intake.received, "folder")
    assert submission.digest == digest(intake.files)
    assert {file.path: store.read_file(submission, file.path) for file in submission.files} == dict(
        intake.files
    )
    store.materialise(submission, tmp_path / "out")
    assert (tmp_path / "out/отчёт.md").read_bytes() == intake.files["отчёт.md"]


def test_same_receipt_twice_is_one_submission(store, make):
    first = store.add_submission(make.intake())
    assert store.add_submission(make.intake()) == first
    assert store.submissions() == (first,)


@pytest.mark.parametrize(
    "change",
    [
        {"assignment": "hw2a"},
        {"source": "lms"},
        {"files": {"hw1/data.py": b"x = 2\n"}},
        {"files": {}, "refusal": Refusal("refused.zip_slip", {"path": "../x"})},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_receipt_is_another_submission(store, make, change):
    first = store.add_submission(make.intake())
    second = store.add_submission(make.intake(**change))
    assert second.id != first.id
    assert len(store.submissions()) == 2


def test_a_microsecond_later_is_another_submission(store, make):
    store.add_submission(make.intake())
    later = store.add_submission(make.intake(received=make.now + timedelta(microseconds=1)))
    assert [s.received for s in store.submissions()] == [make.now, later.received]


def test_submissions_are_ordered_by_receipt_not_by_arrival_in_the_store(store, make):
    late = store.add_submission(make.intake(received=make.now + timedelta(days=1)))
    early = store.add_submission(make.intake(received=make.now - timedelta(days=1)))
    assert store.submissions("hw1") == (early, late)
    assert store.submissions("hw1", "s02") == ()


def test_refused_submission_is_kept_with_its_reason(store, make):
    refusal = Refusal("refused.too_many_files", {"limit": 100, "names": ["а", "b\0"]})
    kept = store.add_submission(make.intake(files={}, refusal=refusal))
    assert store.submission(kept.id).refusal == refusal
    assert kept.files == ()


def test_missing_things_are_named(store, make):
    submission = store.add_submission(make.intake())
    with pytest.raises(StudentError, match="has no file"):
        store.read_file(submission, "nowhere.py")
    for ask in (store.submission, store.run, store.grade):
        with pytest.raises(CourseError, match=r"there is no .* 999"):
            ask(999)


def record(store, make, submission_id, **changes) -> Run:
    given = {
        "recipe": "r" * 64,
        "seed": 2**64 - 1,
        "started": make.now,
        "finished": make.now + timedelta(seconds=9, microseconds=1),
    }
    report = changes.pop("report", None) or make.report()
    return store.record_run(submission_id, report, **(given | changes))


def test_run_comes_back_whole(store, make):
    submission = store.add_submission(make.intake())
    run = record(store, make, submission.id)
    read = store.run(run.id)
    assert read == run
    assert read.result == make.report()
    assert [str(case.points) for case in read.result.cases] == ["0.50", "1", "2"]
    assert read.seed == 2**64 - 1


def test_latest_run_is_the_newest_of_its_recipe(store, make):
    submission = store.add_submission(make.intake())
    assert store.latest_run(submission.id, "r" * 64) is None
    first = record(store, make, submission.id)
    infra = record(store, make, submission.id, report=make.report(outcome=RunOutcome.INFRA))
    other = record(store, make, submission.id, recipe="q" * 64)
    assert store.latest_run(submission.id, "r" * 64) == infra
    assert store.latest_run(submission.id) == other
    assert store.runs(submission.id, "r" * 64) == (first, infra)


def test_run_of_an_unknown_submission_is_refused(store, make):
    with pytest.raises(CourseError, match="does not fit the others"):
        record(store, make, 999)


@pytest.mark.parametrize(
    "bad", [float("nan"), {1: "a"}, b"bytes", object()], ids=lambda bad: type(bad).__name__
)
def test_facts_that_are_not_plain_leave_nothing_of_the_run(store, make, bad):
    submission = store.add_submission(make.intake())
    with pytest.raises(CourseError, match="facts and arguments"):
        record(store, make, submission.id, report=make.report(facts={"x": [bad]}))
    assert store.runs(submission.id) == ()


def test_marks_have_ids_and_are_all_kept(store, make):
    submission = store.add_submission(make.intake())
    draft = Mark(submission.id, "clarity", Decimal("0.25"), "Иванова", "хорошо", make.now)
    first = store.add_mark(draft)
    second = store.add_mark(replace(draft, points=Decimal("0.5")))
    assert first.id is not None
    assert store.marks(submission.id) == (first, second)
    assert replace(first, id=None) == draft
    with pytest.raises(CourseError):
        store.add_mark(replace(draft, submission_id=999))
    with pytest.raises(CourseError, match="finite"):
        store.add_mark(replace(draft, points=Decimal("NaN")))


def test_extensions_and_choices_are_all_kept(store, make):
    extensions = [
        Extension(student, homework, days, "болезнь", "staff", make.now)
        for student, homework, days in [("s01", "hw1", 2), ("s02", "hw1", 1), ("s01", "hw2", -1)]
    ]
    choices = [Choice("s01", "hw2", name, make.now) for name in ("hw2a", "hw2b")]
    for extension in extensions:
        store.add_extension(extension)
    for choice in choices:
        store.add_choice(choice)
    assert store.extensions() == tuple(extensions)
    assert store.extensions("s01") == (extensions[0], extensions[2])
    assert store.extensions("s01", "hw1") == (extensions[0],)
    assert store.extensions(homework="hw1") == tuple(extensions[:2])
    assert store.choices("s01", "hw2") == tuple(choices)
    assert store.choices("s02") == ()


def test_grade_comes_back_whole(store, make):
    submission = store.add_submission(make.intake())
    run = record(store, make, submission.id)
    draft = make.grade(
        submission_id=submission.id,
        run_id=run.id,
        status=GradeStatus.PROVISIONAL,
        reason=Refusal("counted.last", {"n": 2}),
    )
    grade = store.record_grade(draft)
    assert store.grade(grade.id) == grade
    assert replace(grade, id=0) == draft
    assert str(grade.raw) == "8.50"
    assert store.current_grade("s01", "hw1") == grade


def test_regrade_appends_and_moves_the_pointer(store, make):
    first = store.record_grade(make.grade())
    second = store.record_grade(make.grade(final=Decimal("7.49")))
    other = store.record_grade(make.grade("s00", homework="hw2"))
    assert store.grade_history("s01", "hw1") == (first, second)
    assert store.current_grades() == (other, second)
    assert store.current_grades("hw1") == (second,)
    assert store.current_grade("s01", "hw2") is None


def test_identical_grade_appends_nothing(store, make):
    first = store.record_grade(make.grade())
    again = store.record_grade(make.grade(at=make.now + timedelta(days=1), raw=Decimal("8.5")))
    assert again == first
    assert store.grade_history("s01", "hw1") == (first,)


@pytest.mark.parametrize(
    "change",
    [
        {"facts": {"n": True}},
        {"facts": {"n": "1"}},
        {"status": GradeStatus.PROVISIONAL},
        {"reason": Refusal("a")},
        {"days_late": 2},
    ],
    ids=str,
)
def test_any_other_difference_appends(store, make, change):
    store.record_grade(make.grade(facts={"n": 1}))
    store.record_grade(make.grade(**({"facts": {"n": 1}} | change)))
    assert len(store.grade_history("s01", "hw1")) == 2


def test_returning_to_an_older_grade_appends(store, make):
    for final in ("7", "6", "7"):
        store.record_grade(make.grade(final=Decimal(final)))
    assert [grade.final for grade in store.grade_history("s01", "hw1")] == [7, 6, 7]


def test_grade_of_an_unknown_run_leaves_nothing(store, make):
    with pytest.raises(CourseError):
        store.record_grade(make.grade(run_id=999))
    assert store.current_grades() == ()
    assert store.grade_history("s01", "hw1") == ()


def test_memo_keeps_the_first_value(store):
    absent = object()
    assert store.memo_get("k", absent) is absent
    assert store.memo_put("k", {"a": [1, None, "х", 0.1]}) == {"a": [1, None, "х", 0.1]}
    assert store.memo_put("k", 2) == {"a": [1, None, "х", 0.1]}
    assert store.memo_put("none", None) is None
    assert store.memo_get("none", absent) is None


def test_meta_keeps_the_last_value(store):
    assert store.meta_get("course") is None
    store.meta_put("course", "llm")
    store.meta_put("course", "ллм")
    assert store.meta_get("course") == "ллм"


TTL = timedelta(minutes=1)


def test_a_job_has_one_holder_until_it_is_released(store, make):
    lease = store.lease("7:recipe", "host:1", now=make.now, ttl=TTL)
    assert store.lease("7:recipe", "host:2", now=make.now, ttl=TTL) is None
    assert store.lease("8:recipe", "host:2", now=make.now, ttl=TTL) is not None
    assert [(found.job, found.holder) for found in store.leases()] == [
        ("7:recipe", "host:1"),
        ("8:recipe", "host:2"),
    ]
    store.release(lease)
    assert store.lease("7:recipe", "host:2", now=make.now, ttl=TTL) is not None


def test_a_died_run_is_taken_again_and_the_dead_cannot_record(store, make):
    submission = store.add_submission(make.intake())
    died = store.lease("job", "host:1", now=make.now, ttl=TTL)
    assert store.lease("job", "host:2", now=make.now + TTL * 0.99, ttl=TTL) is None
    taken = store.lease("job", "host:2", now=make.now + TTL, ttl=TTL)
    assert taken is not None
    with pytest.raises(InfraError, match="taken over"):
        record(store, make, submission.id, lease=died)
    with pytest.raises(InfraError, match="taken over"):
        store.renew(died, now=make.now, ttl=TTL)
    store.release(died)
    assert store.leases() == (taken,)
    record(store, make, submission.id, lease=taken)
    assert store.leases() == ()
    assert len(store.runs(submission.id)) == 1


def test_a_renewed_lease_holds_longer(store, make):
    lease = store.lease("job", "host:1", now=make.now, ttl=TTL)
    renewed = store.renew(lease, now=make.now + TTL / 2, ttl=TTL)
    assert renewed.expires == make.now + TTL * 1.5
    assert store.lease("job", "host:2", now=make.now + TTL * 1.25, ttl=TTL) is None


def test_a_failed_record_keeps_the_lease(store, make):
    lease = store.lease("job", "host:1", now=make.now, ttl=TTL)
    with pytest.raises(CourseError):
        record(store, make, 999, lease=lease)
    assert store.leases() == (lease,)


@pytest.mark.parametrize("table", HISTORY)
def test_history_can_be_neither_changed_nor_deleted(store, make, table):
    submission = store.add_submission(make.intake())
    run = record(store, make, submission.id)
    store.add_mark(Mark(submission.id, "a", Decimal(1), "x", "", make.now))
    store.add_extension(Extension("s01", "hw1", 1, "", "x", make.now))
    store.add_choice(Choice("s01", "hw2", "hw2a", make.now))
    store.record_grade(make.grade(submission_id=submission.id, run_id=run.id))
    column = {"submission_files": "path", "cases": "key", "runs": "recipe"}.get(table)
    column = column or ("source" if table == "submissions" else "at")
    orders = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if not store._is_sqlite:
        orders.append(f"TRUNCATE {table} CASCADE")
    else:
        orders.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    before = count(store, table)
    assert before > 0
    for order in orders:
        with pytest.raises(InfraError, match="append-only"), store._writing() as session:
            session.execute(text(order))
    assert count(store, table) == before


def count(store, table) -> int:
    with store._reading() as session:
        return session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_the_pointer_cannot_name_the_grade_of_another(store, make):
    store.record_grade(make.grade("s01"))
    other = store.record_grade(make.grade("s02"))
    with pytest.raises(CourseError), store._writing() as session:
        session.execute(
            text("UPDATE current_grades SET grade_id = :id WHERE student = 's01'"),
            {"id": other.id},
        )


@pytest.mark.parametrize("bad", ["", "s" * 256, "s\0", "\ud800"], ids=ascii)
def test_names_that_are_not_names_are_refused(store, make, bad):
    for attempt in (
        lambda: store.add_submission(make.intake(bad)),
        lambda: store.add_students([Student(bad, "x")], make.now),
        lambda: store.record_grade(make.grade(bad)),
        lambda: store.add_choice(Choice(bad, "hw2", "hw2a", make.now)),
        lambda: store.lease(bad, "x", now=make.now, ttl=TTL),
    ):
        with pytest.raises(ZachetkaError, match=r"1 to 255|not text"):
            attempt()
    assert store.submissions() == ()


def test_naive_times_are_refused(store, make):
    with pytest.raises(CourseError, match="no time zone"):
        store.add_submission(make.intake(received=make.now.replace(tzinfo=None)))


def test_a_second_opening_sees_what_the_first_wrote(place, make):
    with place.open() as first:
        submission = first.add_submission(make.intake())
        with place.open() as second:
            assert second.submissions() == (submission,)
