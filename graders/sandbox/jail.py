"""Inside one jail: from a fork of the warm process to the student's first line.

Three processes are made, each a fork of the one before:

- the *outer* process makes the namespaces, becomes the jail's user and waits;
- *PID 1* of the jail builds the root file system, then reaps and reports;
- the *student's* process gives up everything it still could do, and returns to its caller.

Only the student's process returns from `enter`; the other two never run a line of the student's
code and leave through `os._exit`. Whatever goes wrong before the student's first line is sent to
the supervisor over the `sync` socket, which the student's process closes last of all.

Not covered: bugs in the kernel itself, and side channels of shared hardware.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from graders.sandbox import landlock, layout, seccomp
from graders.sandbox import syscalls as sc
from graders.sandbox.limits import Layers, Limits

_SYNC_FD = 4
_HOSTNAME = "jail"
_ENTRY_FAILED = 1


@dataclass(frozen=True, slots=True)
class Order:
    """What the outer process reads from the order's descriptor; the warm process never does."""

    binds: tuple[tuple[str, str], ...]
    limits: Limits
    entry: str
    args: dict[str, Any]
    seed: int
    privileged: bool
    layers: Layers = field(default_factory=Layers)

    @classmethod
    def parse(cls, text: bytes) -> Order:
        """Read an order that the trusted side wrote."""
        raw = json.loads(text)
        return cls(
            binds=tuple((source, target) for source, target in raw["binds"]),
            limits=Limits(**raw["limits"]),
            entry=raw["entry"],
            args=raw["args"],
            seed=raw["seed"],
            privileged=raw["privileged"],
            layers=Layers(**raw["layers"]),
        )


@dataclass(frozen=True, slots=True)
class Doors:
    """The descriptors of a jail: the supervisor's socket, the tester's stream, the output."""

    sync: socket.socket
    stream: int
    output: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """All that the student's process keeps: the function to run, its socket and its data."""

    function: Callable[[socket.socket, dict[str, Any]], object]
    args: dict[str, Any]


def enter(order: Order, doors: Doors, function: Callable[..., object]) -> Admitted:
    """Build a jail around a fork of this process; return in the student's process only."""
    gc.disable()  # a collection would copy the warm process's pages three times
    try:
        _become_outer(order, doors)
        opened = layout.open_sources(layout.plan(order.binds))
        _become_user(order)
        vm_size = _vm_size()
        init = os.fork()
    except Exception as error:  # the jail's edge: every fault becomes a report
        _refuse(doors.sync, "namespaces", error)
    if init:
        _wait_outside(doors.sync, init)
    try:
        _become_init(order, opened)
        student = os.fork()
    except Exception as error:  # the jail's edge
        _refuse(doors.sync, "root file system", error)
    if student:
        _reap(doors.sync, student)
    try:
        _become_student(order, doors, vm_size)
    except Exception as error:  # the jail's edge
        _refuse(doors.sync, "restrictions", error)
    gc.enable()
    return Admitted(function, order.args)


def run(admitted: Admitted) -> NoReturn:
    """Call the entry with its socket and leave the process; nothing outside trusts the status."""
    status = _ENTRY_FAILED
    try:
        with socket.socket(fileno=3) as stream:
            admitted.function(stream, admitted.args)
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # the worker's outermost loop
        sys.excepthook(*sys.exc_info())
    finally:
        for stream_out in (sys.stdout, sys.stderr):
            try:
                stream_out.flush()
            except (OSError, ValueError, AttributeError):
                status = status or _ENTRY_FAILED
        os._exit(status & 0xFF)


def _refuse(sync: socket.socket, step: str, error: Exception) -> NoReturn:
    sync.send(json.dumps({"error": f"{step}: {type(error).__name__}: {error}"}).encode())
    os._exit(_ENTRY_FAILED)


