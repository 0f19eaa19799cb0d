"""The licence exam: a judge's verdicts count only after it has shown that it can judge.

The shipped items are about invented functions, with a good summary and one that is worse in a
known way: a wrong detail, nothing said, too many words, another object's summary, words dropped or
shuffled, broken off, copied, and attacks. A judge that passes is better than a coin on them, no
more; the accuracy per kind says at what. Items of other collections come from `readers`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from graders.core.canonical import digest_of
from graders.core.errors import CourseError
from leaderboard.judges.agreement import (
    Judged,
    accuracy,
    cohen_kappa,
    first_position,
    flipped,
    item_score,
)
from leaderboard.judges.intervals import LEVEL
from leaderboard.judges.ledger import Ledger
from leaderboard.judges.protocol import verdicts
from leaderboard.records import Duel, Judge, Label, Licence, Question, Verdict, digits

ITEMS = Path(__file__).parent / "exam_items.jsonl"
COVERAGE = Decimal("0.98")
HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class ExamItem:
    """A pair with a label.

    Args:
        id: Unique in the exam.
        group: What the pair is about; pairs about one thing are not independent. May be empty.
        kind: Of pair.
        prompt: The question.
        first: An answer.
        second: The other.
        label: Which one is better.
    """

    id: str
    group: str
    kind: str
    prompt: str
    first: str
    second: str
    label: Label


@lru_cache(maxsize=1)
def items() -> tuple[ExamItem, ...]:
    """Return the shipped exam. The better answer is first in every other item."""
    found = []
    for number, line in enumerate(ITEMS.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        better_first = number % 2 == 0
        pair = (row["better"], row["worse"])
        found.append(
            ExamItem(
                id=row["id"],
                group=row["group"],
                kind=row["kind"],
                prompt=row["prompt"],
                first=pair[0] if better_first else pair[1],
                second=pair[1] if better_first else pair[0],
                label=Label.FIRST if better_first else Label.SECOND,
            )
        )
    return tuple(found)


def examine(
    judge: Judge,
    exam: Sequence[ExamItem],
    ledger: Ledger,
    *,
    level: Decimal = LEVEL,
) -> Licence:
    """Ask a judge every item in both orders and say whether its verdicts may count.

    Args:
        judge: Of any kind.
        exam: Items with different ids.
        ledger: Verdicts go through it: what it knows is not asked again.
        level: Of the intervals.

    Raises:
        CourseError: There are no items, or two have one id.
        InfraError: The judge cannot work.
    """
    if not exam or len({item.id for item in exam}) < len(exam):
        raise CourseError("an exam needs items, each with an id of its own")
    came = _ask(judge, exam, ledger)
    return grade(judge, exam, came[: len(exam)], came[len(exam) :], level=level)


def _ask(judge: Judge, exam: Sequence[ExamItem], ledger: Ledger) -> Sequence[Verdict]:
    questions = [Question(item.id, item.group, item.prompt, "") for item in exam]
    pairs = list(zip(questions, exam, strict=True))
    duels = [Duel(question, item.first, item.second) for question, item in pairs]
    duels += [Duel(question, item.second, item.first) for question, item in pairs]
    return verdicts(judge, duels, ledger)


def grade(
    judge: Judge,
    exam: Sequence[ExamItem],
    forward: Sequence[Verdict],
    backward: Sequence[Verdict],
    *,
    level: Decimal = LEVEL,
) -> Licence:
    """Return the licence that verdicts on the items, in both orders, earn."""
    sheets = [
        Judged(item.label, one.label, other.label)
        for item, one, other in zip(exam, forward, backward, strict=True)
    ]
    scores = [item_score(sheet) for sheet in sheets]
    known = [(sheet.label, sheet.verdict) for sheet in sheets if sheet.verdict]
    known += [(_turned(sheet.label), sheet.swapped) for sheet in sheets if sheet.swapped]
    both = [sheet for sheet in sheets if sheet.verdict and sheet.swapped]
    same = sum(sheet.verdict == flipped(sheet.swapped) for sheet in both)
    estimate = accuracy(scores, [item.group for item in exam], level)
    coverage = digits(len(known) / (2 * len(exam)))
    return Licence(
        judge=judge.card,
        accuracy=estimate,
        swap_consistency=digits(same / len(both) if both else 0),
        first_position=first_position(
            [word for sheet in sheets for word in (sheet.verdict, sheet.swapped)], level
        ),
        kappa=digits(cohen_kappa(*zip(*known, strict=True)) if known else 0),
        items=len(exam),
        coverage=coverage,
        licensed=estimate.low > HALF and coverage >= COVERAGE,
        by_kind=_by_kind(exam, scores),
        exam=exam_digest(exam),
    )


def exam_digest(exam: Sequence[ExamItem]) -> str:
    """Return the SHA-256 of the items."""
    return digest_of(
        [
            [item.id, item.group, item.kind, item.prompt, item.first, item.second, item.label]
            for item in exam
        ]
    )


def _turned(label: Label) -> Label:
    turned = flipped(label)
    assert turned is not None
    return turned


def _by_kind(exam: Sequence[ExamItem], scores: Sequence[float]) -> dict[str, Decimal]:
    found: dict[str, list[float]] = {}
    for item, score in zip(exam, scores, strict=True):
        found.setdefault(item.kind, []).append(score)
    return {kind: digits(sum(some) / len(some)) for kind, some in sorted(found.items())}
