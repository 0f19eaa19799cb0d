"""What goes into one run of the hidden tests, and what a run asks of whoever started it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from graders.core.records import Plain


class ChildEnd(StrEnum):
    """Why a jailed child is no longer there."""

    RUNNING = "running"  # it is there, and only stopped making sense
    EXITED = "exited"
    CRASHED = "crashed"  # a signal of its own making
    MEMORY = "memory"
    TIME = "time"
    PROCESSES = "processes"
    OUTPUT = "output"
    INFRA = "infra"  # the machine is to blame, not the student


class JailedChild(Protocol):
    """A jailed process that runs ``graders.sandbox.serve`` behind a socket."""

    @property
    def sock(self) -> socket.socket:
        """The trusted end of the connection; `close` closes it."""

    def end(self) -> ChildEnd:
        """Say why it died, waiting a moment for the news when it must."""

    def close(self) -> None:
        """Kill it with everything it started; may be called twice."""


class Services(Protocol):
    """What a run asks of the controller, called in the thread that called `Tester.run`."""

    def connect(self, import_student: bool) -> JailedChild:
        """Start a fresh jailed child.

        Raises:
            InfraError: No child could be started.
        """

    def memo_get(self, key: str) -> Plain | None:
        """Return what was measured before under this key, or None."""

    def memo_put(self, key: str, value: Plain) -> None:
        """Keep a measurement (JSON-like data) under its key."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits of one run, in seconds where they are times."""

    call_timeout: float = 20.0
    import_timeout: float = 60.0
    total_wall: float = 300.0  # spent waiting for the student's code
    tests_wall: float = 600.0  # the tests' own work, on top of that
    faults_per_target: int = 2  # after so many (or one timeout), it is not called again
    children: int = 32  # jailed children in all


@dataclass(frozen=True, slots=True)
class TestJob:
    """One submission to be tested.

    Args:
        package: The student's package, for example ``hw1``.
        submission: Folder with the submission's files, a trusted copy that nothing else writes.
        seed: Seed of every random input of this run.
        hidden_dir: Folder with hidden data of the assignment; None when it has none.
        keys: Cases to run; None runs all.
        settings: Limits.
        facts: Whatever else the hidden tests need to know, as plain data.
    """

    __test__ = False  # its name is no pytest class

    package: str
    submission: Path
    seed: int
    hidden_dir: Path | None = None
    keys: frozenset[str] | None = None
    settings: Settings = field(default_factory=Settings)
    facts: Mapping[str, Plain] = field(default_factory=dict)
