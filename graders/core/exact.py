"""Exact decimal arithmetic: a result that would have to be rounded is an error, not a surprise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal, DecimalException, Inexact, localcontext

from graders.core.errors import CourseError

DIGITS = 200  # far beyond sums and products of any scores; it bounds work, not precision


@contextmanager
def exact() -> Iterator[None]:
    """Compute with Decimals exactly inside the block.

    Raises:
        CourseError: A result needs more than `DIGITS` digits, or is not a number.
    """
    try:
        with localcontext(Context(prec=DIGITS)) as context:
            context.traps[Inexact] = True
            yield
    except DecimalException as error:
        raise CourseError(
            f"scores cannot be computed exactly ({type(error).__name__})",
            todo="Use points and weights with few digits",
        ) from error


def checked(value: Decimal, what: str) -> Decimal:
    """Return a finite Decimal as it is.

    Raises:
        CourseError: It is not a Decimal (a float is not exact), or is NaN or infinite.
    """
    if not isinstance(value, Decimal):
        raise CourseError(f"{what} must be an exact decimal, not {type(value).__name__}")
    if not value.is_finite():
        raise CourseError(f"{what} is not a number", where=str(value))
    return value
