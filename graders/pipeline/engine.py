"""A warm jail and a warm tester for one assignment: the machine that turns files into cases.

The engine is shared by several threads, one submission each. It answers what a tester asks for
during a run: a fresh jailed child, why the last one died, and the memo of measurements.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from graders.core import config
from graders.core.config import Assignment
from graders.core.errors import InfraError
from graders.core.records import Plain, RunReport, Submission
from graders.pipeline.recipe import jail_seed
from graders.sandbox import Bind, Child, JailSpec, Limits, Zygote, require_strict
from graders.store import Store
from graders.tester import ChildEnd, Settings, Tester, TestJob

LIGHT_PRELOAD = ("numpy",)  # of assignments without a model
PRELOAD = ("numpy", "torch", "transformers", "peft", "safetensors.torch", "sklearn.metrics")
# How the jail's word for an end becomes the tester's.
ENDS = {
    "exit": ChildEnd.EXITED,
    "signal": ChildEnd.CRASHED,
    "wall": ChildEnd.TIME,
    "cpu": ChildEnd.TIME,
    "memory": ChildEnd.MEMORY,
    "processes": ChildEnd.PROCESSES,
    "output": ChildEnd.OUTPUT,
    "killed": ChildEnd.INFRA,
}
LAST_WORDS_S = 2.0
PATIENCE_S = 600.0
SHOWN_BYTES = 2000


class Memo:
    """Measurements that depend on content alone, computed once however many ask at once.

    The second thread that asks for a key waits for the first one's answer; when the first one
    fails to bring it, the next one computes.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._busy: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: str, owner: Owner) -> Plain | None:
        """Return a known value, or None after which `owner` holds the key until it lets go."""
        with self._guard:
            lock = self._busy.setdefault(key, threading.Lock())
        # Not for ever: whoever measures may hang, and a second measurement only costs time.
        if lock not in owner.held and lock.acquire(timeout=PATIENCE_S):
            owner.held.append(lock)
        value = self._store.memo_get(key)
        if value is not None:
            owner.let_go(lock)
        return value

    def put(self, key: str, value: Plain, owner: Owner) -> None:
        """Keep a value and let the key go."""
        self._store.memo_put(key, value)
        owner.let_go(self._busy[key])


class Owner:
    """The keys of the memo that one run holds."""

    def __init__(self) -> None:
        self.held: list[threading.Lock] = []

    def let_go(self, lock: threading.Lock) -> None:
        """Let one key go, when it is held."""
        if lock in self.held:
            self.held.remove(lock)
            lock.release()

    def let_all_go(self) -> None:
        """Let every key go: the run is over, however it ended."""
        for lock in list(self.held):
            self.let_go(lock)


