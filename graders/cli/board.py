"""From graded work to the leaderboard: whose predictions on the hidden set are ranked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from graders.cli import console
from graders.core.errors import CourseError
from graders.core.records import GradedWork
from graders.pipeline.prepare import data_of
from graders.pipeline.publish import all_works
from graders.pipeline.workspace import Workspace

PREDICTIONS = "hidden_predictions"  # the fact that hidden tests keep
SEED = 2026


def write_board(workspace: Workspace, homework: str, out: Path) -> Any:
    """Write the leaderboard of a homework and return what its JSON holds.

    Raises:
        CourseError: The homework's data have no hidden set to rank on.
    """
    from leaderboard import board, pages

    works = [work for work in all_works(workspace, homework) if PREDICTIONS in work.facts]
    standings = board.build(
        [board.Entry(work.student, work.facts[PREDICTIONS]) for work in works],
        _gold(workspace, homework, works),
        seed=SEED,
        competition=homework,
    )
    course = workspace.course
    title = course.homework(homework).title
    pages.write_board(standings, out, title, course.languages, course.language, zone=course.zone)
    return json.loads((out / "leaderboard.json").read_text(encoding="utf-8"))


def _gold(workspace: Workspace, homework: str, works: list[GradedWork]) -> dict[str, int]:
    """Return the hidden set's labels by id."""
    variants = {work.assignment for work in works} or {
        workspace.course.homework(homework).assignments[0]
    }
    if len(variants) > 1:
        raise CourseError(
            "predictions of different variants cannot be ranked together",
            where=homework,
            todo=f"Rank one of: {', '.join(sorted(variants))}",
        )
    data = data_of(workspace.course.assignment(variants.pop()), console.tell)
    hidden = data / "hidden.jsonl" if data else None
    if hidden is None or not hidden.is_file():
        raise CourseError("this homework has no hidden set to rank on", where=homework)
    rows = map(json.loads, hidden.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row["label"] for row in rows}
