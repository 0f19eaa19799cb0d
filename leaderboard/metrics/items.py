"""Scores of every entrant on every question, each different pair of texts scored once.

A class of systems repeats itself: baselines, resubmissions and short answers give the same pair
of answer and reference again and again, and the dear metrics are the ones of single pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from graders.core.errors import CourseError
from leaderboard.metrics.declare import Metric
from leaderboard.records import Entrant, Question

if TYPE_CHECKING:
    from leaderboard.metrics.declare import FloatArray


def per_item(
    metric_keys: Sequence[str],
    entrants: Sequence[Entrant],
    questions: Sequence[Question],
    metrics: Mapping[str, Metric] | None = None,
) -> Mapping[str, FloatArray]:
    """Score all answers by several metrics.

    Args:
        metric_keys: Keys of `metrics`.
        entrants: T of them.
        questions: N of them; an entrant may have answers to others too.
        metrics: What keys name; the metrics of this package when None.

    Returns:
        For each key an array of shape (T, N), in the given orders.

    Raises:
        CourseError: A metric is not known, or an entrant has no answer to a question.
    """
    import numpy as np

    if metrics is None:
        from leaderboard.metrics import METRICS

        metrics = METRICS
    for key in metric_keys:
        if key not in metrics:
            raise CourseError(
                f"there is no metric {key!r}", todo=f"Choose among: {', '.join(sorted(metrics))}"
            )
    places: dict[tuple[str, str], int] = {}
    index = np.empty((len(entrants), len(questions)), dtype=np.intp)
    # Question by question, so that the answers to one reference are scored in a row.
    for column, question in enumerate(questions):
        for row, entrant in enumerate(entrants):
            pair = (_answer(entrant, question), question.reference)
            index[row, column] = places.setdefault(pair, len(places))
    answers = [answer for answer, _ in places]
    references = [reference for _, reference in places]
    return {key: metrics[key].score(answers, references)[index] for key in metric_keys}


def _answer(entrant: Entrant, question: Question) -> str:
    answer = entrant.answers.get(question.id)
    if not isinstance(answer, str):
        raise CourseError(
            "there is no answer to a question of the test set",
            where=f"{entrant.name}, question {question.id}",
            todo="Read submissions with leaderboard.metrics.answers, which refuses incomplete ones",
        )
    return answer
