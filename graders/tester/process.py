"""The tester as the controller sees it: a warm trusted process that runs hidden tests on demand.

    with Tester.start(folder) as tester:
        report = tester.run(TestJob(...), services)

`run` may be called from several threads. It answers the job's questions (`Services`) in the
calling thread and keeps every case as it ends, so that a job that dies leaves what it had found.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from graders.core.errors import InfraError
from graders.core.messages import Messages
from graders.core.records import Case, CaseStatus, Flag, Plain, RunOutcome, RunReport
from graders.tester.channel import Channel
from graders.tester.faults import BadTests
from graders.tester.job import JailedChild, Services, TestJob
from graders.tester.worker import job_as_told

START_S = 120.0
_ROOT = str(Path(__file__).resolve().parents[2])
_MAIN = (
    "import sys; sys.path.append(sys.argv[2]);"
    "from graders.tester.worker import main; main(int(sys.argv[1]))"
)


class Tester:
    """A warm process for one assignment's hidden tests; use as a context manager.

    Args:
        folder: The assignment's folder.
    """

    __test__ = False  # its name is no pytest class

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Channel | None = None

    @classmethod
    def start(cls, folder: Path) -> Tester:
        """Start the warm process.

        Raises:
            CourseError: The message catalogues are broken.
            InfraError: The process did not come up.
        """
        tester = cls(folder)
        with tester._lock:
            tester._launch()
        return tester

    def run(self, job: TestJob, services: Services) -> RunReport:
        """Run the hidden tests on one submission.

        Raises:
            BadTests: The hidden tests cannot be run as they are written.
        """
        ours, theirs = socket.socketpair()
        patience = job.settings.total_wall + job.settings.tests_wall
        conversation = _Conversation(Channel(ours), services, patience)
        try:
            with theirs, self._lock:
                self._hand_over(job, theirs)
            return conversation.hold()
        except OSError as error:
            return conversation.report(f"the tester is gone: {error}")
        finally:
            conversation.close()

    def _hand_over(self, job: TestJob, theirs: socket.socket) -> None:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._launch()
        assert self._control is not None
        self._control.send(job_as_told(job), theirs.fileno())

    def _launch(self) -> None:
        catalogue = Messages.load([self._folder / "locale"]).keys
        ours, theirs = socket.socketpair()
        ours.settimeout(START_S)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _MAIN, str(theirs.fileno()), _ROOT],
                env=_environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is the controller's to handle
            )
        self._control = Channel(ours)
        try:
            self._control.send({"folder": str(self._folder), "catalogue": sorted(catalogue)})
            ready = self._control.receive()
        except OSError:
            ready = None
        if ready is None:
            self._stop()
            raise InfraError(
                "the tester's process did not start", todo="Run: zachetka doctor, then try again"
            )
        ours.settimeout(None)

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # its forks share its group
            self._process.wait()
        self._control = self._process = None

    def close(self) -> None:
        """Kill the warm process and every job under way."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Tester:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _environment() -> dict[str, str]:
    """Return what the tester needs of the environment: no keys, no URLs, no user's settings."""
    kept = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
    fixed = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    return {name: os.environ[name] for name in kept if name in os.environ} | fixed


@dataclass(slots=True)
class _Conversation:
    """One job's questions and news, from its start to its end.

    Args:
        channel: The controller's end.
        services: Who answers.
        patience: Seconds that the job may take, besides the time that answers take.
    """

    channel: Channel
    services: Services
    patience: float
    pid: int = 0
    ended: bool = False
    plan: dict[str, Case] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)
    children: dict[int, JailedChild] = field(default_factory=dict)

    def hold(self) -> RunReport:
        """Listen until the job ends, and return what it found."""
        deadline = time.monotonic() + self.patience
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return self.report(f"the hidden tests took more than {self.patience:g} s")
            self.channel.sock.settimeout(left)
            try:
                message = self.channel.receive()
            except TimeoutError:
                continue
            if message is None:
                self.ended = True
                return self.report("the tester's job died")
            body = message.body
            if "done" in body:
                self.ended = True
                return self._finish(body["done"])
            if "ask" in body:
                asked = time.monotonic()
                self._answer(body)
                deadline += time.monotonic() - asked
            else:
                self._note(body)

    def _note(self, body: dict[str, Any]) -> None:
        if "pid" in body:
            self.pid = body["pid"]
        elif "plan" in body:
            for key, part, points in body["plan"]:
                self.plan[key] = Case(
                    key, part, Decimal(points), None, CaseStatus.UNSCORED, "tester.infra"
                )
        else:
            told = body["case"]
            self.plan[told["key"]] = Case(
                key=told["key"],
                part=told["part"],
                points=Decimal(told["points"]),
                earned=None if told["earned"] is None else Decimal(told["earned"]),
                status=CaseStatus(told["status"]),
                message=told["message"],
                args=told["args"],
            )
            if body["log"]:
                self.logs.append(body["log"])

    def _answer(self, body: dict[str, Any]) -> None:
        self.channel.sock.settimeout(None)
        try:
            answer, fd = self._serve(body)
        except InfraError as error:
            answer, fd = {"infra": str(error)}, None
        self.channel.send(answer, fd)

    def _serve(self, body: dict[str, Any]) -> tuple[dict[str, Plain], int | None]:
        what = body["ask"]
        if what == "connect":
            child = self.services.connect(body["import_student"])
            number = len(self.children) + 1
            self.children[number] = child
            return {"child": number}, child.sock.fileno()
        if what == "end":
            return {"answer": self.children[body["child"]].end().value}, None
        if what == "close":
            self.children[body["child"]].close()
            return {"answer": None}, None
        if what == "memo_get":
            return {"answer": self.services.memo_get(body["key"])}, None
        self.services.memo_put(body["key"], body["value"])
        return {"answer": None}, None

    def _finish(self, done: dict[str, Any]) -> RunReport:
        if "bad_tests" in done:
            what, where, todo = done["bad_tests"]
            raise BadTests(what, where=where, todo=todo)
        if done.get("infra"):
            return self.report(str(done["infra"]))
        return RunReport(
            outcome=RunOutcome.COMPLETED,
            cases=tuple(self.plan.values()),
            flags=tuple(Flag(key, args) for key, args in done["flags"]),
            facts=done["facts"],
            log="\n".join(self.logs),
        )

    def report(self, why: str) -> RunReport:
        """Return what is known of a job that the machine has failed."""
        return RunReport(
            outcome=RunOutcome.INFRA,
            cases=tuple(self.plan.values()),
            log="\n".join([*self.logs, why]),
        )

    def close(self) -> None:
        """End the job and its children."""
        self.channel.close()
        if self.pid and not self.ended:  # afterwards the number may be another process's
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        for child in self.children.values():
            child.close()
