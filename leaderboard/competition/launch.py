"""A competition opens: its data are brought here, its parts built and its split sealed."""

from __future__ import annotations

from pathlib import Path

from graders.core.errors import CourseError
from graders.pipeline.prepare import data_of
from graders.pipeline.workspace import Workspace
from leaderboard.competition import build
from leaderboard.competition.answers import ids_of
from leaderboard.competition.attempts import Field
from leaderboard.competition.baselines import maker
from leaderboard.competition.config import load


def launch(
    workspace: Workspace, name: str, root: Path, ready: Path | None, say: build.Say
) -> tuple[Field, build.Built]:
    """Build the competition of an assignment, or check the one that was built before.

    Args:
        workspace: Open.
        name: The assignment.
        root: The repository, whose reference makes the baselines.
        ready: A folder of answers of the baselines that are there already; None makes them.
        say: Is told each step.

    Raises:
        CourseError: The assignment, its rules, its data or a baseline are not what a competition
            needs, or another split was sealed here before.
        InfraError: The data cannot be brought here, or the baselines could not be made.
    """
    assignment = workspace.course.assignment(name)
    rules = load(assignment.folder)
    data = data_of(assignment, say)
    if data is None:
        raise CourseError("this assignment has no data to compete on", where=name)
    field = Field(workspace, name, rules, ids_of(data / "test.jsonl"))
    script = root / "reference" / name / "baselines.py"
    return field, build.build(field, data, maker(script, ready), say)
