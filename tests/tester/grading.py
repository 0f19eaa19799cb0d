"""Hidden tests written down in a test, run on a submission written down there too."""

from __future__ import annotations

import shutil
import socket
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graders.core.records import Case, Plain, RunReport
from graders.pipeline.engine import ENDS
from graders.sandbox import Bind, Child, JailSpec, Limits, Zygote
from graders.tester import ChildEnd, Settings, Tester, TestJob

LIMITS = Limits(memory_mb=192, wall_s=30, cpu_s=20, output_kb=64, processes=8)
HEAD = "import pytest\nfrom graders.tester.faults import CaseFailed\n"


class Jailed:
    """A jailed child as the tester sees it."""

    def __init__(self, child: Child) -> None:
        self.child = child

    @property
    def sock(self) -> socket.socket:
        """The trusted end."""
        return self.child.sock

    def end(self) -> ChildEnd:
        """Say why the child died."""
        last = self.child.wait(2.0)
        return ChildEnd.RUNNING if last is None else ENDS[last.cause]

    def close(self) -> None:
        """Kill the child."""
        self.child.close()


@dataclass
class Machine:
    """What a run asks for: children of a real zygote, and a memo in memory."""

    zygote: Zygote
    files: Path
    limits: Limits = LIMITS
    memo: dict[str, Plain] = field(default_factory=dict)
    children: list[Jailed] = field(default_factory=list)
    on_connect: Callable[[int], None] = lambda number: None

    def connect(self, import_student: bool) -> Jailed:
        """Start a child with the submission, which is the package `work`."""
        self.on_connect(len(self.children) + 1)
        spec = JailSpec(
            binds=(Bind(self.files, "/submission/work"),),
            limits=self.limits,
            args={"package": "work", "import_student": import_student},
        )
        self.children.append(Jailed(self.zygote.spawn(spec)))
        return self.children[-1]

    def memo_get(self, key: str) -> Plain | None:
        """Return what is known."""
        return self.memo.get(key)

    def memo_put(self, key: str, value: Plain) -> None:
        """Keep it."""
        self.memo[key] = value


@dataclass
class Grader:
    """One warm tester whose hidden tests every test writes anew."""

    tester: Tester
    zygote: Zygote
    folder: Path
    files: Path
    settings: dict[str, Any] = field(default_factory=lambda: {"call_timeout": 5.0})

    def hide(self, *tests: str, drivers: Mapping[str, str] | None = None) -> None:
        """Write the hidden tests and drivers."""
        for name in ("hidden_tests", "drivers"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()
        write(
            self.folder / "hidden_tests" / "test_work.py",
            HEAD + "".join(map(textwrap.dedent, tests)),
        )
        for name, text in (drivers or {}).items():
            write(self.folder / "drivers" / f"{name}.py", textwrap.dedent(text))

    def hand_in(self, code: str = "", **files: str) -> None:
        """Write the submission: `work/code.py` and other files, `name_json` for `name.json`."""
        shutil.rmtree(self.files, ignore_errors=True)
        self.files.mkdir()
        self.files.chmod(0o755)
        write(self.files / "__init__.py", "")
        write(self.files / "code.py", textwrap.dedent(code))
        for name, text in files.items():
            write(self.files / ".".join(name.rsplit("_", 1)), textwrap.dedent(text))

    def machine(self, **changed: Any) -> Machine:
        """Return a machine for one run."""
        return Machine(self.zygote, self.files, **changed)

    def job(self, **changed: Any) -> TestJob:
        """Return a job for the submission."""
        settings = Settings(**self.settings | changed.pop("settings", {}))
        told = {"seed": 1, "settings": settings} | changed
        return TestJob(package="work", submission=self.files, **told)

    def run(self, machine: Machine | None = None, **changed: Any) -> RunReport:
        """Run the hidden tests on the submission."""
        return self.tester.run(self.job(**changed), machine or self.machine())

    def case(self, code: str, body: str, **changed: Any) -> Case:
        """Run one hidden test with this body, worth 2 points, and return its case."""
        drivers = changed.pop("drivers", None)
        self.hide(one_test(body), drivers=drivers)
        self.hand_in(code)
        (case,) = self.run(**changed).cases
        return case


def one_test(body: str, key: str = "work.part.one", points: str = "2") -> str:
    """Return a hidden test with this body."""
    marker = f'@pytest.mark.points("{points}", key="{key}", part="part")'
    name = key.replace(".", "_")
    fixtures = "student, submission, case, rng, memo, seed, settings"
    return (
        f"{marker}\ndef test_{name}({fixtures}):\n"
        + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
        + "\n\n\n"
    )


def write(path: Path, text: str) -> None:
    """Write a file that everybody may read."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
