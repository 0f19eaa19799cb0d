"""The command line called as a function, in a folder that holds the toy course."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from graders.cli.main import main
from tests.support.toy import write_course


@dataclass(frozen=True)
class Said:
    """What a command printed and its exit status."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Zachetka = Callable[..., Said]


@pytest.fixture
def zachetka(capsys) -> Zachetka:
    """Run a command line in this process."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def course(tmp_path, monkeypatch) -> Path:
    """Stand in a folder with the toy course; return its `course.toml`."""
    for name in ("ZACHETKA_HOME", "ZACHETKA_COURSE", "ZACHETKA_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    # Last year: receipts must lie in the past, whenever the tests are run.
    return write_course(tmp_path / "assignments", soft="2025-10-20", hard="2025-11-03")
