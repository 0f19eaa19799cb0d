"""What seminar 3's public tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch


@pytest.fixture
def close() -> Callable[..., bool]:
    """Return a function that says whether two tensors are the same up to rounding."""

    def same(got: Any, wanted: torch.Tensor, tolerance: float = 1e-4) -> bool:
        if not isinstance(got, torch.Tensor) or got.shape != wanted.shape:
            return False
        return bool((got.double() - wanted.double()).abs().max() <= tolerance)

    return same
