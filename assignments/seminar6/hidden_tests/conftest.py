"""What seminar 6's hidden tests share: invented texts."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

WORDS = (
    *("array", "graph", "merge", "column", "index", "sparse", "kernel", "token", "window"),
    *("matrix", "filter", "sample", "vector", "frame", "label", "query", "cache", "layer"),
    *("строка", "столбец", "граф", "выборка", "ёж", "naïve", "x_1", "🦔", "3.5", "a.b"),
)


@pytest.fixture
def invent(rng: random.Random) -> Callable[[int], list[str]]:
    """Return a function that invents a list of `count` words."""

    def make(count: int) -> list[str]:
        return [rng.choice(WORDS) for _ in range(count)]

    return make


@pytest.fixture
def text_of(rng: random.Random, invent: Callable[[int], list[str]]) -> Callable[[int], str]:
    """Return a function that invents a text of `count` words with sentences and odd spacing."""

    def make(count: int) -> str:
        pieces = []
        for word in invent(count):
            end = rng.choice(("", "", "", "", ".", "!", "?)", '."', "…", ",", ";"))
            pieces.append(word + end + rng.choice((" ", " ", " ", "  ", "\n", "\n\n", "\t")))
        return rng.choice(("", " ", "\n")) + "".join(pieces)

    return make
