"""The sandbox's own process: exec'd with an empty environment, it becomes supervisor and zygote.

The process forks once before anything heavy is imported. The parent stays light and supervises;
the child, the *warm process*, imports the preloads and the base model, runs one thread, and
forks one jail a request. It never reads an order, so it knows nothing of any submission: what a
student could dig out of inherited memory is Python, the libraries and the base model.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from graders.core.errors import ZachetkaError
from graders.sandbox import jail, syscalls, usage, wire_fds
from graders.sandbox.supervisor import Supervisor


def main(control_fd: int) -> None:
    """Become the supervisor; in a jailed child, run the entry and leave."""
    control = socket.socket(fileno=control_fd)
    first = wire_fds.receive(control)
    if first is None:
        return
    setup = first[0]
    ours, theirs = wire_fds.pair()
    parent = os.getpid()
    warm = os.fork()
    if warm == 0:
        control.close()
        ours.close()
        admitted = _be_warm(theirs, setup, parent)
        del setup, first, control, ours, theirs
        jail.run(admitted)
    theirs.close()
    hello = wire_fds.receive(ours)
    message: dict[str, Any] = (
        hello[0] if hello else {"error": "the warm process died while loading"}
    )
    if "error" not in message:
        message["pid"] = warm
    wire_fds.send(control, message)
    if "error" not in message:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        Supervisor(control, ours, setup["slots"], usage.anonymous_of(warm)).run()
    os.kill(warm, signal.SIGKILL)
    os.waitpid(warm, 0)


def _be_warm(channel: socket.socket, setup: dict[str, Any], parent: int) -> jail.Admitted:
    """Load, then fork on request; return in a jailed child only."""
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    try:
        _load(setup)
    except Exception as error:  # whatever fails here is the machine's fault
        text = (
            str(error) if isinstance(error, ZachetkaError) else f"{type(error).__name__}: {error}"
        )
        wire_fds.send(channel, {"error": text[:2000]})
        os._exit(1)
    setup.clear()
    gc.collect()
    gc.freeze()
    wire_fds.send(channel, {"ready": True})
    return _fork_on_request(channel)


def _load(setup: dict[str, Any]) -> None:
    for name in [*(["torch"] if setup["model"] else []), *setup["preload"]]:
        importlib.import_module(name)
    if "torch" in sys.modules:
        # One thread before any parallel operation: a fork of a process with an OpenMP pool hangs.
        sys.modules["torch"].set_num_threads(1)
    if "tqdm" in sys.modules:
        sys.modules["tqdm"].tqdm.monitor_interval = 0  # or the first progress bar starts a thread
    if setup["model"]:
        from graders.sandbox import warm

        warm.load(Path(setup["model"]))
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise OSError(f"{threads} threads run after preloading; a fork could inherit held locks")


def _fork_on_request(channel: socket.socket) -> jail.Admitted:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended jails leave no zombies
    while True:
        got = wire_fds.receive(channel)
        if got is None:
            os._exit(0)
        fds = got[1]
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            channel.detach()
            return _admit(parent, fds)
        handle = os.pidfd_open(pid)
        for fd in fds:
            os.close(fd)
        wire_fds.send(channel, {"pid": pid}, (handle,))
        os.close(handle)


def _admit(parent: int, fds: list[int]) -> jail.Admitted:
    """Read the order in the fork, so that the warm process never holds it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    sync_fd, stream, output, order_fd = fds
    sync = socket.socket(fileno=sync_fd)
    try:
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        order = jail.Order.parse(os.pread(order_fd, os.fstat(order_fd).st_size, 0))
        module, _, name = order.entry.partition(":")
        function = getattr(importlib.import_module(module), name)
    except Exception as error:  # the jail's edge: every fault becomes a report
        _refuse(sync, error)
    return jail.enter(order, jail.Doors(sync, stream, output), function)


def _refuse(sync: socket.socket, error: Exception) -> NoReturn:
    wire_fds.send(sync, {"error": f"order: {type(error).__name__}: {error}"})
    os._exit(1)
