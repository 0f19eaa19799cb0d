"""What the warm jail buys: starting, grading and memory against cold processes.

`rows` gives what `tools/bench.py` writes; run alone (``python -m tools.bench_grading``) it prints
the same rows.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from graders.assets import ensure_data, ensure_model
from graders.core.config import Course, load_course
from graders.core.records import CaseStatus
from graders.pipeline.engine import PRELOAD, Engine, Place
from graders.pipeline.recipe import seed_of
from graders.sandbox import JailSpec, Zygote
from graders.sandbox.usage import children
from graders.store import Store

ROOT = Path(__file__).resolve().parents[1]
HONEST = ("s01", "s03", "s04", "s05", "s06", "s07", "s08", "s09")
MEASURED_PARTS = ("quality", "honesty")
JOBS = 2
STARTS = 40
COLD_STARTS = 3
PROBE = "graders.sandbox.probe:probe"
COLD = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
from transformers import AutoModelForCausalLM, AutoTokenizer
AutoTokenizer.from_pretrained(sys.argv[1])
AutoModelForCausalLM.from_pretrained(sys.argv[1])
print("first line", flush=True)
"""


@dataclass(frozen=True)
class Row:
    """One comparison; `ratio` is other / ours."""

    name: str
    ours: float
    other: float
    ratio: float
    unit: str
    against: str
    command: str = "make bench"


@dataclass(frozen=True)
class Bench:
    """Where the measurements find what they need."""

    course: Course
    data: Path
    model: Path
    scratch: Path

    def place(self) -> Place:
        """Return the place of HW1's engine."""
        folder = self.course.assignment("hw1").folder
        return Place(folder, self.data, self.model, self.scratch / "work")


def row(name: str, ours: float, other: float, unit: str, against: str) -> Row:
    """Return a row with its ratio."""
    return Row(name, round(ours, 3), round(other, 3), round(other / ours, 2), unit, against)


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def starts(bench: Bench) -> Iterator[Row]:
    """Compare a jail from the warm process with a cold process, both to the first line."""
    holder: list[Zygote] = []
    warming = timed(
        lambda: holder.append(Zygote.start(preload=PRELOAD, model=bench.model, slots=1))
    )

    def jailed(zygote: Zygote) -> None:
        with zygote.spawn(JailSpec(entry=PROBE, args={"source": "say('first line')"})) as child:
            child.sock.recv(64)
            times.append(time.perf_counter() - begun)

    times: list[float] = []
    with holder[0] as zygote:
        for _ in range(STARTS):
            begun = time.perf_counter()
            jailed(zygote)
    cold = statistics.median(timed(lambda: _cold(bench.model)) for _ in range(COLD_STARTS))
    ours = statistics.median(times) * 1000
    yield row("jail_start_ms", ours, cold * 1000, "ms", "one cold process to its first line")
    yield row(
        "cold_start_ms",
        warming * 1000 / len(HONEST),
        cold * 1000,
        "ms",
        "cold start a submission; ours is the one warming shared by the honest submissions",
    )


def _cold(model: Path) -> None:
    command = [sys.executable, "-c", COLD, str(model), *PRELOAD]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def grading(bench: Bench, honest: dict[str, Path], keys: frozenset[str]) -> Iterator[Row]:
    """Compare a warm engine with a cold process for every submission.

    First with one process after another, each with all cores, as graders usually work; then
    with two at a time and one thread each (more threads than cores would only hold each other
    up): that row is what warmth alone is worth.
    """
    assignment = bench.course.assignment("hw1")

    def ours(student: str) -> None:
        report = engine.test_folder(honest[student], seed_of("bench", student), keys)
        _require_whole(student, [case.status for case in report.cases], keys)

    def other(student: str, environment: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "tools.cold_grade", honest[student], bench.data]
        subprocess.run(
            [*map(str, command), *sorted(keys)],
            check=True,
            cwd=ROOT,
            env=environment,
            stderr=subprocess.DEVNULL,
        )

    def grade_all(at_a_time: int, grade: Callable[[str], None]) -> None:
        with ThreadPoolExecutor(at_a_time) as pool:
            list(pool.map(grade, honest))

    with (
        Store.open(f"sqlite:///{bench.scratch}/bench.db", bench.scratch / "blobs") as store,
        Engine(assignment, bench.place(), store, JOBS) as engine,
    ):
        warm = timed(lambda: grade_all(JOBS, ours))
    against = (
        f"a cold process for each of {len(honest)} honest submissions, {{}}; the same hidden tests "
        "without the measured parts, no isolation; ours has 2 jobs, its warming is cold_start_ms"
    )
    one = timed(lambda: grade_all(1, other))
    yield row("grade_vs_cold_ratio", warm, one, "s", against.format("one after another"))
    single = {**os.environ, "OMP_NUM_THREADS": "1"}
    two = timed(lambda: grade_all(JOBS, lambda student: other(student, single)))
    yield row("grade_vs_cold_two_ratio", warm, two, "s", against.format("two at a time"))


