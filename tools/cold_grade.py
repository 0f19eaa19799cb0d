"""The other side of `make bench`: grade one submission in a cold process, as graders usually do.

`python -m tools.cold_grade SUBMISSION DATA KEY ...` imports everything, loads the base model and
runs the same hidden tests in this very interpreter: no jail, nothing warm, nothing isolated.
"""

from __future__ import annotations

import sys
from pathlib import Path

from graders.assets import ensure_model
from graders.core.config import load_course
from graders.core.messages import Messages
from graders.sandbox import warm
from graders.tester.local import LocalRun, run_here

ROOT = Path(__file__).resolve().parents[1]


def main(submission: Path, data: Path, keys: frozenset[str]) -> None:
    """Grade one submission here."""
    course = load_course(ROOT / "assignments" / "course.toml")
    folder = course.assignment("hw1").folder
    warm.load(ensure_model(course.base_model))
    what = LocalRun(
        tests=folder / "hidden_tests",
        package_dir=submission,
        drivers=folder / "drivers",
        submission=submission,
        hidden_dir=data,
        keys=keys,
    )
    cases = run_here(what, Messages.load([folder / "locale"], "en"))
    if len(cases) != len(keys):
        sys.exit(f"{len(cases)} of {len(keys)} hidden tests ran")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), frozenset(sys.argv[3:]))
