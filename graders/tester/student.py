"""The student's code as a hidden test sees it: questions with deadlines, plain answers.

Trusted side. Nothing that comes back is believed beyond its bytes: an answer has the right id
and shape, or the child is given up and a fresh one is asked for. What went wrong is raised as a
`StudentFault` that carries a catalogue message.
"""

from __future__ import annotations

import itertools
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol

from graders.core import wire
from graders.core.records import Plain
from graders.core.wire import Handle, WireError, WireFault
from graders.tester.answers import told_fault
from graders.tester.faults import BadTests, StudentFault, TesterLost
from graders.tester.job import ChildEnd, Settings

_END_KEYS = {
    ChildEnd.RUNNING: "tester.closed",
    ChildEnd.EXITED: "tester.exited",
    ChildEnd.CRASHED: "tester.crashed",
    ChildEnd.MEMORY: "tester.memory",
    ChildEnd.TIME: "tester.wall_limit",
    ChildEnd.PROCESSES: "tester.processes",
    ChildEnd.OUTPUT: "tester.output",
}


class Line(Protocol):
    """An open connection to one jailed child."""

    @property
    def sock(self) -> socket.socket:
        """The connection."""

    def end(self) -> ChildEnd:
        """Say why the child died."""

    def close(self) -> None:
        """Give the child up."""


@dataclass(slots=True)
class Budget:
    """What one submission may use up, over all its children."""

    settings: Settings
    spent: float = 0.0
    children: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    last: dict[str, StudentFault] = field(default_factory=dict)
    broken_imports: dict[str, StudentFault] = field(default_factory=dict)

    def left(self) -> float:
        """Return the seconds left for the student's code."""
        return max(0.0, self.settings.total_wall - self.spent)


