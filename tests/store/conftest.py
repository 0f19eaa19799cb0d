"""Stores on both databases; the PostgreSQL server is real, private and gone at the end."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from graders.core.records import (
    Case,
    CaseStatus,
    Flag,
    Grade,
    GradeStatus,
    Intake,
    RunOutcome,
    RunReport,
)
from graders.store import Store
from graders.store.models import Base
from tests.support.postgres import Server, running_server

BACKENDS = ("sqlite", "postgresql")
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: enough to open it again, also from another process."""

    backend: str
    url: str
    blobs: Path

    def open(self, **options) -> Store:
        return Store.open(self.url, self.blobs, **options)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running PostgreSQL server for the whole session."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    """An SQLite file at the newest schema, to be copied: quicker than migrating each."""
    folder = tmp_path_factory.mktemp("migrated_file")
    Store.open(f"sqlite:///{folder}/course.db", folder / "blobs").close()
    return folder / "course.db"


@pytest.fixture(scope="session")
def new_place(request, tmp_path_factory) -> Callable[[str], Place]:
    """Make a place for a store, with an empty database of its own."""

    def make(backend: str) -> Place:
        folder = tmp_path_factory.mktemp("store")
        if backend == "sqlite":
            return Place(backend, f"sqlite:///{folder}/course.db", folder / "blobs")
        server = request.getfixturevalue("postgres")
        return Place(backend, server.create(f"t{next(_numbers)}"), folder / "blobs")

    return make


@pytest.fixture(scope="session")
def contract_database(postgres) -> str:
    """One PostgreSQL database for the contract: emptying it is quicker than making another."""
    postgres.create("contract")
    return "contract"


@pytest.fixture(params=BACKENDS)
def place(request, tmp_path) -> Place:
    """A place for a store that has no rows, at the newest schema."""
    if request.param == "sqlite":
        path = tmp_path / "course.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        return Place("sqlite", f"sqlite:///{path}", tmp_path / "blobs")
    server = request.getfixturevalue("postgres")
    found = Place(
        "postgresql", server.url(request.getfixturevalue("contract_database")), tmp_path / "blobs"
    )
    found.open().close()
    server.empty("contract", Base.metadata.tables)
    return found


@pytest.fixture(params=BACKENDS)
def empty_place(request, new_place) -> Place:
    """A place with a database that has nothing in it."""
    return new_place(request.param)


@pytest.fixture
def store(place) -> Iterator[Store]:
    with place.open() as opened:
        yield opened


@pytest.fixture(scope="session", params=BACKENDS)
def shared(request, new_place) -> Iterator[Store]:
    """One store per database for property tests, whose examples use names of their own."""
    with new_place(request.param).open() as opened:
        yield opened


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Makers of records with everything filled in."""
    return SimpleNamespace(
        now=NOW, intake=make_intake, report=make_report, grade=make_grade, number=_numbers
    )


NOW = datetime(2026, 12, 1, 20, 59, 59, 999999, tzinfo=UTC)


def make_intake(student: str = "s01", **changes) -> Intake:
    given = {
        "assignment": "hw1",
        "student": student,
        "received": NOW,
        "source": "folder",
        "files": {"hw1/data.py": b"x = 1\n", "отчёт.md": "# Отчёт".encode()},
    }
    return Intake(**(given | changes))


def make_report(**changes) -> RunReport:
    cases = (
        Case("hw1.a", "data", Decimal("0.50"), Decimal("0.5"), CaseStatus.PASSED),
        Case(
            "hw1.b",
            "data",
            Decimal("1"),
            Decimal("0.333"),
            CaseStatus.PARTIAL,
            "hw1.b.few",
            {"n": 3, "які": ["\0", None, True]},
        ),
        Case("hw1.c", "report", Decimal(2), None, CaseStatus.UNSCORED, "rubric.waits"),
    )
    given = {
        "outcome": RunOutcome.COMPLETED,
        "cases": cases,
        "flags": (Flag("claims.differ", {"claimed": "0.99"}),),
        "facts": {"accuracy": "0.825", "predictions": [0, 1, 1]},
        "log": "line\nмного\0bytes",
    }
    return RunReport(**(given | changes))


def make_grade(student: str = "s01", **changes) -> Grade:
    given = {
        "id": 0,
        "student": student,
        "homework": "hw1",
        "submission_id": None,
        "run_id": None,
        "raw": Decimal("8.50"),
        "days_late": 1,
        "penalty": Decimal(1),
        "final": Decimal("7.50"),
        "status": GradeStatus.FINAL,
        "reason": None,
        "facts": {"deadlines": {"soft": "2026-11-30T20:59:59.999999Z"}, "marks": [1, 2]},
        "at": NOW + timedelta(seconds=1),
    }
    return Grade(**(given | changes))
