"""Records of the competition that cross the borders of its rooms: frozen, typed, no behaviour.

Scores that decide a grade are `Decimal`; statistics are computed in float64 and become `Decimal`
once, by `digits`, where they leave the room that computed them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Protocol

from graders.core.records import Plain

DIGITS = Decimal("0.0001")


def digits(value: float) -> Decimal:
    """Return a statistic as the exact decimal that is stored and shown."""
    return Decimal(str(float(value))).quantize(DIGITS, ROUND_HALF_EVEN)


class Part(StrEnum):
    """Which items a score is computed on."""

    PUBLIC = "public"
    PRIVATE = "private"


class Kind(StrEnum):
    """What an entrant is. Only teams are ranked; the others are drawn beside them."""

    TEAM = "team"
    BASELINE = "baseline"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class Question:
    """One item of the test set.

    Args:
        id: As in the submission files.
        group: The package that it comes from: what parts are split and strata are drawn by.
        prompt: What the entrant was given (signature and description).
        reference: The human answer; staff only.
    """

    id: str
    group: str
    prompt: str
    reference: str


@dataclass(frozen=True, slots=True)
class Entrant:
    """A team, a baseline or a canary, and its answer to every question by id."""

    name: str
    answers: Mapping[str, str]
    kind: Kind = Kind.TEAM


class Label(StrEnum):
    """What a judge may say about the two answers in the order in which it saw them."""

    FIRST = "A"
    SECOND = "B"
    TIE = "tie"


@dataclass(frozen=True, slots=True)
class Duel:
    """What a judge is asked: a question and two answers in the order shown.

    `repeat` tells repeated questions apart in the ledger.
    """

    question: Question
    first: str
    second: str
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one duel.

    Args:
        label: None when unscored; never a loss.
        confidence: Probability of `FIRST` against `SECOND` in [0, 1], where a judge gives it.
        raw: The reply, word for word.
        why: Why it is unscored (a catalogue key below ``judge.unscored.``), or empty.
        tokens_in: Tokens read, 0 where nothing is counted.
        tokens_out: Tokens written.
        cost: Money, in the currency of the budget.
    """

    label: Label | None
    confidence: float | None = None
    raw: str = ""
    why: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class JudgeCard:
    """Who judges: everything that can change a verdict, so that the ledger's key holds it.

    Args:
        name: Shown on the board.
        family: Of models; a judge does not judge its own.
        version: Of the weights: a digest, or what the endpoint calls the model.
        parameters: Temperature, seed, limits.
        prompt_version: Of the prompt's text and the parser.
    """

    name: str
    family: str
    version: str
    parameters: Mapping[str, Plain] = field(default_factory=dict)
    prompt_version: str = ""


class Judge(Protocol):
    """One interface for an endpoint, a local model, a trained model and a script of a test."""

    @property
    def card(self) -> JudgeCard:
        """Who this is."""

    def judge(self, duels: Sequence[Duel]) -> Sequence[Verdict]:
        """Return one verdict for each duel, in order. Faults of a duel are `unscored` verdicts.

        Raises:
            InfraError: The judge cannot work at all (no endpoint, no model, budget spent).
        """


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question, an entrant against the baseline, both orders.

    `score` is 1 for a win in both orders, 0 for a loss in both, ½ otherwise, None when one of
    the two verdicts is missing (the conservative verdict of MT-Bench, arXiv 2306.05685, §3.4).
    """

    entrant: str
    question_id: str
    forward: Verdict  # the entrant shown first
    backward: Verdict  # the entrant shown second
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A statistic and the ends of its interval."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Licence:
    """Whether a judge's verdicts count: the result of the exam on labelled pairs.

    Args:
        judge: Its card.
        accuracy: Over exam items, a tie or an unscored one counting half; with its interval.
        swap_consistency: Share of items with the same verdict in both orders.
        first_position: Share of decided verdicts for the first answer, with its interval.
        kappa: Cohen's, of verdicts against labels.
        items: In the exam.
        coverage: Share of verdicts that are not unscored.
        licensed: Whether the interval of the accuracy lies above one half and the coverage is met.
        by_kind: Accuracy per kind of exam pair.
        exam: SHA-256 of the exam's items.
    """

    judge: JudgeCard
    accuracy: Estimate
    swap_consistency: Decimal
    first_position: Estimate
    kappa: Decimal
    items: int
    coverage: Decimal
    licensed: bool
    by_kind: Mapping[str, Decimal]
    exam: str
