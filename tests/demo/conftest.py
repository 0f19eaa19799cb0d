"""One played demo for all tests that look at it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Played:
    """A demo that ran: its folder and what it printed the first and the second time."""

    out: Path
    first: subprocess.CompletedProcess[str]
    second: subprocess.CompletedProcess[str]


def play(out: Path) -> subprocess.CompletedProcess[str]:
    """Run `zachetka demo` as the Makefile does."""
    return subprocess.run(
        [sys.executable, "-m", "graders.cli.main", "demo", "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "240"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


@pytest.fixture(scope="session")
def played(tmp_path_factory) -> Played:
    out = tmp_path_factory.mktemp("demo") / "demo"
    first = play(out)
    assert first.returncode == 0, first.stderr
    return Played(out, first, play(out))
