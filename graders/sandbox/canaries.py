"""Short attacks that the doctor tries for real before it calls a host strict.

Each is a program run inside a jail that says true when it got what it must not get. They are a
sample, quick enough to run before every grading; the whole corpus runs in the project's tests.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graders.sandbox.limits import Limits
from graders.sandbox.spec import JailSpec

if TYPE_CHECKING:
    from graders.sandbox.zygote import Zygote

_REPLY = 64
_TIMEOUT_S = 20.0
_VARIABLE = "ZACHETKA_CANARY"
_LIMITS = ("wall", "cpu", "memory", "processes", "output")

_ATTEMPT = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def attempt(function, *arguments):
    try:
        return function(*arguments)
    except OSError:
        return None
"""

CANARIES: dict[str, str] = {
    "host_file_read": "say(attempt(open, args['file']) is not None)",
    "host_file_changed": "say(attempt(os.chmod, args['file'], 0o777) is not None)",
    "library_written": "say(attempt(open, os.__file__, 'a') is not None)",
    "listener_reached": """
s = attempt(socket.socket, socket.AF_INET)
say(bool(s) and s.connect_ex(('127.0.0.1', args['port'])) == 0)""",
    "abstract_socket_reached": """
s = socket.socket(socket.AF_UNIX)
say(s.connect_ex(bytes([0]) + args['abstract'].encode()) == 0)""",
    "odd_sockets": """
families = (socket.AF_NETLINK, socket.AF_PACKET, 38, 40)
say(any(attempt(socket.socket, f, socket.SOCK_RAW) for f in families))""",
    "nested_user_namespace": "say(libc.unshare(0x10000000) == 0)",
    "grader_seen": "say(os.path.exists('/proc/%d' % args['pid']) and args['pid'] > 9)",
    "environment_read": "say(args['secret'].encode() in open('/proc/self/environ', 'rb').read())",
    "second_program": """
import subprocess
say(attempt(subprocess.call, [args['python'], '-c', '']) == 0)""",
    "fork_bomb": """
import signal
made = 0
for _ in range(200):
    try:
        if os.fork() == 0:
            signal.pause()
    except OSError:
        break
    made += 1
say(made >= 32)""",
    "memory_bomb": """
try:
    say(bool(bytearray(1 << 30)))
except MemoryError:
    say(False)""",
}


@dataclass(frozen=True, slots=True)
class Canary:
    """One attack that was tried; `held` is true when the jail withstood it."""

    name: str
    held: bool


def _try(zygote: Zygote, source: str, args: dict[str, object]) -> bool:
    """Return whether the jail held; without an answer, only when a limit ended the attack."""
    spec = JailSpec(
        limits=Limits(wall_s=10, cpu_s=5, memory_mb=128, processes=16, tmp_mb=8),
        entry="graders.sandbox.probe:probe",
        args={**args, "source": _ATTEMPT + source},
    )
    with zygote.spawn(spec) as child:
        child.sock.settimeout(_TIMEOUT_S)
        try:
            answer = child.sock.recv(_REPLY)
        except OSError:
            answer = b""
        if answer:
            return json.loads(answer) is False
        end = child.wait(_TIMEOUT_S)
        return end is not None and end.cause in _LIMITS


@contextlib.contextmanager
def secret() -> Iterator[str]:
    """Put a canary into this process's environment; start the zygote inside."""
    value = secrets.token_hex(16)
    os.environ[_VARIABLE] = value
    try:
        yield value
    finally:
        del os.environ[_VARIABLE]


def run(zygote: Zygote, secret_value: str) -> tuple[Canary, ...]:
    """Try every canary against listeners and files made for the purpose.

    Args:
        zygote: Started while `secret` was in the environment.
        secret_value: What `secret` gave.

    Raises:
        InfraError: A jail could not be built.
    """
    abstract = f"zachetka-{secrets.token_hex(8)}"
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.create_server(("127.0.0.1", 0)) as loopback,
        socket.socket(socket.AF_UNIX) as local,
    ):
        Path(folder).chmod(0o755)
        file = Path(folder, "canary")
        file.touch(mode=0o666)
        local.bind(f"\0{abstract}")
        local.listen()
        args: dict[str, object] = {
            "file": str(file),
            "port": loopback.getsockname()[1],
            "abstract": abstract,
            "pid": os.getpid(),
            "python": os.path.realpath("/proc/self/exe"),
            "secret": secret_value,
        }
        return tuple(Canary(name, _try(zygote, code, args)) for name, code in CANARIES.items())
