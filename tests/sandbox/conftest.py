"""Jails for the sandbox's own tests, forked from one warm process that holds nothing heavy."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.sandbox import Child, JailSpec, Limits, Zygote

Probe = Callable[..., Child]


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    with Zygote.start(preload=(), slots=4) as started:
        yield started


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """Give a folder that the jail's user, who is nobody on this host, may enter."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def probe(zygote: Zygote) -> Iterator[Probe]:
    """Start a program in a jail; whatever still runs at the test's end is killed."""
    children = []

    def start(source: str, limits: Limits | None = None, seed: int = 0, **args: Any) -> Child:
        spec = JailSpec(
            limits=limits or Limits(),
            entry="graders.sandbox.probe:probe",
            args={**args, "source": source},
            seed=seed,
        )
        child = zygote.spawn(spec)
        child.sock.settimeout(20)
        children.append(child)
        return child

    yield start
    for child in children:
        child.close()


def _said(child: Child) -> Any:
    """Return the next value that a program said."""
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = child.sock.recv(1)
        assert piece, child.output().decode()
        line += piece
    return json.loads(line)


def _eventually(holds: Callable[[], bool], patience: float = 20.0) -> bool:
    """Wait until something holds that must come true, and say whether it did."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.01)
    return holds()


@pytest.fixture(scope="session")
def said_from() -> Callable[[Child], Any]:
    return _said


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., bool]:
    return _eventually
