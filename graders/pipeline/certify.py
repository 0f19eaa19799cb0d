"""Do the hidden tests see anything? Each must fail the wrong solutions that it is there for.

The reference must pass every case, each mutant of `mutants.toml` must fail the cases that it
names, and every case must be failed by some mutant. All of them run in the real jail.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from graders.assets import ensure_model
from graders.core.config import Assignment, Course, Limits
from graders.core.errors import CourseError, InfraError
from graders.core.messages import Messages
from graders.core.records import Case, CaseStatus, RunOutcome, RunReport
from graders.pipeline.engine import Engine, Place
from graders.pipeline.generated import (
    PER_FUNCTION,
    Generated,
    cases_of,
    generate,
    read_survivors,
)
from graders.pipeline.mutants import Mutant, apply, read_mutants
from graders.pipeline.prepare import data_of
from graders.pipeline.survival import Hunt, Survival
from graders.store import Store

SEED = 20  # one for all: what passes in the reference fails in a mutant for the mutant's sake
ATTEMPTS = 2
REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the hidden tests are worth.

    Args:
        killed: Mutants that failed every case that they name, with their diagnosis.
        total: Mutants that were tried.
        tests: The mutants that each case failed, by its key.
        survivors: One line for each mutant that was not killed, which says why.
        uncovered: Cases that failed no mutant; empty when only some mutants were tried.
        reference: One line for each case that the reference does not pass.
        generated: How generated mutants fared; None when none were asked for.
    """

    killed: int
    total: int
    tests: dict[str, list[str]]
    survivors: tuple[str, ...]
    uncovered: tuple[str, ...]
    reference: tuple[str, ...]
    generated: Survival | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing is left to mend."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """What is to be mended, one line each."""
        return (
            *(f"reference: {line}" for line in self.reference),
            *self.survivors,
            *(f"{key}: no mutant fails this test" for key in self.uncovered),
            *(self.generated.problems if self.generated else ()),
        )

    def as_plain(self) -> dict[str, Any]:
        """Return the certificate as JSON-like data."""
        return {
            "hand_written": {"killed": self.killed, "total": self.total},
            "tests": self.tests,
            "survivors": list(self.survivors),
            "uncovered": list(self.uncovered),
            "reference": list(self.reference) or ("passed" if self.tests else "not run"),
            **({"generated": self.generated.as_plain()} if self.generated else {}),
        }


def certify(
    course: Course,
    assignment_name: str,
    *,
    reference: Path,
    jobs: int,
    only: list[str] | None,
    step: Callable[[int, int], None],
    sample: Sample | None = None,
) -> Certificate:
    """Run the reference and every mutant through the hidden tests.

    Args:
        course: The course.
        assignment_name: The assignment.
        reference: Folder of its solution; `assemble.py` in it puts the whole submission together,
            otherwise its files are the submission.
        jobs: How many run at once.
        only: Ids of mutants; None tries all, none at all leaves out the reference too.
        step: Called with how many runs are done, and of how many.
        sample: Which generated mutants are tried besides; None tries none.

    Raises:
        CourseError: The reference, the mutants or the hidden tests cannot be used as they are.
        InfraError: The machine failed.
    """
    assignment = course.assignment(assignment_name)
    data = data_of(assignment, _quiet)
    spec = course.model_of(assignment_name)
    model = ensure_model(spec, _quiet) if spec else None
    with tempfile.TemporaryDirectory(prefix="certify-") as temporary, ExitStack() as stack:
        home = Path(temporary)
        whole = home / REFERENCE / assignment.package
        assemble(reference, whole, data)
        mutants = _chosen(assignment, whole, only)
        store = stack.enter_context(Store.open(f"sqlite:///{home / 'memo.db'}", home / "blobs"))
        place = Place(assignment.folder, data, model, home / "scratch")
        engine = stack.enter_context(Engine(assignment, place, store, jobs))
        keys = None if only is None else frozenset(key for m in mutants for key in m.kills)
        trial = _Trial(engine, whole, home, mutants, keys)
        if sample is None:
            return trial.hold(step)
        written = _chosen(assignment, whole, None)
        chosen = sample.of(reference)
        total = len(mutants) + 1
        if only == []:
            total, first = 0, Certificate(0, 0, {}, (), (), ())
        else:
            first = trial.hold(lambda done, _: step(done, total + len(chosen)))
        hunt = Hunt(
            engine=engine,
            test=trial.test,
            whole=whole,
            home=home,
            cases=cases_of(written, whole, assignment.folder),
            known=read_survivors(assignment.folder),
        )
        survival = hunt.hold(chosen, lambda done, _: step(total + done, total + len(chosen)))
        return replace(first, generated=survival)


@dataclass(frozen=True, slots=True)
class Sample:
    """Which generated mutants are tried.

    Args:
        per_function: How many of each function, at most.
        functions: Only these (`module:function`); empty means all.
    """

    per_function: int = PER_FUNCTION
    functions: tuple[str, ...] = ()

    def of(self, reference: Path) -> list[Generated]:
        """Return the sample of a reference.

        Raises:
            CourseError: It has no such function.
        """
        found = list(generate(reference, self.per_function))
        known = {mutant.function for mutant in found}
        for name in self.functions:
            if name not in known:
                raise CourseError(
                    f"students write no function {name!r}",
                    where=str(reference),
                    todo=f"Functions are: {', '.join(sorted(known))}",
                )
        return [one for one in found if not self.functions or one.function in self.functions]


def assemble(reference: Path, out: Path, data: Path | None) -> None:
    """Put the reference together as a student would hand it in.

    Raises:
        CourseError: There is no reference, or its `assemble.py` fails.
    """
    if not reference.is_dir():
        raise CourseError("there is no reference solution", where=str(reference))
    script = reference / "assemble.py"
    if not script.is_file():
        shutil.copytree(reference, out, ignore=shutil.ignore_patterns("__pycache__"))
        return
    out.parent.mkdir(parents=True)
    args = [sys.executable, "-B", str(script), str(out)]
    args += ["--data", str(data)] if data else []
    ended = subprocess.run(args, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise CourseError(
            f"the reference cannot be put together: {ended.stderr.strip() or ended.returncode}",
            where=str(script),
        )


def _chosen(assignment: Assignment, whole: Path, only: list[str] | None) -> tuple[Mutant, ...]:
    path = assignment.folder / "mutants.toml"
    catalogue = Messages.load([assignment.catalogues]).keys
    mutants = read_mutants(path, whole, catalogue)
    known = {mutant.id for mutant in mutants}
    for name in only or ():
        if name not in known:
            raise CourseError(
                f"there is no mutant {name!r}",
                where=str(path),
                todo=f"Its mutants are: {', '.join(sorted(known))}",
            )
    return mutants if only is None else tuple(m for m in mutants if m.id in only)


def _quiet(line: str) -> None:
    """Say nothing: the caller shows its progress in its own way."""
    del line


@dataclass(slots=True)
class _Trial:
    """The runs of one certificate."""

    engine: Engine
    whole: Path
    home: Path
    mutants: tuple[Mutant, ...]
    keys: frozenset[str] | None
    reports: dict[str, RunReport] = field(default_factory=dict)

    def hold(self, step: Callable[[int, int], None]) -> Certificate:
        """Run everything and judge it."""
        total = len(self.mutants) + 1
        with ThreadPoolExecutor(self.engine.jobs) as pool:
            # The reference first: what it measures, mutants of other files need not measure again.
            runs = {pool.submit(self._run_reference): REFERENCE}
            runs |= {pool.submit(self._run, mutant): mutant.id for mutant in self.mutants}
            try:
                for done, run in enumerate(as_completed(runs), start=1):
                    self.reports[runs[run]] = run.result()
                    step(done, total)
            except BaseException:
                self.engine.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return self._judge()

    def _run_reference(self) -> RunReport:
        return self.test(REFERENCE, self.whole, self.keys)

    def _run(self, mutant: Mutant) -> RunReport:
        assignment = self.engine.assignment
        folder = self.home / "mutants" / mutant.id
        files = folder / assignment.package
        shutil.copytree(self.whole, files)
        try:
            apply(mutant, files, assignment.folder)
            return self.test(mutant.id, files, frozenset(mutant.kills))
        finally:
            shutil.rmtree(folder)

    def test(
        self,
        name: str,
        files: Path,
        keys: frozenset[str] | None,
        limits: Limits | None = None,
    ) -> RunReport:
        """Run some cases on a folder; what the machine spoiled is run once more."""
        for _ in range(ATTEMPTS):
            try:
                report = self.engine.test_folder(files, SEED, keys, limits)
            except CourseError as error:
                raise CourseError(
                    f"{name}: {error.what}", where=error.where, todo=error.todo
                ) from error
            if report.outcome is RunOutcome.COMPLETED:
                return report
        raise InfraError(f"{name} could not be tested: {report.log.strip()}")

    def _judge(self) -> Certificate:
        cases = self.reports[REFERENCE].cases
        tests: dict[str, list[str]] = {case.key: [] for case in cases}
        survivors = []
        for mutant in self.mutants:
            found = {case.key: case for case in self.reports[mutant.id].cases}
            for key in mutant.kills:
                if _failed(found[key]):
                    tests[key].append(mutant.id)
            survivors += _why_alive(mutant, found.values())
        return Certificate(
            killed=len(self.mutants) - len({line.partition(":")[0] for line in survivors}),
            total=len(self.mutants),
            tests=tests,
            survivors=tuple(survivors),
            uncovered=()
            if self.keys is not None
            else tuple(k for k, ids in tests.items() if not ids),
            reference=tuple(_told(case) for case in cases if case.status is not CaseStatus.PASSED),
        )


def _failed(case: Case) -> bool:
    return case.status in {CaseStatus.FAILED, CaseStatus.PARTIAL}


def _why_alive(mutant: Mutant, cases: Iterable[Case]) -> list[str]:
    """Return a line when the mutant is not killed."""
    alive = [_told(case) for case in cases if not _failed(case)]
    if alive:
        return [f"{mutant.id}: {'; '.join(alive)}"]
    if mutant.message and all(case.message != mutant.message for case in cases):
        told = "; ".join(_told(case) for case in cases)
        return [f"{mutant.id}: no case says {mutant.message}: {told}"]
    return []


def _told(case: Case) -> str:
    """Return how a case ended, for an author of tests."""
    said = f" with {case.message} {dict(case.args) or ''}".rstrip() if case.message else ""
    return f"{case.key} {case.status}{said}"
