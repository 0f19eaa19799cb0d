"""The pytest plugin that turns hidden (and public) tests into cases.

The same plugin runs in the trusted tester, where `student` is a jailed process, and on the
student's own machine, where it is an import. A failing check of the student's work fails the
case; an error of the test itself leaves the case unscored and asks for a person.
"""

from __future__ import annotations

import io
import random
import re
import traceback
from collections.abc import Generator
from contextlib import redirect_stderr
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from graders.core.errors import CourseError, InfraError
from graders.core.records import Case, CaseStatus, Plain
from graders.tester.case import CaseBook
from graders.tester.faults import BadTests, CaseUnscored, StudentFault
from graders.tester.session import Planned, Session, session_fixtures

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
LOG_CHARS = 4000


@dataclass(slots=True)
class _Now:
    """The test that is running."""

    plan: Planned
    book: CaseBook
    problem: BaseException | None = None


class GradingPlugin:
    """Fixtures and hooks of one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._plans: dict[str, Planned] = {}
        self._now: _Now | None = None

    # ---- fixtures -----------------------------------------------------------------------

    @pytest.fixture
    def case(self) -> CaseBook:
        """How a test says what it found."""
        assert self._now is not None
        return self._now.book

    @pytest.fixture
    def rng(self) -> random.Random:
        """Random numbers of this test alone: the others do not change them."""
        assert self._now is not None
        return random.Random(f"{self.session.seed}:{self._now.plan.key}")  # noqa: S311 - inputs

    # ---- collection ---------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the marker."""
        config.addinivalue_line(
            "markers", 'points("0.5", key="hw1.part.name", part="part"): points of a case'
        )
        config.option.tbstyle = "native"  # nobody reads pytest's own account of a failure

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Read every test's marker, and keep the tests that were asked for."""
        chosen = []
        for item in items:
            plan = self._plan(item)
            if plan is None:
                continue
            if self.session.keys is None or plan.key in self.session.keys:
                self._plans[item.nodeid] = plan
                chosen.append(item)
        if self.session.keys is not None:
            known = {plan.key for plan in self._plans.values()}
            self.session.bad_tests += [
                f"there is no case {key}" for key in sorted(self.session.keys - known)
            ]
        items[:] = [] if self.session.bad_tests else chosen
        if not self.session.bad_tests:
            self.session.on_plan([self._plans[item.nodeid] for item in items])

    def _plan(self, item: pytest.Item) -> Planned | None:
        marker = item.get_closest_marker("points")
        try:
            if marker is None:
                raise KeyError("points marker")
            points = Decimal(marker.args[0])
            plan = Planned(marker.kwargs["key"], marker.kwargs["part"], points)
            if not (points.is_finite() and points >= 0) or type(marker.args[0]) is not str:
                raise InvalidOperation
        except (KeyError, IndexError, TypeError, InvalidOperation):
            self.session.bad_tests.append(
                f'{item.nodeid}: needs @pytest.mark.points("0.5", key="...", part="...")'
            )
            return None
        if any(other.key == plan.key for other in self._plans.values()):
            self.session.bad_tests.append(f"{item.nodeid}: the key {plan.key} is used twice")
            return None
        return plan

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Notice a file that does not even import."""
        if report.failed:
            self.session.bad_tests.append(f"{report.nodeid}: {report.longrepr}"[:LOG_CHARS])

    # ---- running ------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Open a case before its test and settle it after the last teardown."""
        plan = self._plans[item.nodeid]
        self._now = _Now(plan, CaseBook(plan.key, self.session.findings))
        result = yield
        case, log = self._settle(self._now)
        self.session.on_case(case, log)
        self._now = None
        if self.session.infra or self.session.bad_tests:
            # Nobody will believe the rest: this run is repeated, or its tests are mended first.
            item.session.shouldstop = "the run cannot go on"
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the first thing that went wrong."""
        if call.excinfo is not None and self._now is not None and self._now.problem is None:
            self._now.problem = call.excinfo.value
        return (yield)

    def _settle(self, now: _Now) -> tuple[Case, str]:
        """Return the case that a finished test makes, and its log."""
        problem, plan, share = now.problem, now.plan, now.book.share
        if problem is None:
            share = Decimal(1) if share is None else share
            return self._earned(plan, share, *self._short_of_full(plan, share)), ""
        log = self._log(plan, problem)
        if isinstance(problem, StudentFault):
            key, args = problem.key, problem.message_args
            return self._earned(plan, share or Decimal(0), key, args), log
        if isinstance(problem, AssertionError | pytest.fail.Exception):
            key = self._own(plan, "failed")
            return self._earned(plan, share or Decimal(0), key, {}), log
        return self._open(plan, problem), log

    def _open(self, plan: Planned, problem: BaseException) -> Case:
        """Return the case of a test that could not say what the work is worth."""
        if isinstance(problem, CaseUnscored):
            return _unscored(plan, problem.key, problem.message_args)
        if isinstance(problem, pytest.skip.Exception):
            return _unscored(plan, "tester.skipped", {})
        if isinstance(problem, InfraError):
            self.session.infra = self.session.infra or str(problem)
            return _unscored(plan, "tester.infra", {})
        if isinstance(problem, CourseError):
            self.session.bad_tests.append(f"{plan.key}: {problem}")
        return _unscored(plan, "tester.needs_attention", {})

    def _short_of_full(self, plan: Planned, share: Decimal) -> tuple[str, dict[str, Plain]]:
        if share == 1:
            return "", {}
        if share == 0:
            return self._own(plan, "failed"), {}
        return self._own(plan, "partial"), {}

    def _own(self, plan: Planned, what: str) -> str:
        """Return the case's own message when the catalogue has one, else the generic one."""
        own = f"{plan.key}.{what}"
        return own if own in self.session.catalogue else f"tester.{what}"

    @staticmethod
    def _earned(plan: Planned, share: Decimal, key: str, args: dict[str, Plain]) -> Case:
        status = CaseStatus.PARTIAL if share else CaseStatus.FAILED
        if not key:
            status = CaseStatus.PASSED
        earned = (plan.points * share).quantize(Decimal("0.0001")).normalize() + Decimal(0)
        earned = plan.points if share == 1 else earned
        return Case(plan.key, plan.part, plan.points, earned, status, key, args)

    def _log(self, plan: Planned, problem: BaseException) -> str:
        """Return what an instructor may read: the same text for the same run."""
        lines = [f"{plan.key}: {type(problem).__name__}: {problem}"]
        if isinstance(problem, StudentFault):
            lines += [f"  student {step}" for step in problem.trace]
        for frame in traceback.extract_tb(problem.__traceback__):
            if "hidden_tests" in frame.filename or "public_tests" in frame.filename:
                lines.append(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}")
        text = _ADDRESS.sub("0x…", "\n".join(lines))
        return text.replace(str(self.session.submission.root), "<submission>")[:LOG_CHARS]


