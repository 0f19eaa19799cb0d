"""Generated mutants against the hidden tests: which are killed, which survive, and why they may.

A mutant is first tried on the case that most often catches its function's hand-written mutants,
then on the others that do, or on all where no hand-written mutant says which. The first failure
ends it. It may use a few times what the reference uses, so an endless loop is a failure soon.
"""

from __future__ import annotations

import math
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from graders.core.config import Limits
from graders.core.records import CaseStatus, RunReport
from graders.pipeline.engine import Engine
from graders.pipeline.generated import SURVIVORS, Generated, Survivor

ENOUGH = Decimal("0.85")  # of the mutants that are not explained
LEAST_CPU_S, LEAST_WALL_S = 2, 20

Test = Callable[[str, Path, frozenset[str] | None, Limits | None], RunReport]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one generated mutant ended; `why` explains one that survived."""

    mutant: Generated
    killed: bool
    diff: str
    why: str | None = None

    def as_plain(self) -> dict[str, Any]:
        """Return the outcome as JSON-like data."""
        return {
            "function": self.mutant.function,
            "operator": self.mutant.operator,
            "line": self.mutant.line,
            "diff": self.diff,
            "explained": self.why,
        }


@dataclass(frozen=True, slots=True)
class Survival:
    """What the hidden tests are worth against mutants that nobody thought of.

    Args:
        outcomes: Every mutant of the sample, in the order of the sources.
        notes: Entries of `survivors.toml` that explain none of the survivors.
    """

    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()

    @property
    def killed(self) -> int:
        """How many the tests caught."""
        return sum(one.killed for one in self.outcomes)

    @property
    def survivors(self) -> tuple[Outcome, ...]:
        """Those that the tests did not catch."""
        return tuple(one for one in self.outcomes if not one.killed)

    @property
    def explained(self) -> int:
        """How many survivors are explained."""
        return sum(one.why is not None for one in self.survivors)

    @property
    def functions(self) -> dict[str, tuple[int, int]]:
        """Killed and all mutants, by function."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.outcomes:
            killed, total = found.get(one.mutant.function, (0, 0))
            found[one.mutant.function] = (killed + one.killed, total + 1)
        return found

    @property
    def problems(self) -> tuple[str, ...]:
        """One line when too many survive that nobody explained."""
        counted = len(self.outcomes) - self.explained
        if self.killed >= ENOUGH * counted:
            return ()
        return (f"generated: {self.killed} of {counted} killed, {ENOUGH:.0%} are asked for",)

    def as_plain(self) -> dict[str, Any]:
        """Return the report as JSON-like data."""
        return {
            "killed": self.killed,
            "total": len(self.outcomes),
            "explained": self.explained,
            "functions": {
                name: {"killed": killed, "total": total}
                for name, (killed, total) in self.functions.items()
            },
            "survivors": [one.as_plain() for one in self.survivors],
            "notes": list(self.notes),
        }


@dataclass(slots=True)
class Hunt:
    """The runs of one sample.

    Args:
        engine: The warm machine.
        test: Runs a folder: its name, the folder, the cases, the limits.
        whole: The assembled reference.
        home: Folder for copies.
        cases: The cases that watch a function, the most telling first.
        known: What `survivors.toml` explains.
    """

    engine: Engine
    test: Test
    whole: Path
    home: Path
    cases: Mapping[str, Sequence[str]]
    known: Sequence[Survivor]
    _limits: dict[frozenset[str] | None, Limits] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, mutants: Sequence[Generated], step: Callable[[int, int], None]) -> Survival:
        """Run all and say what survived."""
        found: dict[int, Outcome] = {}
        with ThreadPoolExecutor(self.engine.jobs) as pool:
            runs = {pool.submit(self._try, n, mutant): n for n, mutant in enumerate(mutants)}
            try:
                for done, run in enumerate(as_completed(runs), start=1):
                    found[runs[run]] = run.result()
                    step(done, len(mutants))
            except BaseException:
                self.engine.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        outcomes = tuple(found[n] for n in range(len(mutants)))
        return Survival(outcomes, tuple(self._idle(outcomes)))

    def _try(self, number: int, mutant: Generated) -> Outcome:
        folder = self.home / "generated" / str(number)
        files = folder / self.engine.assignment.package
        shutil.copytree(self.whole, files)
        try:
            path = files / mutant.file
            diff = mutant.diff(path.read_text(encoding="utf-8"))
            path.write_text(mutant.source, encoding="utf-8")
            killed = any(self._fails(mutant, files, keys) for keys in self._rounds(mutant))
        finally:
            shutil.rmtree(folder)
        whys = (one.why for one in self.known if not killed and one.explains(mutant))
        return Outcome(mutant, killed, diff, next(whys, None))

    def _rounds(self, mutant: Generated) -> list[frozenset[str] | None]:
        keys = self.cases.get(mutant.function, ())
        if not keys:
            return [None]
        return [part for part in (frozenset(keys[:1]), frozenset(keys[1:])) if part]

    def _fails(self, mutant: Generated, files: Path, keys: frozenset[str] | None) -> bool:
        report = self.test(mutant.function, files, keys, self._limits_of(keys))
        lost = {CaseStatus.FAILED, CaseStatus.PARTIAL}
        return any(case.status in lost for case in report.cases)

    def _limits_of(self, keys: frozenset[str] | None) -> Limits:
        """Return what a mutant may use on these cases, by what the reference uses."""
        with self._guard:
            if keys not in self._limits:
                start = time.monotonic()
                self.test("reference", self.whole, keys, None)
                took = time.monotonic() - start
                whole = self.engine.assignment.limits
                wall = min(whole.wall_s, max(LEAST_WALL_S, math.ceil(10 * took)))
                tight = {
                    "cpu_s": min(whole.cpu_s, max(LEAST_CPU_S, math.ceil(3 * took))),
                    "wall_s": wall,
                    "call_timeout_s": min(whole.call_timeout_s, wall),
                }
                self._limits[keys] = whole.model_copy(update=tight)
            return self._limits[keys]

    def _idle(self, outcomes: Sequence[Outcome]) -> list[str]:
        """Return a line for every explanation that explains nothing here."""
        alive = [one.mutant for one in outcomes if not one.killed]
        functions = {one.mutant.function for one in outcomes}
        return [
            f"{SURVIVORS}: no survivor is explained by {one.function}, {one.operator}: {one.text}"
            for one in self.known
            if one.function in functions and not any(map(one.explains, alive))
        ]
