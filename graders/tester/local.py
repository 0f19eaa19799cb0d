"""Public tests on the student's own machine: the same fixtures, in process, on any system.

There is no jail and no second process here, so nothing that this module says is a grade. Data
cross between test and code as copies made by the wire's rules, so that what is refused by the
grader is refused here too.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import traceback
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graders.core import wire
from graders.core.errors import InfraError
from graders.core.messages import Messages
from graders.core.records import Case, Plain
from graders.core.wire import Handle, WireError
from graders.tester.answers import place
from graders.tester.case import Memo
from graders.tester.faults import StudentFault
from graders.tester.student import Drivers
from graders.tester.submission import SubmissionFiles


@dataclass(frozen=True, slots=True)
class LocalCase:
    """One test's outcome, its message in words and the log lines for its author."""

    case: Case
    text: str
    log: str


@dataclass(frozen=True, slots=True)
class LocalRun:
    """What to run, and on what.

    Args:
        tests: Folder with the test files.
        package_dir: The student's package folder; its name is the import name.
        drivers: Folder with drivers.
        submission: Folder that the `submission` fixture reads.
        seed: Seed of the random inputs.
        hidden_dir: What the `hidden_dir` fixture is.
        settings: What the `settings` fixture is.
        keys: Cases to run; None runs all.
    """

    tests: Path
    package_dir: Path
    drivers: Path
    submission: Path
    seed: int = 0
    hidden_dir: Path | None = None
    settings: Mapping[str, Plain] = field(default_factory=dict)
    keys: frozenset[str] | None = None


class LocalStudent:
    """The `student` fixture without a jail: the package is imported here.

    Args:
        package_dir: The student's package folder.
        drivers: The assignment's drivers.
    """

    def __init__(self, package_dir: Path, drivers: Drivers) -> None:
        self._folder = package_dir.resolve()
        self._drivers = drivers
        self._kept: dict[int, Any] = {}
        self._loaded: dict[str, types.ModuleType] = {}

    def call(
        self, target: str, *args: Any, keep: bool = False, timeout: float | None = None, **kw: Any
    ) -> Any:
        """Call a function of the package; as `graders.tester.student.Student.call`."""
        del timeout  # the student's Ctrl-C is the deadline here
        module_name, _, name = target.partition(":")
        full = f"{self._folder.name}.{module_name}" if module_name else self._folder.name
        asked = f"import {module_name}"
        try:
            module = importlib.import_module(full)
        except ModuleNotFoundError as error:
            if error.name in {full, self._folder.name}:
                raise StudentFault("tester.missing_module", {"name": full}) from None
            raise self._raised("tester.import_failed", asked, error) from error
        except (Exception, SystemExit) as error:
            raise self._raised("tester.import_failed", asked, error) from error
        return self._invoke(module, name, target, keep, args, kw)

    def drive(
        self,
        driver: str,
        function: str,
        *args: Any,
        keep: bool = False,
        timeout: float | None = None,
        **kw: Any,
    ) -> Any:
        """Call a function of a driver; as `graders.tester.student.Student.drive`."""
        del timeout
        if driver not in self._loaded:
            module = types.ModuleType(f"driver_{driver}")
            sys.modules[module.__name__] = module
            code = compile(self._drivers.source(driver), f"<driver {driver}>", "exec")
            exec(code, module.__dict__)  # noqa: S102 - the course's own code
            self._loaded[driver] = module
        target = f"{driver}.{function}"
        return self._invoke(self._loaded[driver], function, target, keep, args, kw)

    def drop(self, handle: Handle) -> None:
        """Forget a kept object."""
        self._kept.pop(handle.number, None)

    @contextmanager
    def fresh(self, import_student: bool = False) -> Iterator[LocalStudent]:
        """Give a student with no kept objects; there is no second process here."""
        del import_student
        yield LocalStudent(self._folder, self._drivers)

    def _invoke(
        self,
        module: types.ModuleType,
        name: str,
        target: str,
        keep: bool,
        args: tuple[Any, ...],
        kw: dict[str, Any],
    ) -> Any:
        function: Any = module
        for part in name.split("."):
            try:
                function = getattr(function, part)
            except AttributeError:
                missing = f"{module.__name__}:{name}"
                raise StudentFault("tester.missing_function", {"name": missing}) from None
        given, named = self._resolve(wire.copy_plain([list(args), kw]), target)
        try:
            result = function(*given, **named)
        except (Exception, SystemExit) as error:
            raise self._raised("tester.raised", target, error) from error
        if keep:
            number = len(self._kept) + 1
            self._kept[number] = result
            return Handle(number)
        try:
            return wire.copy_plain(result)
        except WireError as error:
            args_ = {"function": target, "type": error.type_name, "where": place(error.where)}
            raise StudentFault(f"tester.{error.fault}", args_) from None

    def _resolve(self, value: Any, target: str) -> Any:
        if type(value) is Handle:
            if value.number not in self._kept:
                raise StudentFault("tester.lost", {"function": target})
            return self._kept[value.number]
        if type(value) is list or type(value) is tuple:
            return type(value)([self._resolve(element, target) for element in value])
        if type(value) is dict:
            return {key: self._resolve(element, target) for key, element in value.items()}
        return value

    def _raised(self, key: str, target: str, error: BaseException) -> StudentFault:
        trace = []
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith(str(self._folder)):
                place = Path(frame.filename).relative_to(self._folder.parent).as_posix()
                trace.append(f"{place}:{frame.lineno} {frame.name}")
        if isinstance(error, SyntaxError):
            trace.append(f"{Path(error.filename or '?').name}:{error.lineno}")
        if isinstance(error, MemoryError) and key == "tester.raised":
            return StudentFault("tester.memory", {"function": target}, tuple(trace))
        args: dict[str, Plain] = {
            "function": target,
            "type": type(error).__name__,
            "message": str(error),
            "where": trace[-1] if trace else "?",
        }
        return StudentFault(key, args, tuple(trace))


