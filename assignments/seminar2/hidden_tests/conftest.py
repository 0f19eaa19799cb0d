"""What the hidden tests of seminar 2 share: invented words and texts, and a clean child."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

SYLLABLES = ("ba", "de", "ki", "lo", "mu", "ne", "po", "ra", "si", "tu", "ve", "zo")


@pytest.fixture
def words(rng: random.Random) -> Callable[[int], list[str]]:
    """Return a function that invents different words of letters."""

    def make(count: int) -> list[str]:
        made: dict[str, None] = {}
        while len(made) < count:
            made["".join(rng.choices(SYLLABLES, k=3))] = None
        return list(made)

    return make


@pytest.fixture
def ask(student: Any, case: Any) -> Callable[..., Any]:
    """Return a function that calls a student's function and insists on its answer's shape."""

    def call(shape: Any, target: str, *args: Any) -> Any:
        return case.shaped(student.call(target, *args), shape, target)

    return call


@pytest.fixture(scope="session")
def clean(student: Any) -> Iterator[Any]:
    """Return a child where no student code runs."""
    with student.fresh(import_student=False) as child:
        yield child
