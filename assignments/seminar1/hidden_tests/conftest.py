"""What the hidden tests of seminar 1 share: a child without student code, rows and arithmetic."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

NONE = -1  # an EOS that no model says


@pytest.fixture(scope="session")
def clean(student: Any) -> Iterator[Any]:
    """Return a child where no student code runs, one for all that transformers is asked."""
    with student.fresh(import_student=False) as child:
        yield child


@pytest.fixture
def text(rng: random.Random) -> Callable[..., str]:
    """Return a function that invents a text of some words."""
    words = ("Hello", "the", "model", "token", "river", "winter", "ёжик", "погода", "café", "東京")
    marks = ("🙂", "👩‍🚀", "🇷🇺", "№5", "c++", "e\u0301", "—")

    def make(count: int = 6) -> str:
        return " ".join([*rng.sample(words, count - 1), rng.choice(marks)])

    return make


@pytest.fixture
def rows(rng: random.Random) -> Callable[..., list[list[int]]]:
    """Return a function that draws rows of token ids of given lengths, above the special ones."""

    def make(vocab: int, *lengths: int) -> list[list[int]]:
        return [[rng.randrange(3, vocab) for _ in range(length)] for length in lengths]

    return make


@pytest.fixture
def log_softmax() -> Callable[[list[float]], list[float]]:
    """Return the logarithm of softmax, in double precision."""

    def compute(scores: list[float]) -> list[float]:
        top = max(scores)
        total = top + math.log(sum(math.exp(score - top) for score in scores))
        return [score - total for score in scores]

    return compute
