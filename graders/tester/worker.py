"""The tester's own processes: one is warm and waits, and each job gets a fork of it.

Trusted side: hidden tests run here, and no line of a student's code does. The warm process has
one thread and imports what hidden tests usually need, so that a job starts at once; what one job
does to its memory is gone with its fork. A fork reaches a jailed child only through a descriptor
that the controller passed to it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from graders.core.canonical import plain
from graders.core.errors import CourseError
from graders.core.records import Case, Plain
from graders.tester.case import Memo
from graders.tester.channel import Channel
from graders.tester.faults import TesterLost
from graders.tester.job import ChildEnd, Settings, TestJob
from graders.tester.plugin import run_tests
from graders.tester.session import Planned, Session
from graders.tester.student import Budget, Drivers, Student
from graders.tester.submission import SubmissionFiles

PRELOAD = ("pytest", "hypothesis", "numpy", "graders.core.wire_arrays")
_PR_SET_PDEATHSIG = 1


def main(control_fd: int) -> None:
    """Serve jobs until the controller closes its end."""
    control = Channel(socket.socket(fileno=control_fd))
    setup = control.receive()
    if setup is None:
        return
    folder, keys = Path(setup.body["folder"]), frozenset(setup.body["catalogue"])
    for name in PRELOAD:
        with contextlib.suppress(ImportError):  # hidden tests that need one will say so
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended jobs leave no zombies
    control.send({"ready": True})
    while True:
        message = control.receive()
        if message is None:
            return
        assert message.fd is not None
        parent = os.getpid()
        if os.fork() == 0:
            control.close()
            _be_a_job(parent, Channel(socket.socket(fileno=message.fd)), message.body, folder, keys)
        os.close(message.fd)


def _be_a_job(
    parent: int, channel: Channel, told: dict[str, Any], folder: Path, keys: frozenset[str]
) -> NoReturn:
    """Run one job in this fork, tell the controller how it ended, and leave the process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    try:
        channel.send({"pid": os.getpid()})
        ended = _run(_Controller(channel), job_from(told), folder, keys)
    except CourseError as error:
        ended = {"bad_tests": [error.what, error.where, error.todo]}
    except OSError:  # the controller no longer listens
        os._exit(1)
    except BaseException as error:
        ended = {"infra": f"{type(error).__name__}: {error}"}
    with contextlib.suppress(OSError):
        channel.send({"done": ended})
    os._exit(0)


def _run(
    controller: _Controller, job: TestJob, folder: Path, keys: frozenset[str]
) -> dict[str, Any]:
    budget = Budget(job.settings)
    student = Student(controller.connect, Drivers(folder / "drivers"), budget)
    session = Session(
        student=student,
        submission=SubmissionFiles(job.submission),
        memo=Memo(controller.memo_get, controller.memo_put),
        seed=job.seed,
        catalogue=keys,
        keys=job.keys,
        hidden_dir=job.hidden_dir,
        settings=job.facts,
        on_plan=controller.plan,
        on_case=controller.case,
    )
    # What the tests print is nobody's: the controller's terminal belongs to its progress.
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    with tempfile.TemporaryDirectory() as scratch:
        sys.dont_write_bytecode = True
        run_tests(session, folder / "hidden_tests", Path(scratch))
    student.close()
    return {
        "infra": session.infra,
        "facts": session.findings.facts,
        "flags": [[flag.key, dict(flag.args)] for flag in session.findings.flags],
    }


class _Controller:
    """Questions and news to the controller, from inside a job."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def connect(self, import_student: bool) -> _Line:
        """Ask for a fresh jailed child."""
        self._channel.send({"ask": "connect", "import_student": import_student})
        answer = self._channel.receive()
        if answer is None or answer.fd is None:
            why = answer.body.get("infra", "no answer") if answer else "the controller is gone"
            raise TesterLost("no jailed process could be started", where=str(why))
        return _Line(self, answer.body["child"], socket.socket(fileno=answer.fd))

    def ask(self, what: str, **args: Plain) -> Plain:
        """Ask a question and return its answer."""
        self._channel.send({"ask": what, **args})
        answer = self._channel.receive()
        if answer is None or "infra" in answer.body:
            why = answer.body["infra"] if answer else "the controller is gone"
            raise TesterLost("the controller could not answer", where=str(why))
        return answer.body.get("answer")

    def memo_get(self, key: str) -> Plain:
        """Return what was measured before under this key, or None."""
        return self.ask("memo_get", key=key)

    def memo_put(self, key: str, value: Plain) -> None:
        """Keep a measurement."""
        self.ask("memo_put", key=key, value=value)

    def plan(self, planned: list[Planned]) -> None:
        """Tell all cases before the first runs."""
        told = [[plan.key, plan.part, str(plan.points)] for plan in planned]
        self._channel.send({"plan": told})

    def case(self, case: Case, log: str) -> None:
        """Tell one case as it ends."""
        told = {
            "key": case.key,
            "part": case.part,
            "points": str(case.points),
            "earned": None if case.earned is None else str(case.earned),
            "status": case.status.value,
            "message": case.message,
            "args": plain(case.args),
        }
        self._channel.send({"case": told, "log": log})


class _Line:
    """A connection to one jailed child (`graders.tester.student.Line`)."""

    def __init__(self, controller: _Controller, number: int, sock: socket.socket) -> None:
        self._controller = controller
        self._number = number
        self._sock = sock

    @property
    def sock(self) -> socket.socket:
        """The connection."""
        return self._sock

    def end(self) -> ChildEnd:
        """Say why the child died."""
        return ChildEnd(self._controller.ask("end", child=self._number))

    def close(self) -> None:
        """Give the child up."""
        self._sock.close()
        self._controller.ask("close", child=self._number)


def job_as_told(job: TestJob) -> dict[str, Any]:
    """Return a job as plain data."""
    settings = job.settings
    return {
        "package": job.package,
        "submission": str(job.submission),
        "seed": job.seed,
        "hidden_dir": str(job.hidden_dir) if job.hidden_dir else None,
        "keys": sorted(job.keys) if job.keys is not None else None,
        "settings": {name: getattr(settings, name) for name in Settings.__slots__},
        "facts": plain(job.facts),
    }


def job_from(told: dict[str, Any]) -> TestJob:
    """Return the job that was told."""
    return TestJob(
        package=told["package"],
        submission=Path(told["submission"]),
        seed=told["seed"],
        hidden_dir=Path(told["hidden_dir"]) if told["hidden_dir"] else None,
        keys=frozenset(told["keys"]) if told["keys"] is not None else None,
        settings=Settings(**told["settings"]),
        facts=told["facts"],
    )
