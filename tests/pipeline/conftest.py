"""Workspaces on the toy course, with everything real: jail, tester, store."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graders.core.records import GradedWork, Student
from graders.pipeline.decisions import enrol
from graders.pipeline.grade import Graded
from graders.pipeline.intake import take_in
from graders.pipeline.publish import grade_homework
from graders.pipeline.watch import Silent
from graders.pipeline.workspace import Workspace, create, opened
from tests.support.postgres import running_server
from tests.support.toy import hand_in, write_course, write_receipts

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CLASS = ("s01", "s02", "s03")


@dataclass
class Desk:
    """An instructor at work on one workspace."""

    workspace: Workspace
    folder: Path

    def receive(self, *received: tuple[str, dict[str, str], str], homework: str = "hw1", **kw):
        """Collect work: (student, files, receipt time in Moscow)."""
        number = next(_numbers)
        inbox, rows = self.folder / f"inbox-{number}", []
        for place, (student, files, at) in enumerate(received):
            rows.append((student, hand_in(inbox, student, files, f"attempt-{place}"), at))
        manifest = write_receipts(self.folder / f"receipts-{number}.csv", rows)
        return take_in(self.workspace, homework, inbox, manifest, kw.get("assignment"), now=NOW)

    def grade(self, homework: str = "hw1", students=None, jobs: int = 2, watch=None) -> Graded:
        """Grade the class."""
        return grade_homework(
            self.workspace,
            homework,
            jobs=jobs,
            students=students,
            watch=watch or Silent(),
            clock=lambda: NOW,
        )

    def work(self, student: str, homework: str = "hw1") -> GradedWork:
        """Grade one student and return the work."""
        return self.grade(homework, [student]).works[0]


_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator:
    with running_server() as started:
        yield started


@pytest.fixture
def new_desk(tmp_path) -> Iterator[Callable[..., Desk]]:
    """Make a desk: `new_desk(database="", **dates)`."""
    with_stack = []

    def make(database: str = "", **dates: str) -> Desk:
        home = tmp_path / "home"
        create(home, write_course(tmp_path / "course", **dates), database)
        context = opened(home)
        workspace = context.__enter__()
        with_stack.append(context)
        enrol(workspace, [Student(name, f"Студент {name}") for name in CLASS], NOW)
        return Desk(workspace, tmp_path)

    yield make
    for context in with_stack:
        context.__exit__(None, None, None)


@pytest.fixture
def desk(new_desk) -> Desk:
    return new_desk()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_desk(request, new_desk) -> Desk:
    """A desk on each database."""
    if request.param == "sqlite":
        return new_desk()
    server = request.getfixturevalue("server")
    return new_desk(server.create(f"pipeline{next(_numbers)}"))