def _unscored(plan: Planned, key: str, args: dict[str, Plain]) -> Case:
    return Case(plan.key, plan.part, plan.points, None, CaseStatus.UNSCORED, key, args)


def run_tests(session: Session, tests: Path, scratch: Path) -> None:
    """Run the test files of a folder; results go to the session.

    Args:
        session: What the tests are given.
        tests: The folder.
        scratch: An empty folder for pytest's own files.

    Raises:
        BadTests: The tests cannot be run as they are written.
    """
    ini = scratch / "pytest.ini"
    ini.write_text("[pytest]\n", encoding="utf-8")
    args = [str(tests), "-c", str(ini), f"--rootdir={tests}", f"--confcutdir={tests}"]
    args += ["--import-mode=importlib", "--strict-markers", f"--basetemp={scratch / 'tmp'}"]
    args += ["--assert=plain"]  # `case` says what was found, and rewriting takes time
    args += ["--disable-plugin-autoload", "-p", "no:terminal", "-p", "no:cacheprovider"]
    args += ["-p", "no:warnings", "-p", "no:faulthandler", "-p", "no:stepwise", "-p", "no:junitxml"]
    said = io.StringIO()  # pytest tells there of a conftest that cannot be imported
    with redirect_stderr(said):
        code = pytest.main(args, plugins=[session_fixtures(session), GradingPlugin(session)])
    problems = list(session.bad_tests)
    if code == pytest.ExitCode.NO_TESTS_COLLECTED and not problems:
        problems = ["there are no tests"]
    ran = code in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} or session.infra
    if not ran and not problems:
        problems = [
            f"pytest ended with {pytest.ExitCode(code).name}: {said.getvalue()[-LOG_CHARS:]}"
        ]
    if problems:
        raise BadTests(
            "the tests cannot be run: " + "; ".join(problems),
            where=str(tests),
            todo="Mend the tests; zachetka certify shows when they are whole",
        )
