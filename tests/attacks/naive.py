"""The grader that this project does not have: tests and student in one process, score from it.

It runs the same hidden tests inside the jail and believes what the jail says. The corpus uses it
to show that its attacks on the tests are real: what fails against the grader works here.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import random
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

RESULTS = Path("/tmp/results.json")
ROOT = Path("/submission")
TESTS = Path("/assignment/hidden_tests/test_toy.py")


class Student:
    """Calls the package in this very process."""

    def call(self, target: str, *args: Any, timeout: float = 60.0) -> Any:
        module, _, name = target.partition(":")
        started = time.monotonic()
        answer = getattr(importlib.import_module(f"toy.{module}"), name)(*args)
        if time.monotonic() - started > timeout:
            raise TimeoutError
        return answer


class Case:
    """Fails as pytest does."""

    def require(self, condition: object, key: str) -> None:
        if not condition:
            pytest.fail(key)


def grade(sock: socket.socket, args: dict[str, Any]) -> None:
    """Run the tests and send the score, as an entry of a jail."""
    sys.path[:0] = [str(ROOT), str(ROOT / "toy")]
    with contextlib.suppress(ImportError):
        importlib.import_module("conftest")  # pytest would
    tests = load_tests(TESTS)
    points = {name: False for name in vars(tests) if name.startswith("test_")}
    for name, cheated in points.items():
        points[name] = _passes(getattr(tests, name), args["seed"]) or cheated
    with contextlib.suppress(OSError):
        RESULTS.write_text(json.dumps({"score": sum(points.values())}))
    sock.sendall(RESULTS.read_bytes() + b"\n")


def load_tests(path: Path) -> ModuleType:
    """Import the hidden tests."""
    spec = importlib.util.spec_from_file_location("test_toy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["test_toy"] = module
    spec.loader.exec_module(module)
    return module


def _passes(test: Callable[..., None], seed: int) -> bool:
    key = test.pytestmark[0].kwargs["key"]  # type: ignore[attr-defined]
    known = {
        "student": Student(),
        "case": Case(),
        "rng": random.Random(f"{seed}:{key}"),
        "submission": SimpleNamespace(root=Path("/nowhere")),  # it looks at no source
    }
    wanted = test.__code__.co_varnames[: test.__code__.co_argcount]
    try:
        test(**{name: known[name] for name in wanted})
    except BaseException:
        return False
    return True