def _die_with_parent(parent: int | None = None) -> None:
    sc.prctl(sc.PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(_ENTRY_FAILED)  # the parent died before the line above


def _become_outer(order: Order, doors: Doors) -> None:
    os.setsid()
    layers = order.layers
    flags = sc.CLONE_NEWUSER | sc.CLONE_NEWIPC | sc.CLONE_NEWUTS | sc.CLONE_NEWCGROUP
    flags |= sc.CLONE_NEWPID if layers.pidns else 0
    flags |= sc.CLONE_NEWNET if layers.netns else 0
    flags |= sc.CLONE_NEWNS if layers.mountns else 0
    user, group = os.geteuid(), os.getegid()
    sc.unshare(flags)
    if order.privileged:
        doors.sync.send(b'{"map": true}')
        if doors.sync.recv(16) != b"mapped":
            os._exit(_ENTRY_FAILED)
        return
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{layout.STUDENT_UID} {user} 1"),
        ("gid_map", f"{layout.STUDENT_UID} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
            file.write(text)


def _become_user(order: Order) -> None:
    if order.privileged:
        os.setgroups([])
    uid = layout.STUDENT_UID
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # Changing the user cleared both.
    _die_with_parent()
    sc.prctl(sc.PR_SET_DUMPABLE, 1)
    # When the machine runs out of memory, it is the jail that the kernel should take first.
    with open("/proc/self/oom_score_adj", "w", encoding="utf-8") as file:
        file.write("1000")


def _keep_sync_only(sync: socket.socket) -> None:
    if sync.fileno() != _SYNC_FD:
        os.dup2(sync.fileno(), _SYNC_FD)
    sc.close_from(_SYNC_FD + 1)
    os.closerange(0, _SYNC_FD)


def _wait_outside(sync: socket.socket, init: int) -> NoReturn:
    sync.send(json.dumps({"init": init}).encode())
    _keep_sync_only(sync)
    os.waitpid(init, 0)
    os._exit(0)


def _become_init(order: Order, opened: layout.OpenLayout) -> None:
    _die_with_parent()
    if order.layers.mountns:
        layout.build_root(opened, order.limits, order.layers)
    sc.sethostname(_HOSTNAME)


def _reap(sync: socket.socket, student: int) -> NoReturn:
    # SECURITY: test_attack_fails[signal_init]; the kernel lets its own jail signal PID 1 only where
    # it has a handler, and Python's for SIGINT would end it without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sc.prctl(sc.PR_SET_DUMPABLE, 0)
    sc.drop_capabilities()
    _keep_sync_only(sync)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == student:
            break
    os.write(_SYNC_FD, json.dumps({"exit": status}).encode())
    os._exit(0)  # the kernel now kills whatever else runs in the jail


def _vm_size() -> int:
    with open("/proc/self/statm", encoding="utf-8") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _limit(name: int, value: int) -> None:
    _, hard = resource.getrlimit(name)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(name, (value, value))


def _set_limits(limits: Limits, vm_size: int) -> None:
    mega = 1 << 20
    # SECURITY: test_attack_fails[memory_bomb], [fork_bomb], [big_file], [cpu_hog], [many_files]
    _limit(resource.RLIMIT_AS, vm_size + limits.memory_mb * mega)
    _limit(resource.RLIMIT_NPROC, limits.processes + 2)  # the outer process and PID 1
    _limit(resource.RLIMIT_FSIZE, limits.file_mb * mega)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_CPU, int(limits.cpu_s) + 1)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_MEMLOCK, 0)
    _limit(resource.RLIMIT_MSGQUEUE, 0)


def _take_descriptors(doors: Doors, layers: Layers) -> None:
    """Leave 0 (/dev/null), 1 and 2 (output), 3 (the stream) and, until ready, 4 (sync)."""
    null = os.open("/dev/null", os.O_RDWR)
    high = [os.dup2(fd, 100 + i) for i, fd in enumerate((null, doors.output, doors.stream))]
    sync = os.dup2(doors.sync.detach(), 103)  # detached, or its end would close our descriptor
    for target, source in ((0, high[0]), (1, high[1]), (2, high[1]), (3, high[2]), (4, sync)):
        os.dup2(source, target)
    if layers.closed_fds:
        # SECURITY: test_attack_fails[inherited_fds]
        sc.close_from(_SYNC_FD + 1)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    # Line by line, or what was printed before a kill would be lost.
    sys.stdout = os.fdopen(1, "w", 1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="replace", closefd=False)


def _reseed(seed: int) -> None:
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _become_student(order: Order, doors: Doors, vm_size: int) -> None:
    _die_with_parent()
    os.setsid()
    layers = order.layers
    _take_descriptors(doors, layers)
    if layers.rlimits:
        _set_limits(order.limits, vm_size)
    os.chdir("/tmp")  # noqa: S108 - the jail's own
    os.umask(0o077)
    sys.argv = ["student"]
    _reseed(order.seed)
    sc.drop_capabilities()
    sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
    if layers.landlock:
        readable = layout.plan(order.binds).readable() if layers.mountns else ["/"]
        landlock.restrict(readable, list(layout.WRITABLE), list(layout.DEVICES))
    if layers.seccomp:
        seccomp.install()
    os.write(_SYNC_FD, b'{"ready": true}')
    if layers.closed_fds:
        os.close(_SYNC_FD)