class Drivers:
    """The assignment's drivers: source that runs in the jail beside the student's code."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[str, str] = {}

    def source(self, name: str) -> str:
        """Return the source of ``drivers/<name>.py``.

        Raises:
            BadTests: There is no such driver.
        """
        if name not in self._sources:
            path = self._folder / f"{name}.py"
            if not name.isidentifier() or not path.is_file():
                raise BadTests(f"there is no driver {name!r}", where=str(path))
            self._sources[name] = path.read_text(encoding="utf-8")
        return self._sources[name]


class Student:
    """The `student` fixture of hidden tests.

    Args:
        connect: Starts a fresh jailed child.
        drivers: The assignment's drivers.
        budget: What the submission may still use up.
        import_student: Whether the student's package can be imported in the children.
    """

    def __init__(
        self,
        connect: Callable[[bool], Line],
        drivers: Drivers,
        budget: Budget,
        import_student: bool = True,
    ) -> None:
        self._connect = connect
        self._drivers = drivers
        self._budget = budget
        self._import_student = import_student
        self._line: Line | None = None
        self._imported: set[str] = set()
        self._sent_drivers: set[str] = set()
        self._ids = itertools.count(1)
        self._kept = itertools.count(1)

    def call(
        self, target: str, *args: Any, keep: bool = False, timeout: float | None = None, **kw: Any
    ) -> Any:
        """Call ``"module:function"`` of the student's package.

        Args:
            target: Module inside the package and a dotted name in it.
            args: Plain data or handles.
            keep: Leave the result in the jail and return a `Handle` for it.
            timeout: Seconds; by default the assignment's.
            kw: Named arguments, likewise.

        Raises:
            StudentFault: The call gave no plain answer; the message says why.
        """
        module = target.partition(":")[0]
        self._import(module)
        request = {"op": "call", "target": target, "args": list(args), "kwargs": kw}
        return self._invoke(target, request, keep, timeout)

    def drive(
        self,
        driver: str,
        function: str,
        *args: Any,
        keep: bool = False,
        timeout: float | None = None,
        **kw: Any,
    ) -> Any:
        """Call a function of ``drivers/<driver>.py`` in the jail; otherwise as `call`."""
        source = self._drivers.source(driver)
        request = {
            "op": "drive",
            "driver": driver,
            "source": source,
            "function": function,
            "args": list(args),
            "kwargs": kw,
        }
        return self._invoke(f"{driver}.{function}", request, keep, timeout)

    def drop(self, handle: Handle) -> None:
        """Forget a kept object."""
        if self._line is not None:
            self._ask({"op": "drop", "handle": handle.number}, "drop", self._timeout(None))

    @contextmanager
    def fresh(self, import_student: bool = False) -> Iterator[Student]:
        """Open another jailed child; by default one where the student's code cannot run."""
        other = Student(self._connect, self._drivers, self._budget, import_student)
        other._kept = self._kept  # a handle never means another child's object
        try:
            yield other
        finally:
            other.close()

    def close(self) -> None:
        """Give up the child, if there is one."""
        line, self._line = self._line, None
        self._imported.clear()
        if line is not None:
            line.close()

    def _import(self, module: str) -> None:
        """Import a module once per child; what failed once is not tried again."""
        if not self._import_student:
            raise BadTests(
                "a child without the student's code cannot call it",
                where=module,
                todo="Use student.fresh(import_student=True)",
            )
        broken = self._budget.broken_imports.get(module)
        if broken is not None:
            raise broken
        if module in self._imported and self._line is not None:
            return
        timeout = min(self._budget.settings.import_timeout, self._budget.left())
        try:
            self._ask({"op": "import", "module": module}, f"import {module}", timeout)
        except StudentFault as fault:
            self._budget.broken_imports[module] = fault
            raise
        self._imported.add(module)

    def _invoke(
        self, target: str, request: dict[str, Any], keep: bool, timeout: float | None
    ) -> Any:
        if self._budget.faults[target] >= self._budget.settings.faults_per_target:
            raise self._budget.last[target]
        number = next(self._kept) if keep else 0
        value = self._ask({**request, "keep": number}, target, self._timeout(timeout))
        return Handle(number) if keep else value

    def _timeout(self, timeout: float | None) -> float:
        wanted = self._budget.settings.call_timeout if timeout is None else timeout
        return min(wanted, self._budget.left())

    def _ask(self, request: dict[str, Any], target: str, timeout: float) -> Any:
        """Send one request and return its plain answer."""
        if self._budget.left() <= 0:
            raise self._out_of_time()
        request["id"] = next(self._ids)
        wire.copy_plain(request)  # the test's own mistake must not look like the student's
        line = self._open()
        started = time.monotonic()
        try:
            wire.send(line.sock, request, deadline=started + timeout)
            answer = wire.receive(line.sock, deadline=started + timeout)
        except WireError as error:
            self._budget.spent += time.monotonic() - started
            self._lose(line, target, error.fault, timeout)
        self._budget.spent += time.monotonic() - started
        return self._read(line, request, answer, target)

    def _open(self) -> Line:
        if self._line is None:
            if self._budget.children >= self._budget.settings.children:
                raise StudentFault("tester.too_many_crashes", {"n": self._budget.children})
            self._budget.children += 1
            self._imported.clear()
            self._line = self._connect(self._import_student)
        return self._line

    def _lose(self, line: Line, target: str, fault: WireFault, timeout: float = 0.0) -> NoReturn:
        """Give the child up after a fault of the protocol, and say whose it was."""
        args: dict[str, Plain] = {"function": target}
        if fault is WireFault.CLOSED:
            end = line.end()
            if end is ChildEnd.INFRA:
                self.close()
                raise TesterLost("the jailed process was lost", where=target)
            key = _END_KEYS[end]
        else:
            key = f"tester.{fault}"
        self.close()
        if key == "tester.timeout" and self._budget.left() <= 0:
            raise self._out_of_time()  # the call's own limit was not what ended it
        if key == "tester.timeout":
            args["seconds"] = _seconds(timeout)
            # One wait is enough: what did not end once would only cost the class time.
            self._budget.faults[target] = self._budget.settings.faults_per_target
        raise self._remember(target, StudentFault(key, args))

    def _out_of_time(self) -> StudentFault:
        return StudentFault(
            "tester.total_time", {"seconds": _seconds(self._budget.settings.total_wall)}
        )

    def _remember(self, target: str, fault: StudentFault) -> StudentFault:
        self._budget.faults[target] += 1
        self._budget.last[target] = fault
        return fault

    def _read(self, line: Line, request: Mapping[str, Any], answer: Any, target: str) -> Any:
        """Return the value of an answer, which may hold anything."""
        if type(answer) is not dict or len(answer) != 2 or not _is(answer.get("id"), request["id"]):
            self._lose(line, target, WireFault.MALFORMED)
        kept = request.get("keep", 0)
        if "ok" in answer and not kept:
            return answer["ok"]
        if kept and _is(answer.get("kept"), kept):
            return None
        fault = told_fault(answer.get("error"), target, request["op"] == "import")
        if fault is None:
            self._lose(line, target, WireFault.MALFORMED)
        raise fault


def _is(value: Any, number: int) -> bool:
    """Say whether a value from the jail is this very number, and no array or truth value."""
    return type(value) is int and value == number


def _seconds(value: float) -> str:
    return f"{value:g}"
