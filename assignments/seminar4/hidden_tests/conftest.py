"""What the hidden tests of seminar 4 share: invented texts, and formulas worked out by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

WORDS = (
    *("river", "budget", "robot", "winter", "museum", "ticket", "planet", "garden", "weather"),
    *("bakery", "engine", "forest", "library", "market", "bridge", "camera", "island", "мост"),
    *("школа", "поезд", "музей", "рынок", "погода", "совет"),
)


@pytest.fixture
def invent(rng: random.Random) -> Callable[[int], str]:
    """Return a function that invents a text of so many different words."""
    return lambda length: " ".join(rng.sample(WORDS, length))


@pytest.fixture
def drive(student: Any, case: Any) -> Callable[..., Any]:
    """Return a function that asks the seminar's driver."""
    return lambda function, *args: student.drive("preferences", function, *args)


def logsigmoid(x: float) -> float:
    """Return log sigmoid(x) without overflow."""
    return min(x, 0.0) - math.log1p(math.exp(-abs(x)))


def log_softmax(scores: list[float]) -> list[float]:
    """Return the logarithm of the softmax."""
    top = max(scores)
    total = top + math.log(sum(math.exp(score - top) for score in scores))
    return [score - total for score in scores]


def odds(logp: float) -> float:
    """Return log p / (1 - p)."""
    return logp - math.log(-math.expm1(logp))


def close(got: Any, expected: Any, tolerance: float = 2e-4) -> bool:
    """Say whether two numbers, or two lists of them, are the same up to rounding."""
    if isinstance(expected, list):
        return (
            isinstance(got, list)
            and len(got) == len(expected)
            and all(close(a, b, tolerance) for a, b in zip(got, expected, strict=True))
        )
    number = isinstance(got, float | int) and math.isfinite(got)
    return number and math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance)


@pytest.fixture(scope="session")
def by_hand() -> dict[str, Callable[..., Any]]:
    """Return the formulas."""
    return {"logsigmoid": logsigmoid, "log_softmax": log_softmax, "odds": odds, "close": close}
