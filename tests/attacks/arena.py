"""Grades cheating submissions with the real tester and the real jail, and looks for harm."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from graders.core.errors import InfraError
from graders.core.records import Plain, RunOutcome
from graders.pipeline.engine import ENDS
from graders.sandbox import Bind, Child, JailSpec, Zygote
from graders.tester import ChildEnd, Settings, Tester, TestJob
from tests.attacks.attack import TIGHT
from tests.attacks.submissions import Cheat
from tests.attacks.world import World, received

ASSIGNMENT = Path(__file__).resolve().parent / "assignment"
HIDDEN = "zk-hidden-5b1f0c7e9d"  # the hidden tests' canary, see assignment/hidden_tests
PRELOAD = ("numpy",)
SEED = 20_261_124
_LIMITS = replace(TIGHT, wall_s=20.0, cpu_s=10.0, memory_mb=256)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What grading one submission came to."""

    score: int
    told: str  # all that the student would see, and the instructor's log
    output: bytes


class _Line:
    """A jailed child, as a tester asks for it."""

    def __init__(self, child: Child) -> None:
        self.child = child

    @property
    def sock(self) -> socket.socket:
        return self.child.sock

    def end(self) -> ChildEnd:
        last = self.child.wait(2)
        return ChildEnd.RUNNING if last is None else ENDS[last.cause]

    def close(self) -> None:
        self.child.close()


class Arena:
    """One tester, one warm process, and a folder for submissions.

    Args:
        world: What may not be harmed.
        zygote: The warm process; its preload decides what a student's memory holds.
        tester: None reads the verdict from the child, as no grader should.
    """

    def __init__(self, world: World, zygote: Zygote, tester: Tester | None) -> None:
        self.world = world
        self.zygote = zygote
        self.tester = tester
        self.children: list[Child] = []
        self.folder = world.scratch / "toy"

    def baseline(self) -> int:
        """Return the score of the submission that every attack starts from."""
        return self._grade(Cheat("baseline", 0), f"zk{0:012}").score

    def strike(self, cheat: Cheat, baseline: int) -> tuple[str, ...]:
        """Grade one cheat; return the harm it did, which is nothing when the grader held."""
        mark = f"zk{secrets.token_hex(6)}"
        try:
            harm = [*self._harm(cheat, mark, baseline), *self.world.after(mark)]
        finally:
            self.world.clear(mark)
        return tuple(harm)

    def _harm(self, cheat: Cheat, mark: str, baseline: int) -> Iterator[str]:
        try:
            outcome = self._grade(cheat, mark)
        except (InfraError, OSError) as error:
            yield f"the grader broke: {error}"
            return
        if outcome.score > baseline:
            yield f"the score rose from {baseline} to {outcome.score}"
        seen = outcome.told.encode() + outcome.output
        if self.world.secret.encode() in seen or HIDDEN.encode() in seen:
            yield "a secret came out"

    def _grade(self, cheat: Cheat, mark: str) -> Outcome:
        known = self.world.arguments(mark, _LIMITS)
        self._write(
            cheat.contents(
                MARK=mark,
                ASSIGNMENT=str(ASSIGNMENT),
                BOUND=str(known["bound"]),
                DATABASE=str(known["database"]),
                FILE=str(known["file"]),
            )
        )
        self.children.clear()
        try:
            if self.tester is None:
                return self._believe()
            report = self.tester.run(
                TestJob(
                    package="toy",
                    submission=self.folder,
                    seed=SEED,
                    settings=Settings(call_timeout=5, import_timeout=5, total_wall=20),
                ),
                self,
            )
        finally:
            for child in self.children:
                child.close()
            shutil.rmtree(self.folder)
        if report.outcome is RunOutcome.INFRA:
            raise InfraError(report.log)
        score = sum(case.earned or 0 for case in report.cases)
        told = json.dumps([asdict(case) for case in report.cases], default=str)
        output = b"".join(child.output() for child in self.children)
        return Outcome(int(score), told + report.log, output)

    def _write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for path in (self.folder, *self.folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

    def _believe(self) -> Outcome:
        """Run the tests in the jail and take its word for the score, wherever it says it."""
        child = self._spawn(
            entry="tests.attacks.naive:grade",
            binds=(Bind(ASSIGNMENT, "/assignment"),),
            args={"seed": 0},
        )
        end = child.wait(30)
        lines = [*received(child.sock).splitlines(), *child.output().splitlines()]
        scores = [score for line in lines if (score := _score(line)) is not None]
        if not scores and end is not None and end.status == 0:
            scores = [7]  # a test run that ends well
        return Outcome(max(scores, default=0), "", b"")

    def _spawn(self, entry: str, binds: tuple[Bind, ...], args: dict[str, Plain]) -> Child:
        child = self.zygote.spawn(
            JailSpec(
                binds=(Bind(self.folder, "/submission/toy"), *binds),
                limits=_LIMITS,
                entry=entry,
                args=args,
            )
        )
        self.children.append(child)
        return child

    # -- what a run of the tester asks for -------------------------------------------------

    def connect(self, import_student: bool) -> _Line:
        """Start a fresh jailed child."""
        args: dict[str, Plain] = {"package": "toy", "import_student": import_student}
        return _Line(self._spawn("graders.sandbox.serve:serve", (), args))

    def memo_get(self, key: str) -> Plain | None:
        """Know nothing."""

    def memo_put(self, key: str, value: Plain) -> None:
        """Keep nothing."""


def _score(line: bytes) -> int | None:
    try:
        return int(json.loads(line)["score"])
    except (ValueError, TypeError, KeyError):
        return None
