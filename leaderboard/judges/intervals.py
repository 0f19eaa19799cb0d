"""Intervals and tests of shares, shared by the exam, the agreement and the sentinel."""

from __future__ import annotations

from decimal import Decimal

from graders.core.errors import CourseError
from leaderboard.records import Estimate, digits

LEVEL = Decimal("0.95")


def z_of(level: Decimal) -> float:
    """Return the two-sided normal quantile of a level.

    Raises:
        CourseError: The level is not between 0 and 1.
    """
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise CourseError(f"a level lies between 0 and 1, not at {level}")
    return float(ndtri(0.5 + float(level) / 2))


def wilson(share: float, number: float, level: Decimal = LEVEL) -> Estimate:
    """Return a share with Wilson's score interval (JASA 22, 1927).

    Args:
        share: In [0, 1]; halves for ties are fine, their variance is no larger.
        number: Of independent items; an effective number need not be whole. 0 gives [0, 1].
        level: Of the interval.
    """
    z = z_of(level)
    if number <= 0:
        return Estimate(digits(share), digits(0), digits(1))
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z / (1 + z * z / number) * (share * (1 - share) / number + z * z / 4 / number**2) ** 0.5
    return Estimate(digits(share), digits(max(0.0, middle - half)), digits(min(1.0, middle + half)))


def exact(hits: int, number: int, level: Decimal = LEVEL) -> Estimate:
    """Return a share with the exact binomial interval (Clopper and Pearson, Biometrika 26, 1934).

    Without items the share is one half and the interval is [0, 1].
    """
    from scipy.special import betaincinv

    z_of(level)  # refuses a level out of range
    if number == 0:
        return Estimate(digits(0.5), digits(0), digits(1))
    tail = (1 - float(level)) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, number - hits + 1, tail))
    high = 1.0 if hits == number else float(betaincinv(hits + 1, number - hits, 1 - tail))
    return Estimate(digits(hits / number), digits(low), digits(high))
