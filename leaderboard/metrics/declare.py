"""What a metric is, and how its one file declares it.

A metric is a folder ``modules/<key>/`` with ``<key>.py`` in it, which holds one function of
parallel answers and references, its direction, and the line that lets the `evaluate` library
load the same file by its path. Such a file is small and light: `evaluate` (seconds, and it brings
transformers with it) is imported only where it is `evaluate` that does the loading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from graders.core.errors import CourseError
from leaderboard.metrics.texts import scorable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

Raw = Callable[[Sequence[str], Sequence[str]], Sequence[float]]
LOADED_BY_EVALUATE = "evaluate_modules."  # the package that evaluate copies modules into


@dataclass(frozen=True, slots=True)
class Metric:
    """A score of one answer against one reference, in [0, 1].

    Args:
        key: Also of its column on the board and in the weights of the composite.
        higher_is_better: Its declared direction; never guessed.
        score: Parallel answers and references of length N to scores of shape (N,).
    """

    key: str
    higher_is_better: bool
    score: Callable[[Sequence[str], Sequence[str]], FloatArray]


@dataclass(frozen=True, slots=True)
class Declared:
    """What a metric's file says of itself; `discovery` makes a `Metric` of it."""

    raw: Raw
    higher_is_better: bool


def metric(*, higher_is_better: bool) -> Callable[[Raw], Declared]:
    """Declare the function below as the file's metric.

    The function is only given texts that can be scored (`texts.scorable`) and answers that are
    not blank: a blank answer gets the worst score by definition, whatever a library makes of it
    (MiniLM finds some likeness between nothing and anything).
    """
    return lambda raw: Declared(raw, higher_is_better)


def checked(key: str, declared: Declared) -> Callable[[Sequence[str], Sequence[str]], FloatArray]:
    """Return the scorer that others call: blank answers, lengths and ranges are seen to here."""

    @wraps(declared.raw)
    def score(answers: Sequence[str], references: Sequence[str]) -> FloatArray:
        import numpy as np

        if len(answers) != len(references):
            raise CourseError(
                f"{len(answers)} answers cannot be scored against {len(references)} references",
                where=f"metric {key}",
            )
        values = np.full(len(answers), 0.0 if declared.higher_is_better else 1.0)
        filled = [at for at, answer in enumerate(answers) if not is_blank(answer)]
        if filled:
            raw = declared.raw(
                [scorable(answers[at]) for at in filled],
                [scorable(references[at]) for at in filled],
            )
            values[filled] = _in_range(key, raw, len(filled))
        return values

    return score


def is_blank(text: str) -> bool:
    """Say whether a text holds nothing that could be read."""
    return not any(char.isprintable() and not char.isspace() for char in text)


def _in_range(key: str, raw: Sequence[float], expected: int) -> FloatArray:
    """Return raw scores as an array.

    Raises:
        CourseError: They are too few or too many, or one is not a number in [0, 1].
    """
    import numpy as np

    values = np.asarray(raw, dtype=np.float64)
    if values.shape != (expected,):
        raise CourseError(
            f"it returned scores of shape {values.shape} for {expected} answers",
            where=f"metric {key}",
            todo="Return one number for each answer",
        )
    wrong = ~((values >= 0) & (values <= 1))  # a NaN is wrong here too
    if wrong.any():
        raise CourseError(
            f"it returned {values[wrong][0]}, which is not a number from 0 to 1",
            where=f"metric {key}",
            todo="Scale the score, and say what it is where it is undefined",
        )
    return values


def evaluated(name: str, declared: Declared) -> type[Any] | None:
    """Return the `evaluate.Metric` of a file that `evaluate` is loading, otherwise None.

    Args:
        name: The file's ``__name__``.
        declared: The file's metric.
    """
    if not name.startswith(LOADED_BY_EVALUATE):
        return None
    from leaderboard.metrics.evaluated import module_class

    return module_class(name.rpartition(".")[2], declared)
