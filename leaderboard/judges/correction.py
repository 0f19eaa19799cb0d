"""What a judge's win rate would be without the judge's own errors, from pairs that people labelled.

Lee and others, How to Correctly Report LLM-as-a-Judge Evaluations (arXiv 2511.21140): the judged
share p is a mixture of true wins found (sensitivity q₁) and true losses missed (1 − specificity
q₀), so θ = (p + q₀ − 1)/(q₀ + q₁ − 1); its interval is of Agresti–Coull's kind with all three
shares smoothed, and counts the error of q₀ and q₁ too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from graders.core.errors import CourseError
from leaderboard.judges.intervals import LEVEL, z_of
from leaderboard.records import Estimate, Label, digits


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a judge does on pairs with a known better answer.

    Args:
        specificity: q₀, the share of the labelled losses that it calls losses.
        losses: m₀, labelled losses.
        sensitivity: q₁, the share of the labelled wins that it calls wins.
        wins: m₁, labelled wins.
    """

    specificity: float
    losses: int
    sensitivity: float
    wins: int


def conservative(forward: Label | None, backward: Label | None) -> Decimal | None:
    """Return the score of the first entrant over both orders, as `Outcome.score` defines it."""
    if forward is None or backward is None:
        return None
    if (forward, backward) == (Label.FIRST, Label.SECOND):
        return Decimal(1)
    if (forward, backward) == (Label.SECOND, Label.FIRST):
        return Decimal(0)
    return Decimal("0.5")


def calibrate(labelled: Iterable[tuple[Label, Decimal]]) -> Calibration:
    """Measure a judge on labelled pairs.

    Args:
        labelled: A person's label of the pair (`FIRST`: the entrant wins), and the judge's score
            of the entrant over both orders: 1, ½ or 0, as in `Outcome.score`. Pairs that the
            person called a tie say nothing about wins and losses and are left out.

    Raises:
        CourseError: Wins or losses are missing among the labels.
    """
    wins: list[Decimal] = []
    losses: list[Decimal] = []
    for label, score in labelled:
        if label is Label.FIRST:
            wins.append(score)
        elif label is Label.SECOND:
            losses.append(1 - score)
    if not wins or not losses:
        raise CourseError(
            f"a judge is calibrated on labelled wins and losses, not on {len(wins)} wins and"
            f" {len(losses)} losses",
            todo="Label more pairs: zachetka judge label",
        )
    return Calibration(
        float(sum(losses) / len(losses)), len(losses), float(sum(wins) / len(wins)), len(wins)
    )


def corrected(
    p: float, n: int, q0: float, m0: int, q1: float, m1: int, level: Decimal = LEVEL
) -> Estimate:
    """Return the corrected win rate and its interval.

    Args:
        p: The judged win rate, ties counting half.
        n: Judged items.
        q0: Specificity.
        m0: Labelled losses that it was measured on.
        q1: Sensitivity.
        m1: Labelled wins that it was measured on.
        level: Of the interval.

    Raises:
        CourseError: The judge is no better than chance (q₀ + q₁ ≤ 1, as measured or smoothed), a
            share is out of range, or a count is not positive.
    """
    _check(p, n, q0, m0, q1, m1)
    theta = (p + q0 - 1) / _informedness(q0, q1)
    z = z_of(level)
    p = (n * p + z * z / 2) / (n + z * z)
    q0, q1 = (m0 * q0 + 1) / (m0 + 2), (m1 * q1 + 1) / (m1 + 2)
    number, losses, wins = n + z * z, m0 + 2, m1 + 2
    informed = _informedness(q0, q1)
    middle = (p + q0 - 1) / informed
    of_losses, of_wins = q0 * (1 - q0) / losses, q1 * (1 - q1) / wins
    shift = 2 * z * z * (-(1 - middle) * of_losses + middle * of_wins)
    error = (
        sqrt(p * (1 - p) / number + (1 - middle) ** 2 * of_losses + middle**2 * of_wins) / informed
    )
    low, high = _clip(middle + shift - z * error), _clip(middle + shift + z * error)
    return Estimate(digits(_clip(theta)), digits(low), digits(high))


def _informedness(q0: float, q1: float) -> float:
    if q0 + q1 <= 1:
        raise CourseError(
            f"the judge is no better than chance on the labelled pairs: specificity {q0:.3f} and"
            f" sensitivity {q1:.3f} add up to at most 1",
            todo="Its win rates cannot be corrected; take another judge, or label more pairs",
        )
    return q0 + q1 - 1


def _check(p: float, n: int, q0: float, m0: int, q1: float, m1: int) -> None:
    for name, share in (("win rate", p), ("specificity", q0), ("sensitivity", q1)):
        if not 0 <= share <= 1:
            raise CourseError(f"the {name} must lie between 0 and 1, not at {share}")
    if min(n, m0, m1) < 1:
        raise CourseError(f"a correction needs items and labels, not {n}, {m0} and {m1}")


def _clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)
