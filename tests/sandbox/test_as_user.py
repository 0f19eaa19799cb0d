"""When root runs this room's tests, an ordinary user runs them too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs them already")
def test_the_same_tests_pass_as_an_ordinary_user(open_folder):
    scratch = open_folder / "as_user"
    scratch.mkdir()
    scratch.chmod(0o777)
    command = [sys.executable, "tools/as_user.py", sys.executable, "-m", "pytest", "tests/sandbox"]
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not model",
        "--basetemp",
        str(scratch / "base"),
    ]
    done = subprocess.run(
        [*command, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "AS_USER_SHOW": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
