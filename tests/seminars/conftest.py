"""The seminars of the course, one after another, on one warm machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.core.config import load_course

ROOT = Path(__file__).resolve().parents[2]
COURSE = load_course(ROOT / "assignments" / "course.toml")


@pytest.fixture(scope="session", params=COURSE.seminars)
def seminar(request):
    """Each seminar's assignment."""
    return COURSE.assignment(request.param)


@pytest.fixture(scope="session")
def reference(seminar):
    """The folder of its solution."""
    return ROOT / "reference" / seminar.package


@pytest.fixture(scope="session")
def starter(seminar):
    """The folder that students begin with."""
    return ROOT / "starter_code" / seminar.package
