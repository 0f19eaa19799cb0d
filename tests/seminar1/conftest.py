"""What seminar 1's tests share: the driver's tiny models and tokenizers, in this process."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "assignments" / "seminar1" / "drivers" / "lab.py"


@pytest.fixture(scope="session")
def lab():
    """Return the driver as a module; only what asks no student's code is used."""
    module = types.ModuleType("driver_lab")
    exec(compile(SOURCE.read_text(encoding="utf-8"), str(SOURCE), "exec"), module.__dict__)
    return module