class _Jailed:
    """A jailed child as the tester sees it."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._closed = False

    @property
    def sock(self) -> socket.socket:
        """The trusted end of the connection."""
        return self._child.sock

    def end(self) -> ChildEnd:
        """Say why the child died, after a moment in which the news may come."""
        last = self._child.wait(0 if self._closed else LAST_WORDS_S)
        return ChildEnd.RUNNING if last is None else ENDS[last.cause]

    def close(self) -> None:
        """Kill the child with everything it started."""
        self._closed = True
        self._child.close()

    def said(self) -> bytes:
        """Return what the child wrote to stdout and stderr."""
        return self._child.output()


@dataclass(frozen=True)
class Place:
    """Where an engine finds what it needs; all paths are absolute.

    Args:
        folder: The assignment's folder.
        hidden: Folder of the hidden data; None when it has none.
        model: Folder of the base model; None when it needs none.
        scratch: Where copies of submissions live while they run.
    """

    folder: Path
    hidden: Path | None
    model: Path | None
    scratch: Path


class Engine:
    """The machine for one assignment; a context manager that leaves nothing behind."""

    def __init__(self, assignment: Assignment, place: Place, store: Store, jobs: int) -> None:
        self.assignment = assignment
        self.place = place
        self.jobs = jobs
        self.stopped = False
        self._store = store
        self._memo = Memo(store)
        self._stack = ExitStack()
        self._live: set[_Jailed] = set()
        self._guard = threading.Lock()

    def __enter__(self) -> Engine:
        """Start the warm processes.

        Raises:
            InfraError: The host's tier is below strict, or a warm process could not start.
        """
        require_strict()
        self.place.scratch.mkdir(parents=True, exist_ok=True)
        preload = PRELOAD if self.place.model else LIGHT_PRELOAD
        with ExitStack() as stack:
            # Two children a job: one with the student's code, one for artefacts alone.
            self.zygote = stack.enter_context(
                Zygote.start(preload=preload, model=self.place.model, slots=2 * self.jobs)
            )
            self.tester = stack.enter_context(Tester.start(self.place.folder))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._stack.close()

    def stop(self) -> None:
        """End everything that runs; runs under way fail with an InfraError and are not kept."""
        self.stopped = True
        with self._guard:
            live = list(self._live)
        for child in live:
            child.close()

    def test(
        self, submission: Submission, seed: int, keys: frozenset[str] | None = None
    ) -> RunReport:
        """Run the hidden tests against one stored submission.

        Raises:
            InfraError: The machine failed, or the engine was stopped.
        """
        folder = Path(tempfile.mkdtemp(prefix=f"{submission.id}-", dir=self.place.scratch))
        try:
            files = folder / self.assignment.package
            self._store.materialise(submission, files)
            return self.test_folder(files, seed, keys)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def test_folder(
        self,
        files: Path,
        seed: int,
        keys: frozenset[str] | None = None,
        limits: config.Limits | None = None,
    ) -> RunReport:
        """Run the hidden tests against a folder of files that nobody writes meanwhile.

        Args:
            files: The submission.
            seed: Seed of the random inputs.
            keys: Cases to run; None runs all.
            limits: What the submission may use; the assignment's by default.
        """
        for path in (files.parent, files, *files.rglob("*")):
            # The jail's user is nobody on this host, and must be able to read what it runs.
            path.chmod(0o755 if path.is_dir() else 0o644)
        limits = limits or self.assignment.limits
        run = _Run(self, files, seed, limits)
        job = TestJob(
            package=self.assignment.package,
            submission=files,
            seed=seed,
            hidden_dir=self.place.hidden,
            keys=keys,
            settings=Settings(
                call_timeout=float(limits.call_timeout_s), total_wall=float(limits.tests_wall_s)
            ),
            facts=self.assignment.settings,
        )
        try:
            report = self.tester.run(job, run)
        finally:
            run.close()
        if self.stopped:
            raise InfraError("the run was interrupted", todo="Run the same command again.")
        return replace(report, log=report.log + run.said())


class _Run:
    """What one run asks of the engine (`graders.tester.Services`)."""

    def __init__(self, engine: Engine, files: Path, seed: int, limits: config.Limits) -> None:
        self._engine = engine
        self._limits = limits
        self._files = files
        self._seed = seed
        self._owner = Owner()
        self._children: list[_Jailed] = []

    def connect(self, import_student: bool) -> _Jailed:
        """Start a fresh jailed child for this submission."""
        engine = self._engine
        limits = self._limits
        package = engine.assignment.package
        spec = JailSpec(
            binds=(
                Bind(self._files, f"/submission/{package}"),
                *([Bind(engine.place.model, "/model")] if engine.place.model else []),
            ),
            limits=Limits(
                wall_s=limits.wall_s,
                cpu_s=limits.cpu_s,
                memory_mb=limits.memory_mb,
                processes=limits.processes,
                file_mb=limits.file_mb,
                tmp_mb=limits.tmp_mb,
                output_kb=limits.output_kb,
                open_files=limits.open_files,
            ),
            args={"package": package, "import_student": import_student},
            seed=jail_seed(self._seed),
        )
        if engine.stopped:
            raise InfraError("the run was interrupted", todo="Run the same command again.")
        child = _Jailed(engine.zygote.spawn(spec))
        self._children.append(child)
        with engine._guard:
            engine._live.add(child)
        return child

    def memo_get(self, key: str) -> Plain | None:
        """Return a known measurement, or None; then this run owes the answer."""
        return self._engine._memo.get(key, self._owner)

    def memo_put(self, key: str, value: Plain) -> None:
        """Keep a measurement."""
        self._engine._memo.put(key, value, self._owner)

    def said(self) -> str:
        """Return the end of what the student's code printed, for the instructor's log."""
        printed = b"".join(child.said() for child in self._children)
        if not printed:
            return ""
        return f"\nprinted ({len(printed)} bytes):\n" + printed[-SHOWN_BYTES:].decode(
            "utf-8", "replace"
        )

    def close(self) -> None:
        """Kill every child of this run and let its keys go."""
        self._owner.let_all_go()
        for child in self._children:
            with contextlib.suppress(InfraError):
                child.close()
            with self._engine._guard:
                self._engine._live.discard(child)
