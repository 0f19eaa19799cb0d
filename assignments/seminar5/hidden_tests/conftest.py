"""What seminar 5's hidden tests share: invented texts and a clean child."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

NOUNS = (
    *("river", "museum", "robot", "teacher", "garden", "engine", "bridge", "camera", "island"),
    *("мост", "школа", "поезд", "музей", "рынок", "ёжик", "зима", "совет", "погода"),
)


@pytest.fixture
def words(rng: random.Random) -> Callable[..., list[str]]:
    """Return a function that draws different words; none is an English article."""

    def draw(count: int) -> list[str]:
        return rng.sample(NOUNS, count)

    return draw


@pytest.fixture
def ask(student: Any, case: Any) -> Callable[..., Any]:
    """Return a function that calls a student's function and insists on its answer's shape."""

    def call(shape: Any, target: str, *args: Any, **kwargs: Any) -> Any:
        return case.shaped(student.call(target, *args, **kwargs), shape, target)

    return call


@pytest.fixture
def number(ask: Any) -> Callable[..., float]:
    """Return a function that calls a student's function for a number."""

    def call(target: str, *args: Any, **kwargs: Any) -> float:
        return float(ask(float, target, *args, **kwargs))

    return call


@pytest.fixture(scope="session")
def clean(student: Any) -> Iterator[Any]:
    """Return a child where no student code runs, one for all that tests compute there."""
    with student.fresh(import_student=False) as child:
        yield child


@pytest.fixture
def small(seed: int) -> int:
    """Return a seed that fits where PyTorch wants one."""
    return seed % 100_000
