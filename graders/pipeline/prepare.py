"""What an assignment needs on this machine before anything of it can be run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from graders.assets import ensure_data, ensure_model
from graders.core.config import Assignment
from graders.pipeline.engine import Engine, Place
from graders.pipeline.recipe import recipe
from graders.pipeline.workspace import Workspace

Say = Callable[[str], None]


def data_of(assignment: Assignment, say: Say) -> Path | None:
    """Return the folder of an assignment's data, brought into the cache when it is not there.

    Raises:
        InfraError: The data cannot be brought here.
    """
    return ensure_data(assignment.data, say) if assignment.data else None


@dataclass(frozen=True)
class Preparation:
    """Prepares assignments of one workspace; the model is fetched only when something is run."""

    workspace: Workspace
    jobs: int
    say: Say
    _recipes: dict[str, str] = field(default_factory=dict)

    def recipe(self, name: str) -> str:
        """Return the digest of all that decides a run of the assignment, besides the work."""
        if name not in self._recipes:
            assignment = self.workspace.course.assignment(name)
            data = data_of(assignment, self.say)
            manifest = data / "manifest.json" if data else None
            self._recipes[name] = recipe(assignment.folder, manifest, self._model(name))
        return self._recipes[name]

    def engine(self, name: str) -> Engine:
        """Return the engine of the assignment, not started yet."""
        assignment = self.workspace.course.assignment(name)
        spec = self._model(name)
        place = Place(
            folder=assignment.folder,
            hidden=data_of(assignment, self.say),
            model=ensure_model(spec, self.say) if spec else None,
            scratch=self.workspace.scratch,
        )
        return Engine(assignment, place, self.workspace.store, self.jobs)

    def _model(self, name: str) -> str:
        return self.workspace.course.model_of(name)
