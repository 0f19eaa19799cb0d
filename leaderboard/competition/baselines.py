"""Where the baselines' answers come from: a folder that is ready, or the reference's program.

The platform imports no reference: `reference/<assignment>/baselines.py FOLDER --data DATA` is run
as a program and writes one ``<name>.jsonl`` for each baseline.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from graders.core.errors import CourseError, InfraError
from leaderboard.competition.build import MakeBaselines


def maker(script: Path, ready: Path | None) -> MakeBaselines:
    """Return what writes the baselines.

    Args:
        script: The reference's program.
        ready: A folder of answers that are there already; None runs the program.
    """

    def copy(out: Path, data: Path) -> None:
        assert ready is not None
        found = sorted(ready.glob("*.jsonl"))
        if not found:
            raise CourseError("there are no answers of baselines here", where=str(ready))
        for path in found:
            shutil.copyfile(path, out / path.name)

    def run(out: Path, data: Path) -> None:
        if not script.is_file():
            raise CourseError(
                "the reference has no program that makes baselines",
                where=str(script),
                todo="Give ready answers with --baselines",
            )
        command = [sys.executable, str(script), str(out), "--data", str(data)]
        # What it says is for whoever runs it by hand.
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise InfraError(
                f"the baselines could not be made: {last}",
                where=str(script),
                todo="Run the program by hand to see more",
            )

    return run if ready is None else copy