@contextmanager
def _importable(package_dir: Path) -> Iterator[None]:
    """Make the package importable anew, and forget it afterwards."""
    name, parent = package_dir.resolve().name, str(package_dir.resolve().parent)
    _forget(name)
    sys.path.insert(0, parent)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(parent)
        _forget(name)


def _forget(package: str) -> None:
    for name in list(sys.modules):
        if name == package or name.startswith(f"{package}."):
            del sys.modules[name]


@contextmanager
def _forgotten(tests: Path) -> Iterator[None]:
    """Forget the test modules afterwards: pytest would take them again by their names."""
    try:
        yield
    finally:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and Path(file).is_relative_to(tests):
                del sys.modules[name]


def run_here(what: LocalRun, messages: Messages) -> tuple[LocalCase, ...]:
    """Run test files in this process.

    Raises:
        CourseError: The tests cannot be run as they are written.
        InfraError: pytest is not usable here.
    """
    try:
        from graders.tester.plugin import run_tests
        from graders.tester.session import Session
    except ImportError as error:
        raise InfraError(
            "the tests need a package that is not installed",
            where=str(error.name or "?"),
            todo="Install it with pip and try again",
        ) from error
    results: list[LocalCase] = []

    def keep(case: Case, log: str) -> None:
        text = messages.text(case.message, **case.args) if case.message else ""
        results.append(LocalCase(case, text, log))

    session = Session(
        student=LocalStudent(what.package_dir, Drivers(what.drivers)),
        submission=SubmissionFiles(what.submission),
        memo=Memo(lambda key: None, lambda key, value: None),
        seed=what.seed,
        catalogue=messages.keys,
        keys=what.keys,
        hidden_dir=what.hidden_dir,
        settings=what.settings,
        on_plan=lambda plan: None,
        on_case=keep,
    )
    tests = what.tests.resolve()
    with (
        tempfile.TemporaryDirectory() as scratch,
        _importable(what.package_dir),
        _forgotten(tests),
    ):
        run_tests(session, tests, Path(scratch))
    return tuple(results)


def run_public(
    assignment_dir: Path, package_dir: Path, lang: str = "ru", seed: int = 0
) -> tuple[LocalCase, ...]:
    """Run an assignment's public tests on a package, in this process.

    Drivers and student's code that use the base model or its tokenizer find what
    `graders.sandbox.warm` has loaded into this process before.

    Args:
        assignment_dir: The assignment's folder, in the repository or in a bundle; the data are
            taken from the folder `data` beside `assignments`, where a bundle has them.
        package_dir: The student's folder: the package, and all that is handed in.
        lang: Language of the messages.
        seed: Seed of the random inputs.

    Raises:
        CourseError: The tests or the catalogue are broken.
    """
    messages = Messages.load([assignment_dir / "locale"], lang)
    data = assignment_dir.resolve().parents[1] / "data"
    what = LocalRun(
        tests=assignment_dir / "public_tests",
        package_dir=package_dir,
        drivers=assignment_dir / "drivers",
        submission=package_dir.resolve(),
        seed=seed,
        hidden_dir=data if data.is_dir() else None,
    )
    return run_here(what, messages)
