"""One run of tests as the plugin and the fixtures share it: what it is given, and what it found."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from graders.core.records import Case, Plain
from graders.tester.case import Findings, Memo
from graders.tester.faults import BadTests
from graders.tester.submission import SubmissionFiles


@dataclass(frozen=True, slots=True)
class Planned:
    """A case that will be run: what is known of it before."""

    key: str
    part: str
    points: Decimal


@dataclass(slots=True)
class Session:
    """What one run of tests is given, and where its results go.

    Args:
        student: What the `student` fixture is.
        submission: What the `submission` fixture is.
        memo: What the `memo` fixture is.
        seed: Seed of the run.
        catalogue: Keys of the message catalogue.
        keys: Cases to run; None runs all.
        hidden_dir: What the `hidden_dir` fixture is.
        settings: What the `settings` fixture is.
        on_plan: Called once with all cases, before the first runs.
        on_case: Called with each case and its lines for the instructor's log.
    """

    student: Any
    submission: SubmissionFiles
    memo: Memo
    seed: int
    catalogue: frozenset[str]
    keys: frozenset[str] | None
    hidden_dir: Path | None
    settings: Mapping[str, Plain]
    on_plan: Callable[[list[Planned]], None]
    on_case: Callable[[Case, str], None]
    findings: Findings = field(default_factory=Findings)
    infra: str = ""
    bad_tests: list[str] = field(default_factory=list)


def session_fixtures(session: Session) -> types.ModuleType:
    """Return a plugin with the fixtures of one session.

    pytest 10 takes no methods as session fixtures: these are functions of a module, closed over
    the session.
    """

    @pytest.fixture(scope="session")
    def student() -> Any:
        """The student's code, behind questions."""
        return session.student

    @pytest.fixture(scope="session")
    def submission() -> SubmissionFiles:
        """The files that were handed in."""
        return session.submission

    @pytest.fixture(scope="session")
    def memo() -> Memo:
        """Measurements that depend on content alone."""
        return session.memo

    @pytest.fixture(scope="session")
    def seed() -> int:
        """The seed of this run."""
        return session.seed

    @pytest.fixture(scope="session")
    def hidden_dir() -> Path:
        """The folder of the assignment's hidden data."""
        if session.hidden_dir is None:
            raise BadTests("the assignment's data are not here", todo="Run: zachetka data prepare")
        return session.hidden_dir

    @pytest.fixture(scope="session")
    def settings() -> dict[str, Plain]:
        """The assignment's own settings."""
        return dict(session.settings)

    plugin = types.ModuleType("zachetka_session")
    for fixture in (student, submission, memo, seed, hidden_dir, settings):
        setattr(plugin, fixture.__name__, fixture)
    return plugin
