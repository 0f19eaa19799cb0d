"""What an attack on the jail is: a short program, and the limits that it is run under."""

from __future__ import annotations

from dataclasses import dataclass

from graders.sandbox import Limits

#: Small enough that going far beyond them does the machine no harm.
TIGHT = Limits(
    wall_s=6.0,
    cpu_s=3.0,
    memory_mb=64,
    processes=12,
    file_mb=2,
    tmp_mb=4,
    output_kb=64,
    open_files=64,
)

#: Every program starts with this. `won` claims a success that cannot be seen from outside.
PRELUDE = """
import contextlib, ctypes, errno, os, platform, signal, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(15, args["mark"].encode(), 0, 0, 0)  # PR_SET_NAME: whoever survives is found by it
ARM = platform.machine() == "aarch64"
def attempt(function, *arguments, **named):
    try:
        return function(*arguments, **named)
    except (OSError, ValueError):
        return None
def won(claim):
    say({"won": bool(claim)})
def hold(seconds=0.4):
    time.sleep(seconds)  # what a limit stops within a moment is no success
def scratch(name):
    return f"/tmp/{args['mark']}-{name}"
def bounded():
    signal.alarm(15)  # nothing outlives a test for long, whatever layer is off
bounded()
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    Args:
        name: Its name in tests, in ``# SECURITY:`` comments and in build/attacks.json.
        number: Its number in the catalogue of docs/security.md.
        program: Run inside the jail by `graders.sandbox.probe`, after `PRELUDE`.
        limits: The jail's.
    """

    name: str
    number: int
    program: str
    limits: Limits = TIGHT

    def waits(self) -> bool:
        """Say whether it takes its time, to see whether a limit holds."""
        return "hold()" in self.program or self.limits != TIGHT
