"""The course's final grade: a weighted sum, exact, and rounded only beside the exact value."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from graders.core.errors import CourseError
from graders.core.exact import checked, exact
from graders.core.records import FinalGrade, Rounding, RoundingMode


def final_grade(
    grades: Mapping[str, Decimal | None], weights: Mapping[str, Decimal], rounding: Rounding
) -> FinalGrade:
    """Return the weighted sum of the homeworks' grades.

    Args:
        grades: Grade by homework, in points; None or absent when there is none: it counts as 0.
        weights: Weight by homework; they sum to 1.
        rounding: How the exported grade is rounded; the exact one is kept beside it.

    Raises:
        CourseError: A grade has no weight, is negative or not an exact number, or the sum cannot
            be computed exactly.
    """
    for name in grades:
        if name not in weights:
            raise CourseError(
                f"the homework {name!r} has a grade and no weight",
                where="final.weights",
                todo="Give it one in course.toml",
            )
    total = Decimal(0)
    missing = []
    with exact():
        for name, weight in weights.items():
            grade = grades.get(name)
            if grade is None:
                missing.append(name)
                continue
            if checked(grade, f"the grade of {name}") < 0:
                raise CourseError(f"the grade of {name} is negative", where=str(grade))
            total += checked(weight, f"the weight of {name}") * grade
        rounded = _rounded(total, rounding)
    return FinalGrade(total, rounded, tuple(missing))


def _rounded(value: Decimal, rounding: Rounding) -> Decimal:
    """Round a value that is not negative to a multiple of the step, without dividing inexactly."""
    step = checked(rounding.step, "the rounding's step")
    if step <= 0:
        raise CourseError("the rounding's step must be positive", where=str(step))
    steps, rest = divmod(value, step)
    up = {
        RoundingMode.DOWN: False,
        RoundingMode.UP: rest > 0,
        RoundingMode.HALF_UP: 2 * rest >= step,
        RoundingMode.HALF_EVEN: 2 * rest > step or (2 * rest == step and steps % 2 == 1),
    }[rounding.mode]
    return (steps + 1 if up else steps) * step
