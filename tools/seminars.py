"""All seminars' experiments, one after another, into pages one can show: `make seminars`.

`python -m tools.seminars [N ...]` prepares models and data, runs each seminar's `run` in a process
of its own, and writes `build/seminars/<n>/` (results, figures), `build/seminars/map.json` (which
topic of the programme is covered by which function) and `build/seminars/index.html` (and
`index.en.html`). What an assignment's `[run]` names is what its run gets.

A seminar whose code, data and arguments are unchanged is not run again. Results appear whole or
not at all, so Ctrl-C loses only the seminar under way; the same command goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from graders.assets import ensure_data, ensure_embedder, ensure_model
from graders.core.canonical import digest_of
from graders.core.config import Assignment, Course, load_course
from tools.seminars_page import Topic, write_pages

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "seminars"
STATE = "state.json"
_ABOVE = re.compile(r"^\s*from \.\.(?: import )?(\w+)", re.MULTILINE)
console = Console()


@dataclass(frozen=True)
class Plan:
    """One seminar's run: its process and the digest of all that decides its results.

    Args:
        number: The seminar's number.
        asked: Its assignment.
        words: The command line, without `--out`.
        digest: Of code, data, models and arguments.
    """

    number: int
    asked: Assignment
    words: tuple[str, ...]
    digest: str


def main(argv: Sequence[str] | None = None) -> int:
    """Run what has changed and write the pages; 1 when a seminar failed, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(description="Run the seminars' experiments.")
    parser.add_argument("seminars", nargs="*", type=int, metavar="N", help="only these; else all")
    parser.add_argument("--seed", type=int, default=20, help="default: 20")
    parser.add_argument("--share", type=float, default=1.0, help="part of each budget, 0 to 1")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="default: %(default)s")
    told = parser.parse_args(argv)
    course = load_course(ROOT / "assignments" / "course.toml")
    known = {int(name.removeprefix("seminar")): name for name in course.seminars}
    unknown = set(told.seminars) - set(known)
    if unknown:
        parser.error(f"there is no seminar {min(unknown)}; seminars are {min(known)}-{max(known)}")
    failed = []
    try:
        for number in sorted(set(told.seminars) or known):
            asked = course.assignment(known[number])
            plan = plan_of(number, asked, course, ("--seed", str(told.seed)), told.share)
            if not run(plan, told.out):
                failed.append(number)
    except KeyboardInterrupt:
        console.print("interrupted: what was finished is kept; the same command goes on from there")
        return 130
    finally:
        write(course, told.out)
    for number in failed:
        console.print(f"[bold red]seminar {number} failed[/]: see above")
    console.print(f"{told.out / 'index.html'}", soft_wrap=True)
    return 1 if failed else 0


def plan_of(
    number: int, asked: Assignment, course: Course, words: Sequence[str], share: float
) -> Plan:
    """Bring what a seminar needs into the cache and return how it is run."""
    folders = {"--model": ensure_model(course.base_model, _say)}
    for name in asked.run.data:
        folders[f"--data {name}"] = ensure_data(name, _say)
    if asked.run.embedder:
        folders["--embedder"] = ensure_embedder(_say)
    line: list[str] = [*words, "--share", str(share)]
    for option, folder in folders.items():
        flag, _, name = option.partition(" ")
        line += [flag, f"{name}={folder}" if name else str(folder)]
    digest = digest_of(
        {
            "code": {path.relative_to(ROOT).as_posix(): _hash(path) for path in sources(asked)},
            "inputs": {name: _hash(folder / "manifest.json") for name, folder in folders.items()},
            "arguments": [*words, str(share)],
        }
    )
    return Plan(number, asked, tuple(line), digest)


def sources(asked: Assignment) -> list[Path]:
    """Return the modules that a seminar's run may import: its own, the shared, other seminars'."""
    reference = ROOT / "reference"
    found: dict[Path, None] = {}
    packages = [asked.package]
    for package in packages:  # grows while it is read
        for path in sorted((reference / package).glob("*.py")):
            found[path] = None
            for name in _ABOVE.findall(path.read_text(encoding="utf-8")):
                if (reference / f"{name}.py").is_file():
                    found[reference / f"{name}.py"] = None
                elif name not in packages:
                    packages.append(name)
    return sorted(found)


def run(plan: Plan, out: Path) -> bool:
    """Run a seminar, unless its results are there already; say whether they are there now."""
    place, part = out / str(plan.number), out / f".{plan.number}.part"
    state = place / STATE
    if state.is_file() and json.loads(state.read_text("utf-8"))["digest"] == plan.digest:
        console.print(f"seminar {plan.number}: nothing has changed")
        return True
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    start = time.monotonic()
    try:
        code = _process(plan, part)
        took = time.monotonic() - start
        if code or not (part / "results.json").is_file():
            console.print(f"seminar {plan.number}: status {code} after {took:.0f} s")
            return False
        told = {"digest": plan.digest, "seconds": round(took, 1)}
        (part / STATE).write_text(json.dumps(told) + "\n", "utf-8")
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    console.print(f"seminar {plan.number}: {took:.0f} s")
    return True


def _process(plan: Plan, part: Path) -> int:
    """Run the seminar's own process to its end; after Ctrl-C it is not left behind."""
    module = f"reference.{plan.asked.package}.run"
    quiet = {
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TQDM_DISABLE": "1",
        "TRL_EXPERIMENTAL_SILENCE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    words = [sys.executable, "-m", module, "--out", str(part), *plan.words]
    with subprocess.Popen(words, cwd=ROOT, env={**os.environ, **quiet}) as child:
        try:
            return child.wait()
        except BaseException:
            child.kill()
            raise


def topics(path: Path = ROOT / "docs" / "course" / "topics.toml") -> list[Topic]:
    """Return the programme's topics with what covers them."""
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        Topic(
            seminar=seminar["number"],
            texts={"ru": entry["topic"], "en": entry["en"]},
            lecture=kind == "more",
            where=tuple(tuple(place.split(":")) for place in entry["where"]),
        )
        for seminar in read["seminar"]
        for kind in ("topic", "more")
        for entry in seminar.get(kind, ())
    ]


def write(course: Course, out: Path) -> None:
    """Write the map and the pages of all results that are there."""
    out.mkdir(parents=True, exist_ok=True)
    covered = topics()
    plain: list[dict[str, Any]] = [
        {
            "seminar": topic.seminar,
            "topic": topic.texts["ru"],
            "topic_en": topic.texts["en"],
            "from": "lecture" if topic.lecture else "seminar",
            "covered_by": [
                {"file": f"reference/{file}", "function": function}
                for file, function in topic.where
            ],
        }
        for topic in covered
    ]
    text = json.dumps(plain, ensure_ascii=False, indent=2)
    (out / "map.json").write_text(text + "\n", encoding="utf-8")
    write_pages(course, out, covered)


def _say(line: str) -> None:
    console.print(line, highlight=False)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