def _keys(course: Course) -> frozenset[str]:
    """Return the keys of HW1's hidden tests that measure no adapter on the base model."""
    tests = course.assignment("hw1").folder / "hidden_tests"
    found = {
        (node["part"], node["key"])
        for file in sorted(tests.glob("test_*.py"))
        for node in _points_markers(ast.parse(file.read_text(encoding="utf-8")))
    }
    return frozenset(key for part, key in found if part not in MEASURED_PARTS)


def _points_markers(tree: ast.Module) -> Iterator[dict[str, str]]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.points":
            yield {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}


def _honest(sample: Path, scratch: Path) -> dict[str, Path]:
    """Unpack the honest submissions of the sample class, the last attempt of each."""
    found = {}
    for student in HONEST:
        archives = sorted(sample.glob(f"inbox/{student}*.zip")) or sorted(
            sample.glob(f"inbox/{student}/*.zip")
        )
        target = scratch / "honest" / student
        with zipfile.ZipFile(archives[-1]) as archive:
            archive.extractall(target)  # our own archive, made a moment ago
        found[student] = target / "hw1"
    return found


def _require_whole(student: str, found: list[CaseStatus], keys: frozenset[str]) -> None:
    if len(found) != len(keys) or CaseStatus.UNSCORED in found:
        sys.exit(f"bench: the run of {student} is not whole; run the demo and look why")


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Measure the peak of the proportional memory of this process's descendants, in MB."""
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            peak[0] = max(peak[0], sum(map(_pss, _descendants(os.getpid()))))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _descendants(pid: int) -> list[int]:
    waiting, found = children(pid), []
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children(one)
    return found


def _pss(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0  # gone between two looks
    return sum(int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("Pss:"))


def memory(bench: Bench, sample: Path) -> Row:
    """Grade the whole sample class with two jobs, and compare with two cold processes."""
    home = bench.scratch / "workspace"
    zachetka = [sys.executable, "-m", "graders.cli.main"]
    common = ["--home", str(home)]
    for command in (
        ["init", "--course", sample / "course.toml", "--students", sample / "students.csv"],
        ["collect", "hw1", sample / "inbox", "--receipts", sample / "receipts.csv"],
    ):
        subprocess.run([*zachetka, *map(str, command), *common], check=True, cwd=ROOT)
    with peak_memory() as ours:
        subprocess.run([*zachetka, "grade", "hw1", "--jobs", "2", *common], check=True, cwd=ROOT)
    with peak_memory() as other:
        threads = [threading.Thread(target=_cold, args=(bench.model,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return row(
        "peak_memory_mb",
        ours[0],
        other[0],
        "MB",
        "two cold processes that only load the model; ours grades the sample class with 2 jobs",
    )


def rows() -> list[dict[str, Any]]:
    """Measure, and return the rows of starting, grading and memory."""
    course = load_course(ROOT / "assignments" / "course.toml")
    scratch = Path(tempfile.mkdtemp(prefix="zachetka-bench-"))
    try:
        data, model = ensure_data("sarcasm", print), ensure_model(course.base_model, print)
        bench = Bench(course, data, model, scratch)
        sample = scratch / "class"
        build = [sys.executable, "-m", "tests.classroom.build", sample, "--data", bench.data]
        subprocess.run(list(map(str, build)), check=True, cwd=ROOT)
        found = [
            *starts(bench),
            *grading(bench, _honest(sample, scratch), _keys(course)),
            memory(bench, sample),
        ]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return [asdict(one) for one in found]


if __name__ == "__main__":
    print(json.dumps(rows(), indent=2))
