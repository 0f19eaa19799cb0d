"""The Ladder: a public board that many submissions cannot climb by luck.

Blum and Hardt, The Ladder: A Reliable Leaderboard for Machine Learning Competitions (ICML 2015,
algorithm 2, without a step size to choose): a new score is shown only if it is better than the
team's own best by more than s / √n, with s the standard deviation of the differences to the best
submission, question by question. Otherwise the board keeps what it showed, and the team learns
only that. Shown scores are not rounded to 1/n as in the paper: with n questions scored 0, ½ and
1 they lie on half that grid anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graders.core.errors import CourseError
from leaderboard.ranking.resampling import FloatArray


@dataclass(frozen=True, slots=True)
class Rung:
    """What became of a submission.

    Args:
        released: Whether its score is shown.
        score: Its mean score, for staff.
        shown: The score that the board shows after it: this one's, or the best before.
        needed: What it had to exceed; minus infinity for a team's first.
    """

    released: bool
    score: float
    shown: float
    needed: float


class Ladder:
    """One team's climb; scores are of higher-is-better, per question."""

    def __init__(self) -> None:
        self._best: FloatArray | None = None

    @property
    def best(self) -> FloatArray | None:
        """The scores of the best released submission, shape (questions,)."""
        return self._best

    def offer(self, scores: FloatArray) -> Rung:
        """Take a submission, and say whether its score is shown.

        Args:
            scores: One per question, shape (questions,); an unscored one (nan) is left out of
                the mean, and of the comparison with the best.

        Raises:
            CourseError: Nothing is scored, or the number of questions has changed.
        """
        if scores.ndim != 1 or not (~np.isnan(scores)).any():
            raise CourseError("a submission without a scored question cannot be on the board")
        mean = float(np.nanmean(scores))
        if self._best is None:
            self._best = scores.copy()
            return Rung(True, mean, mean, float("-inf"))
        if scores.shape != self._best.shape:
            raise CourseError(
                f"the board has {len(self._best)} questions, this submission {len(scores)}",
                todo="Score all submissions on the same questions",
            )
        shown = float(np.nanmean(self._best))
        needed = shown + _step(scores - self._best)
        if mean <= needed:
            return Rung(False, mean, shown, needed)
        self._best = scores.copy()
        return Rung(True, mean, mean, needed)


def _step(difference: FloatArray) -> float:
    """Return s / √n of the differences to the best submission."""
    both = difference[~np.isnan(difference)]
    return float(both.std(ddof=1) / np.sqrt(len(both))) if len(both) > 1 else 0.0
