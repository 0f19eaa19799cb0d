"""What the hidden tests of seminar 7 share: a child without student code, rows, comparisons."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

WORDS = 256  # ids below this are bytes; those above are special


@pytest.fixture(scope="session")
def clean(student: Any) -> Iterator[Any]:
    """Return a child where no student code runs, one for all that transformers is asked."""
    with student.fresh(import_student=False) as child:
        yield child


@pytest.fixture
def rows(rng: random.Random) -> Callable[..., list[list[int]]]:
    """Return a function that draws rows of token ids of given lengths."""

    def make(*lengths: int) -> list[list[int]]:
        return [[rng.randrange(WORDS) for _ in range(length)] for length in lengths]

    return make


@pytest.fixture
def model_seed(seed: int) -> int:
    """Return the seed of this student's random model."""
    return seed % 10_000


@pytest.fixture
def noise(rng: random.Random) -> Callable[..., Any]:
    """Return a function that draws a float32 tensor of a shape from a normal distribution."""
    import torch

    generator = torch.Generator().manual_seed(rng.randrange(2**31))

    def make(*shape: int) -> Any:
        return torch.randn(*shape, generator=generator)

    return make


@pytest.fixture
def tensor(case: Any) -> Callable[[Any, Sequence[int]], Any]:
    """Return a function that insists on a tensor of a shape, and gives it in float64."""
    import torch

    def check(value: Any, shape: Sequence[int]) -> Any:
        got = type(value).__name__
        case.require(isinstance(value, torch.Tensor), "seminar7.no_tensor", got=got)
        told = ", ".join(map(str, value.shape))
        wanted = ", ".join(map(str, shape))
        case.require(list(value.shape) == list(shape), "seminar7.shape", got=told, wanted=wanted)
        case.require(bool(value.isfinite().all()), "seminar7.not_finite")
        return value.double()

    return check


@pytest.fixture
def near() -> Callable[..., bool]:
    """Return a function that says whether two tensors are equal but for rounding."""

    def compare(got: Any, expected: Any, tolerance: float = 1e-4) -> bool:
        scale = max(1.0, float(expected.abs().max()))
        return bool(float((got - expected.double()).abs().max()) <= tolerance * scale)

    return compare
