"""A small world to attack: files, sockets and a process that nothing in a jail may touch.

`World.strike` runs one attack and says what harm was seen, from outside the jail wherever that is
possible. Whatever a removed layer lets through is found by its mark and cleared away at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from graders.sandbox import Bind, Child, JailSpec, Limits, Zygote
from tests.attacks.attack import PRELUDE, Attack

_GRACE_S = 3.0  # in which a jail is ended that is past its time
_PATIENCE_S = 10.0  # more of it, on a machine that is busy with other things
_LIMITS = {"wall", "cpu", "memory", "processes", "output"}
_SHARED = [Path("/tmp"), Path("/dev/shm")]
_libc = ctypes.CDLL(None, use_errno=True)


class World:
    """Files, sockets and a process of whoever runs the grader; a context manager."""

    def __init__(self) -> None:
        self.secret = f"zk-{secrets.token_hex(12)}"
        self.abstract = f"zachetka-{secrets.token_hex(8)}"
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self.folder.chmod(0o777)
            self.scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self.scratch.chmod(0o755)
            self._listen(stack)
            self.victim = stack.enter_context(_victim())
            stack.enter_context(_variable("ZACHETKA_JUDGE_KEY", self.secret))
            stack.enter_context(_variable("SSH_AUTH_SOCK", str(self.folder / "agent")))
            self._write_files()
            self._stack = stack.pop_all()
        self._quiet = self._look()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _listen(self, stack: contextlib.ExitStack) -> None:
        tcp = stack.enter_context(socket.create_server(("", 0)))
        self.port = tcp.getsockname()[1]
        self.listeners = [tcp]
        for name in (
            f"\0{self.abstract}",
            f"\0{self.secret}",
            str(self.folder / "docker.sock"),
            str(self.folder / "agent"),
        ):
            sock = stack.enter_context(socket.socket(socket.AF_UNIX))
            sock.bind(name)
            sock.listen()
            self.listeners.append(sock)
        for name in ("docker.sock", "agent"):
            (self.folder / name).chmod(0o777)

    def _write_files(self) -> None:
        for name in ("canary", "answers_of_s02.py"):
            (self.folder / name).write_text(self.secret)
        bound = self.folder / "hw1"
        bound.mkdir(exist_ok=True)
        (bound / "answers.py").write_text("")
        database = self.folder / "zk.db"
        database.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.execute(f"CREATE TABLE grades AS SELECT '{self.secret}' AS grade")
        for path in (self.folder, *self.folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() or path.is_socket() else 0o666)

    def arguments(self, mark: str, limits: Limits) -> dict[str, object]:
        """Return what an attacker may know: every address and path, but no secret."""
        hosts = {"127.0.0.1"}
        with contextlib.suppress(OSError):
            hosts |= {*socket.gethostbyname_ex(socket.gethostname())[2]}
        return {
            "abstract": self.abstract,
            "address": id(self.secret),
            "bound": str(self.folder / "hw1"),
            "database": str(self.folder / "zk.db"),
            "docker_sock": str(self.folder / "docker.sock"),
            "file": str(self.folder / "canary"),
            "hosts": sorted(hosts),
            "key": int(mark[2:9], 16),
            "limits": asdict(limits),
            "mark": mark,
            "other": str(self.folder / "answers_of_s02.py"),
            "port": self.port,
            "ssh_agent": str(self.folder / "agent"),
            "victim": self.victim.pid,
        }

    # -- one attack ------------------------------------------------------------------------

    def strike(self, zygote: Zygote, attack: Attack) -> tuple[str, ...]:
        """Run one attack; return the harm it did, which is nothing when the jail held."""
        mark = f"zk{secrets.token_hex(6)}"
        spec = JailSpec(
            binds=(Bind(self.folder / "hw1", "/submission/hw1"),),
            limits=attack.limits,
            entry="graders.sandbox.probe:probe",
            args={
                **self.arguments(mark, attack.limits),
                "source": PRELUDE + attack.program,
            },
        )
        try:
            with zygote.spawn(spec) as child:
                harm = [*self._watch(child, attack.limits)]
            harm += self.after(mark)
        finally:
            self.clear(mark)
        if not zygote.alive():
            harm.append("the grader broke")
            zygote.restart()
        return tuple(harm)

    def _watch(self, child: Child, limits: Limits) -> Iterator[str]:
        end_of_patience = time.monotonic() + limits.wall_s + _GRACE_S
        said, end = bytearray(), None
        while end is None and time.monotonic() < end_of_patience:
            end = child.wait(0.02)
            said += received(child.sock)  # even when it has ended: the last words are in there
        late = end is None
        end = end or child.wait(_PATIENCE_S)
        if late and (end is None or end.cause not in _LIMITS):
            yield "it ran on past its time"
        elif end is not None and end.cause == "killed":
            yield "its end looked like the machine's fault"
        output = child.output()
        if len(output) > limits.output_kb * 1024:
            yield "it wrote more than its limit"
        if self.secret.encode() in said + output:
            yield "a secret came out"
        if b'{"won": true}' in said:
            yield "it got what it asked for"

    def after(self, mark: str) -> Iterator[str]:
        if any(mark in _name(pid) for pid in _processes()):
            yield "a process survived"
        if select.select(self.listeners, [], [], 0)[0]:
            yield "a listener was reached"
        if self._look() != self._quiet:
            yield "something on the host changed"
        if _ipc(mark) or any(next(f.glob(f"{mark}*"), None) for f in _SHARED):
            yield "it left something on the host"

    def _look(self) -> object:
        """Return all that an attack could change."""
        files = sorted(
            (str(p), s.st_mode, s.st_uid, s.st_size, s.st_mtime_ns)
            for p in (self.folder, *self.folder.rglob("*"))
            for s in [p.lstat()]
        )
        pid = self.victim.pid
        alive = self.victim.poll() is None
        return (
            files,
            alive,
            alive
            and (
                os.sched_getaffinity(pid),
                os.getpriority(os.PRIO_PROCESS, pid),
                Path(f"/proc/{pid}/limits").read_text(),
            ),
        )

    def clear(self, mark: str) -> None:
        """Take away whatever an attack left, and mend what it broke."""
        for pid in _processes():
            if mark in _name(pid):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        for listener in self.listeners:
            while select.select([listener], [], [], 0)[0]:
                listener.accept()[0].close()
        for path in (p for folder in _SHARED for p in folder.glob(f"{mark}*")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for remove, number in _ipc(mark):
            remove(number, 0, 0)
        if self._look() != self._quiet:
            for path in self.folder.rglob("*"):
                if path.is_file():
                    path.unlink()
            self._write_files()
            if self.victim.poll() is not None:
                self.victim = self._stack.enter_context(_victim())
            else:
                os.sched_setaffinity(self.victim.pid, os.sched_getaffinity(0))
            self._quiet = self._look()


def received(sock: socket.socket) -> bytes:
    """Return what has come over a connection so far."""
    got = bytearray()
    sock.setblocking(False)
    with contextlib.suppress(OSError):
        while piece := sock.recv(1 << 16):
            got += piece
    return bytes(got)


@contextlib.contextmanager
def _victim() -> Iterator[subprocess.Popen[bytes]]:
    code = "import time; print(flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""


def _ipc(mark: str) -> list[tuple[object, int]]:
    """Return the System V objects that an attack left on the host."""
    key = int(mark[2:9], 16)
    shm, queue, semaphores = _libc.shmget(key, 0, 0), _libc.msgget(key, 0), _libc.semget(key, 0, 0)
    found = [
        (_libc.shmctl, shm),
        (_libc.msgctl, queue),
        (lambda number, *_: _libc.semctl(number, 0, 0), semaphores),
    ]
    return [(remove, number) for remove, number in found if number >= 0]
