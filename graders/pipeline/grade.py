"""The story of grading: intake is done; run, score, apply the policy, record.

The state is in the database. A submission is run when no completed run of the present recipe is
stored for it, so a second call goes on where the first one stopped and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from graders.core.errors import InfraError
from graders.core.records import GradedWork, RunOutcome, RunReport, Submission
from graders.pipeline.book import settle, standing
from graders.pipeline.engine import Engine
from graders.pipeline.leases import Claims
from graders.pipeline.prepare import Preparation
from graders.pipeline.recipe import seed_of
from graders.pipeline.watch import Watch
from graders.pipeline.workspace import Workspace

TRIES = 2
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Graded:
    """What one call of `grade` did."""

    works: tuple[GradedWork, ...]
    tested: int
    kept: int


@dataclass(frozen=True)
class _Job:
    submission: Submission
    recipe: str
    seed: int


def grade(
    workspace: Workspace,
    homework_id: str,
    preparation: Preparation,
    *,
    students: Iterable[str],
    clock: Clock,
    watch: Watch,
) -> Graded:
    """Grade a homework for the given students.

    Args:
        workspace: The open workspace.
        homework_id: Homework of the course, for example ``hw1``.
        preparation: Gives recipes, and the engine of an assignment when something must be run.
        students: Ids of students on the class list.
        clock: The present instant in UTC, for the times of runs and grades.
        watch: Is told what happens.

    Raises:
        InfraError: The host cannot run submissions safely, or the store failed.
    """
    homework = workspace.course.homework(homework_id)
    students = sorted(students)
    todo: dict[str, list[_Job]] = {}
    kept = 0
    for student in students:
        stands = standing(workspace, student, homework)
        if stands.counted is None:
            continue
        assignment = stands.terms.assignment
        recipe = preparation.recipe(assignment)
        job = _Job(stands.counted, recipe, seed_of(recipe, student))
        if _is_done(workspace, job):
            kept += 1
        else:
            todo.setdefault(assignment, []).append(job)
    watch.planned(sum(map(len, todo.values())))
    for assignment, waiting in sorted(todo.items()):
        watch.waiting(f"{assignment}: loading the base model and the hidden tests")
        with preparation.engine(assignment) as engine:
            _run_all(workspace, engine, waiting, clock=clock, watch=watch)
    works = tuple(settle(workspace, student, homework, clock()) for student in students)
    return Graded(works, sum(map(len, todo.values())), kept)


def _is_done(workspace: Workspace, job: _Job) -> bool:
    run = workspace.store.latest_run(job.submission.id, job.recipe)
    return run is not None and run.result.outcome is not RunOutcome.INFRA


def _run_all(
    workspace: Workspace,
    engine: Engine,
    waiting: list[_Job],
    *,
    clock: Clock,
    watch: Watch,
) -> None:
    """Run submissions in threads; an interruption stops the running ones and loses nothing."""
    pool = ThreadPoolExecutor(max_workers=engine.jobs, thread_name_prefix="run")
    claims = Claims(workspace.store, clock)
    pending: dict[Future[str], _Job] = {}
    try:
        for job in waiting:
            pending[pool.submit(_run_one, workspace, engine, job, claims, clock)] = job
        while pending:
            done, _ = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            claims.renew_all()
            for future in done:
                watch.tested(pending.pop(future).submission.student, future.result())
    except BaseException:
        # Ctrl-C or a failed store: let no thread start another run, and end those under way.
        pool.shutdown(wait=False, cancel_futures=True)
        engine.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run_one(workspace: Workspace, engine: Engine, job: _Job, claims: Claims, clock: Clock) -> str:
    """Run one submission, record it, and say how it ended."""
    name = f"run {job.submission.id} {job.recipe}"
    if claims.take(name) is None:
        return "taken by another grader"
    try:
        started = clock()
        report = _try(engine, job)
        workspace.store.record_run(
            job.submission.id,
            report,
            recipe=job.recipe,
            seed=job.seed,
            started=started,
            finished=clock(),
            lease=claims.current(name),
        )
        claims.forget(name)
    finally:
        claims.release(name)
    return str(report.outcome)


def _try(engine: Engine, job: _Job) -> RunReport:
    """Run a submission, again when the machine is to blame; the last report is kept."""
    report = RunReport(RunOutcome.INFRA, ())
    for _ in range(TRIES):
        try:
            report = engine.test(job.submission, job.seed)
        except InfraError as error:
            if engine.stopped:
                raise
            report = RunReport(RunOutcome.INFRA, (), log=str(error))
        if report.outcome is not RunOutcome.INFRA:
            break
    return report
