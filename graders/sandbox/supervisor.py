"""The trusted half of the sandbox's own process: it starts jails, watches them and kills them.

One thread, one loop. It never runs a student's code and never holds the warm process's memory:
it is the parent of the warm process, forked off before anything heavy was imported. It knows of
a jail only its limits; what the jail is for stays in the order that it passes on unread.

A jail ends when its PID 1 ends: the kernel then kills every process in it. Closing the
supervisor kills the warm process and, through the parent-death signal, every jail.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graders.sandbox import slots, usage, wire_fds
from graders.sandbox.limits import Layers, Limits
from graders.sandbox.tracked import NO_FD, Jail, Waiting, exit_of

_TICK_S = 0.05
_SETUP_S = 60.0
_MEGA = 1 << 20


@dataclass(slots=True)
class Supervisor:
    """Runs until the control socket closes.

    Args:
        control: The client's requests.
        warm: Channel to the warm process, which forks on request.
        slots: How many jails may run at one time.
        template: Anonymous memory of the warm process, in bytes.
    """

    control: socket.socket
    warm: socket.socket
    slots: int
    template: int
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    jails: set[int] = field(default_factory=set)
    by_slot: dict[int, Jail] = field(default_factory=dict)
    waiting: deque[Waiting] = field(default_factory=deque)
    asked: deque[Jail] = field(default_factory=deque)
    warm_alive: bool = True
    open: bool = True

    def run(self) -> None:
        """Serve until the client closes its end; then kill everything."""
        self._watch(self.control, self._on_control)
        self._watch(self.warm, self._on_warm)
        while self.open:
            timeout = _TICK_S if self.by_slot else None
            for key, _ in self.selector.select(timeout):
                # The very key: an end seen earlier in this round may have given the number of a
                # closed descriptor to the next jail.
                if self.selector.get_map().get(key.fd) is key:
                    key.data()
            self._look()
        for jail in list(self.by_slot.values()):
            self._kill(jail, "killed")
        self.warm.close()

    def _watch(self, what: socket.socket | int, then: Callable[[], None]) -> None:
        self.selector.register(what, selectors.EVENT_READ, then)

    # -- requests --------------------------------------------------------------------------

    def _on_control(self) -> None:
        got = wire_fds.receive(self.control)
        if got is None:
            self.open = False
            return
        self.waiting.append(Waiting(*got))
        self._start_waiting()

    def _start_waiting(self) -> None:
        while self.waiting and (len(self.by_slot) < self.slots or not self.warm_alive):
            request = self.waiting.popleft()
            report, stream, output_file, order = request.fds
            jail = self._start(request.message, report, output_file, stream, order)
            os.close(stream)
            os.close(order)
            if not self.warm_alive:
                self._fail(jail, "the warm process is gone")

    def _start(
        self, message: dict[str, Any], report: int, output_file: int, stream: int, order: int
    ) -> Jail:
        ours, theirs = wire_fds.pair()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reader, False)
        slot = next(n for n in range(self.slots + 1) if n not in self.by_slot)
        jail = Jail(
            limits=Limits(**message["limits"]),
            layers=Layers(**message["layers"]),
            report=socket.socket(fileno=report),
            sync=ours,
            output_pipe=reader,
            output_file=output_file,
            slot=slot,
            asked=time.monotonic(),
        )
        self.by_slot[slot] = jail
        self._watch(jail.report, lambda: self._on_report(jail))
        self._watch(jail.sync, lambda: self._on_sync(jail))
        self._watch(jail.output_pipe, lambda: self._drain(jail))
        with theirs:
            try:
                wire_fds.send(self.warm, {}, (theirs.fileno(), stream, writer, order))
                self.asked.append(jail)
            except OSError:
                self.warm_alive = False
        os.close(writer)
        return jail

    def _on_report(self, jail: Jail) -> None:
        """The client asks for the end of a jail, or is gone."""
        with contextlib.suppress(OSError):  # it closed without having read all
            jail.report.recv(16)
        self.selector.unregister(jail.report)
        self._kill(jail, "killed")

    # -- the warm process ------------------------------------------------------------------

    def _on_warm(self) -> None:
        got = wire_fds.receive(self.warm)
        if got is None:
            self.warm_alive = False
            self.selector.unregister(self.warm)
            while self.asked:
                self._fail(self.asked.popleft(), "the warm process died")
            self._start_waiting()
            return
        message, fds = got
        jail = self.asked.popleft()
        if "error" in message:
            self._fail(jail, message["error"])
            return
        jail.outer, jail.outer_fd = message["pid"], fds[0]
        self._watch(jail.outer_fd, lambda: self._on_end(jail))
        if jail.wants_map:
            self._map(jail)
        if jail.cause:
            self._kill(jail, jail.cause)

    # -- one jail --------------------------------------------------------------------------

    def _on_sync(self, jail: Jail) -> None:
        got = wire_fds.receive(jail.sync)
        if got is None:
            self.selector.unregister(jail.sync)
            return
        message = got[0]
        if jail.ready is not None and "exit" not in message:
            return  # the jail is closed by now: only its PID 1 has something to say
        if "map" in message:
            jail.wants_map = True
            if jail.outer:  # else the warm process's word that names it is still on its way
                self._map(jail)
        elif "init" in message:
            self._meet_init(jail, message["init"])
        elif "ready" in message:
            jail.ready = time.monotonic()
            self._tell(jail, {"started": True})
        elif "error" in message:
            jail.error = jail.error or message["error"]
        elif "exit" in message:
            jail.status = message["exit"]

    def _map(self, jail: Jail) -> None:
        """Give the jail its user: an id of its own on the host, 65534 inside."""
        uid = slots.first_uid() + jail.slot
        try:
            for name in ("uid_map", "gid_map"):
                Path(f"/proc/{jail.outer}/{name}").write_text(f"65534 {uid} 1")
            jail.sync.send(b"mapped")
        except OSError as error:
            jail.error = f"user map: {error}"
            self._kill(jail, "killed")

    def _meet_init(self, jail: Jail, pid: int) -> None:
        try:
            jail.init_fd = os.pidfd_open(pid)
        except OSError:
            return  # it died at once; the outer process's end says so
        jail.meter = usage.Meter(pid)
        if jail.cause:
            self._kill(jail, jail.cause)

    def _drain(self, jail: Jail) -> None:
        room = jail.limits.output_kb * 1024 - jail.written
        try:
            data = os.read(jail.output_pipe, 1 << 16)
        except BlockingIOError:
            return
        if not data:
            self.selector.unregister(jail.output_pipe)
            return
        kept = data[: max(room, 0)]
        if jail.layers.watchdog:
            # SECURITY: test_attack_fails[endless_output]
            if len(data) > room:
                self._kill(jail, "output")
        else:
            kept = data
        jail.written += len(kept)
        while kept:
            kept = kept[os.write(jail.output_file, kept) :]

    def _look(self) -> None:
        now = time.monotonic()
        for jail in list(self.by_slot.values()):
            if jail.ready is None:
                if now - jail.asked > _SETUP_S:
                    jail.error = "the jail was not ready in time"
                    self._kill(jail, "killed")
            elif not jail.cause and jail.layers.watchdog:
                self._judge(jail, now - jail.ready)

    def _judge(self, jail: Jail, age: float) -> None:
        # SECURITY: test_attack_fails[hang], [memory_by_many], [cpu_by_many]
        limits = jail.limits
        if age > limits.wall_s:
            self._kill(jail, "wall")
            return
        if jail.meter is None:
            return
        memory = limits.memory_mb * _MEGA
        used = jail.meter.look(enough=memory)
        if used.cpu_s > limits.cpu_s:
            self._kill(jail, "cpu")
        elif used.private > memory or used.share > memory + self.template:
            self._kill(jail, "memory")
        elif used.tasks > limits.processes:
            self._kill(jail, "processes")

    def _kill(self, jail: Jail, cause: str) -> None:
        """Kill PID 1 and so the whole jail; the outer process then ends by itself."""
        jail.cause = jail.cause or cause
        fd = jail.init_fd if jail.init_fd != NO_FD else jail.outer_fd
        if fd != NO_FD:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(fd, signal.SIGKILL)

    def _on_end(self, jail: Jail) -> None:
        """The outer process has ended, and so has all that was in the jail."""
        while jail.sync in _registered(self.selector) and _readable(jail.sync):
            self._on_sync(jail)
        while jail.output_pipe in _registered(self.selector) and _readable(jail.output_pipe):
            self._drain(jail)
        if jail.ready is None:
            self._tell(jail, {"failed": jail.error or "the jail died before it was ready"})
        else:
            self._tell(jail, {"exit": exit_of(jail)})
        self._forget(jail)

    def _fail(self, jail: Jail, why: str) -> None:
        self._tell(jail, {"failed": why})
        self._forget(jail)

    def _tell(self, jail: Jail, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # the client may no longer listen
            wire_fds.send(jail.report, message)

    def _forget(self, jail: Jail) -> None:
        self.by_slot.pop(jail.slot, None)
        watched = _registered(self.selector)
        for what in (jail.report, jail.sync, jail.output_pipe, jail.outer_fd):
            if what in watched:
                self.selector.unregister(what)
        jail.report.close()
        jail.sync.close()
        for fd in (jail.output_pipe, jail.output_file, jail.outer_fd, jail.init_fd):
            if fd != NO_FD:
                os.close(fd)
        self._start_waiting()


def _registered(selector: selectors.BaseSelector) -> list[object]:
    return [key.fileobj for key in selector.get_map().values()]


def _readable(what: socket.socket | int) -> bool:
    return bool(select.select([what], [], [], 0)[0])
