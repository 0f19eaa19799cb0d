"""From a run's cases and a person's marks to a raw score; pure, so a stored run is re-scored."""

from graders.scoring.raw import score

__all__ = ["score"]
