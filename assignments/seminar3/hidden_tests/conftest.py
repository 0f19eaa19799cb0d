"""What seminar 3's hidden tests share: random adapters, tokens and examples, and a clean child."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

VOCABULARY = 96
LAYERS = {  # inputs and outputs of the linear layers of the tiny model
    "q_proj": (64, 64),
    "k_proj": (64, 32),
    "v_proj": (64, 32),
    "o_proj": (64, 64),
    "gate_proj": (64, 96),
    "up_proj": (64, 96),
    "down_proj": (96, 64),
}
PLACES = {name: "self_attn" if name[0] in "qkvo" else "mlp" for name in LAYERS}


@pytest.fixture(scope="session")
def layers() -> dict[str, tuple[int, int]]:
    """Return inputs and outputs of each kind of layer of the tiny model, which has two of each."""
    return LAYERS


@pytest.fixture(scope="session")
def names() -> Callable[[list[str]], list[str]]:
    """Return a function that gives the full names of the layers of some kinds."""

    def full(kinds: list[str]) -> list[str]:
        return sorted(f"model.layers.{n}.{PLACES[kind]}.{kind}" for n in (0, 1) for kind in kinds)

    return full


@pytest.fixture(scope="session")
def clean(student: Any) -> Iterator[Any]:
    """Return a child where no student code runs, one for all that tests compute there."""
    with student.fresh(import_student=False) as child:
        yield child


@pytest.fixture
def small(seed: int) -> int:
    """Return a seed that fits where PyTorch wants one."""
    return seed % 100_000


@pytest.fixture
def draw(small: int) -> Callable[..., torch.Tensor]:
    """Return a function that draws standard normal tensors of a shape."""
    generator = torch.Generator().manual_seed(small)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    return normal


@pytest.fixture
def lora(rng: random.Random) -> dict[str, Any]:
    """Return a random choice of rank, alpha and target layers, where alpha / rank is not 1."""
    rank = rng.choice((2, 3, 5))
    kinds = rng.sample(sorted(LAYERS), 2)
    return {"rank": rank, "alpha": rank * rng.choice((2, 4)), "targets": kinds}


@pytest.fixture
def tokens(rng: random.Random) -> Callable[[int, int], list[list[int]]]:
    """Return a function that draws rows of token ids."""

    def make(rows: int, length: int) -> list[list[int]]:
        return [[rng.randrange(3, VOCABULARY) for _ in range(length)] for _ in range(rows)]

    return make


@pytest.fixture
def examples(rng: random.Random) -> Callable[[int], list[Any]]:
    """Return a function that draws (prompt, answer) pairs of different lengths."""

    def make(count: int) -> list[Any]:
        return [
            [[rng.randrange(3, VOCABULARY) for _ in range(4 + n % 5)], rng.choice((7, 8))]
            for n in range(count)
        ]

    return make


@pytest.fixture
def close() -> Callable[..., bool]:
    """Return a function that says whether two tensors are the same up to rounding."""

    def same(got: Any, wanted: Any, tolerance: float = 1e-4) -> bool:
        if not isinstance(got, torch.Tensor) or got.shape != wanted.shape:
            return False
        gap = (got.double() - wanted.double()).abs().max()
        return bool(gap <= tolerance * max(1.0, float(wanted.double().abs().max())))

    return same
