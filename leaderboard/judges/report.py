"""What is said about a judge after a round: coverage, agreement with itself, favour of a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from graders.core.errors import CourseError
from leaderboard.judges.intervals import exact
from leaderboard.judges.ledger import Ledger
from leaderboard.judges.protocol import EQUAL
from leaderboard.records import Estimate, Label, Licence, Outcome, digits
from leaderboard.standings import JudgeReport


@dataclass(frozen=True, slots=True)
class FirstPosition:
    """Whether a judge favours the answer that it sees first.

    Args:
        share: Of decided verdicts that are for the first answer.
        p_value: Exact binomial test of the questions whose two orders were both decided and
            contradict each other: a judge without favour says «first» in both orders as often as
            «second» in both. Verdicts that agree say nothing about places, and the two of one
            question are not independent, so they are left out of the test.
        both_first: Questions where the first answer won in both orders.
        both_second: Questions where the second answer won in both orders.
    """

    share: Estimate
    p_value: Decimal
    both_first: int
    both_second: int


def coverage(outcomes: Sequence[Outcome]) -> Decimal:
    """Return the share of verdicts that are not unscored; 1 when there are none."""
    labels = _labels(outcomes)
    return digits(sum(label is not None for label in labels) / len(labels) if labels else 1)


def swap_consistency(outcomes: Sequence[Outcome]) -> Decimal:
    """Return the share of judged questions with the same verdict in both orders.

    Equal answers, which nobody was asked about, and unscored ones are left out; 1 when none is
    left.
    """
    pairs = [
        (one.forward.label, one.backward.label)
        for one in outcomes
        if one.score is not None and not (one.forward == one.backward == EQUAL)
    ]
    same = sum(first is _SWAPPED[second] for first, second in pairs if second is not None)
    return digits(same / len(pairs) if pairs else 1)


_SWAPPED = {Label.FIRST: Label.SECOND, Label.SECOND: Label.FIRST, Label.TIE: Label.TIE}


def first_position(outcomes: Sequence[Outcome]) -> FirstPosition:
    """Return how often the first answer wins, and the test that it wins too often."""
    from scipy.stats import binomtest

    decided = [label for label in _labels(outcomes) if label in (Label.FIRST, Label.SECOND)]
    first = sum(label is Label.FIRST for label in decided)
    both = [one.forward.label for one in outcomes if one.forward.label is one.backward.label]
    both_first, both_second = both.count(Label.FIRST), both.count(Label.SECOND)
    against = both_first + both_second
    p_value = binomtest(both_first, against, 0.5).pvalue if against else 1.0
    return FirstPosition(exact(first, len(decided)), digits(p_value), both_first, both_second)


def report(
    outcomes: Sequence[Outcome], licence: Licence, ledger: Ledger, head: str = ""
) -> JudgeReport:
    """Return what the judge's card on the board says.

    Args:
        outcomes: Of all entrants of the board.
        licence: Of the judge that gave them.
        ledger: Where its verdicts stand; tokens and money are counted there, so that a verdict
            used twice is paid once and one that had to be asked twice is paid twice.
        head: A link of the past, for a replay.

    Raises:
        CourseError: The ledger has no such link.
    """
    if not ledger.knows(licence.judge) and any(one.forward != EQUAL for one in outcomes):
        raise CourseError(
            "the licence is not of the judge whose verdicts these are",
            where=licence.judge.name,
            todo="Examine the judge that is configured",
        )
    spent = ledger.spent(licence.judge, head)
    return JudgeReport(
        licence=licence,
        coverage=coverage(outcomes),
        swap_consistency=swap_consistency(outcomes),
        verdicts=2 * len(outcomes),
        tokens_in=spent.tokens_in,
        tokens_out=spent.tokens_out,
        cost=spent.cost,
        ledger_head=head or ledger.head,
    )


def _labels(outcomes: Sequence[Outcome]) -> list[Label | None]:
    return [one.label for pair in outcomes for one in (pair.forward, pair.backward)]
