"""What seminar 3's public tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch


@pytest.fixture
def alike() -> Callable[[Any, torch.Tensor, float], bool]:
    """Return a function that compares two tensors up to a small difference."""

    def compare(found: Any, right: torch.Tensor, slack: float = 1e-4) -> bool:
        shaped = isinstance(found, torch.Tensor) and found.shape == right.shape
        return shaped and bool((found - right).abs().max() <= slack)

    return compare
