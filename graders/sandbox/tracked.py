"""What the supervisor knows of each jail, and how it words a jail's end."""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass
from typing import Any

from graders.sandbox import usage
from graders.sandbox.limits import Layers, Limits

NO_FD = -1


@dataclass(slots=True)
class Jail:
    """What the supervisor knows of one jail."""

    limits: Limits
    layers: Layers
    report: socket.socket
    sync: socket.socket
    output_pipe: int
    output_file: int
    slot: int
    asked: float
    outer: int = 0
    wants_map: bool = False
    outer_fd: int = NO_FD
    init_fd: int = NO_FD
    meter: usage.Meter | None = None
    ready: float | None = None
    written: int = 0
    cause: str = ""
    status: int | None = None
    error: str = ""


@dataclass(slots=True)
class Waiting:
    """A request that waits for a slot."""

    message: dict[str, Any]
    fds: list[int]


def exit_of(jail: Jail) -> dict[str, Any]:
    """Say how a jail ended: by the watchdog, by itself, or by a signal."""
    if jail.status is None:
        return {"cause": jail.cause or "killed", "status": -signal.SIGKILL}
    code = os.waitstatus_to_exitcode(jail.status)
    if jail.cause:
        return {"cause": jail.cause, "status": code}
    if code == -signal.SIGXCPU:
        return {"cause": "cpu", "status": code}
    return {"cause": "exit" if code >= 0 else "signal", "status": code}
