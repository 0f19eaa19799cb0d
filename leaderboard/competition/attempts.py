"""From stored submissions to attempts: whose file of answers is valid, and which are scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.core.records import Submission
from graders.pipeline.book import extension_days
from graders.pipeline.workspace import Workspace
from leaderboard.competition.answers import NAMES
from leaderboard.competition.config import CompetitionConfig
from leaderboard.competition.limits import Attempted, Try, decide
from leaderboard.metrics.answers import AnswersError, read_answers


@dataclass(frozen=True, slots=True)
class Field:
    """Where a competition takes place: a workspace, an assignment, its rules and test set.

    Args:
        workspace: Open.
        name: The assignment, for example ``hw2a``.
        config: Its rules.
        ids: Of the test set, in its order.
    """

    workspace: Workspace
    name: str
    config: CompetitionConfig
    ids: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where the competition keeps what is not in the store."""
        return self.workspace.home / "competition" / self.name

    @property
    def homework(self) -> str:
        """The homework that the assignment is a variant of."""
        return self.workspace.course.homework_of(self.name).id


def attempts(field: Field) -> tuple[Attempted, ...]:
    """Return every attempt of the class, in the order of receipt, with what became of it."""
    workspace, homework = field.workspace, field.homework
    listed = {student.id for student in workspace.store.students()}
    handed_in = [one for one in workspace.store.submissions(field.name) if one.student in listed]
    return decide(
        [read_try(field, one) for one in handed_in],
        per_day=field.config.competition.per_day,
        zone=workspace.course.zone,
        deadlines=workspace.course.deadlines(homework),
        extensions={
            team: extension_days(workspace, team, homework)
            for team in {one.student for one in handed_in}
        },
    )


def read_try(field: Field, submission: Submission) -> Try:
    """Read a submission's file of answers."""
    who = (submission.id, submission.student, submission.received)
    if submission.refusal is not None:
        return Try(*who, None, submission.refusal.key, submission.refusal.args)
    there = {file.path for file in submission.files}
    name = next((name for name in NAMES if name in there), None)
    if name is None:
        return Try(*who, None, "competition.no_answers", {"names": ", ".join(NAMES)})
    content = field.workspace.store.read_file(submission, name)
    try:
        return Try(*who, read_answers(content, name, field.ids))
    except AnswersError as error:
        first = error.problems[0]
        return Try(*who, None, first.key, first.args)


def of_team(found: Sequence[Attempted], team: str) -> tuple[Attempted, ...]:
    """Return the attempts of one team."""
    return tuple(one for one in found if one.one.team == team)
