"""What HW2A's public tests share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

BUNDLE = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def bundle_rows() -> Any:
    """Return a function that reads a file of the bundle's data by id."""

    def read(name: str) -> dict[str, dict[str, Any]]:
        path = BUNDLE / "data" / name
        if not path.is_file():
            pytest.skip(f"data/{name} is not beside these tests")
        lines = path.read_text(encoding="utf-8").splitlines()
        return {item["id"]: item for item in map(json.loads, lines)}

    return read


@pytest.fixture
def row() -> dict[str, str]:
    """Return one invented row."""
    return {
        "id": "a1",
        "package": "knots",
        "name": "Rope.untie",
        "signature": "def untie(knot, gently=True)",
        "document": "The ends are pulled until the knot gives way. A tight knot is left.",
        "summary": "Open a knot without a knife.",
    }
