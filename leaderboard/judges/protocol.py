"""How answers are compared: against the baseline, in both orders, through the ledger.

A win counts only when both orders agree, otherwise it is a tie (the conservative verdict of
MT-Bench, arXiv 2306.05685, §3.4). What a judge did not manage is `unscored`, never a loss.

Duels with the same texts are asked once. Equal answers are not asked at all: they tie by
definition, and a judge could only add its noise.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Protocol, runtime_checkable

from graders.core.errors import CourseError
from leaderboard.judges.entries import Entry, key_of
from leaderboard.judges.ledger import Ledger
from leaderboard.judges.replay import ReplayJudge
from leaderboard.records import Duel, Entrant, Judge, Label, Outcome, Question, Verdict

CHUNK = 256  # duels after which verdicts are on the disk, when a judge does not stream them
WIN, TIE, LOSS = Decimal(1), Decimal("0.5"), Decimal(0)
EQUAL = Verdict(Label.TIE, confidence=0.5)
# What may go better the next time; everything else would be said again.
PASSING = frozenset({"budget", "timeout", "unreachable", "rate_limited", "server", "split"})


@runtime_checkable
class Streaming(Protocol):
    """A judge that hands over each verdict when it has it, so that Ctrl-C loses little."""

    def stream(self, duels: Sequence[Duel]) -> Generator[Verdict, None, None]:
        """Yield one verdict for each duel, in order."""


def verdicts(judge: Judge, duels: Sequence[Duel], ledger: Ledger) -> list[Verdict]:
    """Return a verdict for each duel: from the ledger, or from the judge and into the ledger.

    Verdicts are written as they come, so that what an interrupt or a fault leaves is kept and
    asking again goes on from there. A verdict that failed for a passing reason is asked anew.

    Raises:
        CourseError: The ledger is broken.
        InfraError: The judge cannot work at all, or the ledger cannot be written.
    """
    if isinstance(judge, ReplayJudge):
        return list(judge.judge(duels))
    keys = [key_of(judge.card, duel) for duel in duels]
    wanted: dict[str, Duel] = {}
    for key, duel in zip(keys, duels, strict=True):
        known = ledger.lookup(key)
        if known is None or known.why in PASSING:
            wanted.setdefault(key, duel)
    _judge_and_write(judge, wanted, ledger)
    # Read back, so that a first run and a replay see the very same verdicts.
    return [_known(ledger, key) for key in keys]


def _judge_and_write(judge: Judge, wanted: Mapping[str, Duel], ledger: Ledger) -> None:
    waiting = list(wanted.items())
    if isinstance(judge, Streaming):
        with closing(judge.stream([duel for _, duel in waiting])) as coming:
            for (key, duel), verdict in zip(waiting, coming, strict=True):
                ledger.append(judge.card, [Entry(key, duel.question.id, verdict)])
        return
    for start in range(0, len(waiting), CHUNK):
        part = waiting[start : start + CHUNK]
        came = zip(part, judge.judge([duel for _, duel in part]), strict=True)
        entries = [Entry(key, duel.question.id, verdict) for (key, duel), verdict in came]
        ledger.append(judge.card, entries)


def _known(ledger: Ledger, key: str) -> Verdict:
    verdict = ledger.lookup(key)
    if verdict is None:
        raise AssertionError("a verdict that was appended must be found")
    return verdict


def compare(
    judge: Judge,
    questions: Sequence[Question],
    entrant: Entrant,
    baseline: Entrant,
    ledger: Ledger,
    repeats: int = 1,
) -> tuple[Outcome, ...]:
    """Compare one entrant with the baseline; see `compare_all`."""
    return compare_all(judge, questions, [entrant], baseline, ledger, repeats)[entrant.name]


def compare_all(
    judge: Judge,
    questions: Sequence[Question],
    entrants: Sequence[Entrant],
    baseline: Entrant,
    ledger: Ledger,
    repeats: int = 1,
) -> Mapping[str, tuple[Outcome, ...]]:
    """Compare entrants with the baseline, question by question, in both orders.

    All duels of a question stand together, for a judge that reads its prompt once for all.

    Args:
        judge: Who is asked what the ledger does not know.
        questions: Every entrant must have answered them.
        entrants: With names that differ.
        baseline: Whom they are compared with.
        ledger: Where verdicts are looked up and kept.
        repeats: How often each order is asked; the majority of its labels is the verdict.

    Returns:
        One outcome for each question, in order, by the entrant's name.

    Raises:
        CourseError: An answer is missing, two entrants have one name, or the ledger is broken.
        InfraError: The judge cannot work at all.
    """
    if len({entrant.name for entrant in entrants}) < len(entrants) or repeats < 1:
        raise CourseError(
            "entrants need names that differ, and each order must be asked at least once",
            where=f"{len(entrants)} entrants, {repeats} repeats",
        )
    asked: dict[tuple[int, int, bool], list[Duel]] = {}
    for row, question in enumerate(questions):
        theirs = _answer(baseline, question)
        for column, entrant in enumerate(entrants):
            ours = _answer(entrant, question)
            if ours == theirs:
                continue
            for swapped, (first, second) in enumerate(((ours, theirs), (theirs, ours))):
                asked[row, column, bool(swapped)] = [
                    Duel(question, first, second, repeat) for repeat in range(repeats)
                ]
    said = iter(verdicts(judge, [duel for duels in asked.values() for duel in duels], ledger))
    found = {place: majority([next(said) for _ in duels]) for place, duels in asked.items()}
    return {
        entrant.name: tuple(
            outcome(
                entrant.name,
                question.id,
                found.get((row, column, False), EQUAL),
                found.get((row, column, True), EQUAL),
            )
            for row, question in enumerate(questions)
        )
        for column, entrant in enumerate(entrants)
    }


def _answer(entrant: Entrant, question: Question) -> str:
    try:
        return entrant.answers[question.id]
    except KeyError:
        raise CourseError(
            f"{entrant.name} has no answer to the question {question.id}",
            todo="Judge only submissions that have passed their check",
        ) from None


def outcome(entrant: str, question_id: str, forward: Verdict, backward: Verdict) -> Outcome:
    """Return the conservative outcome of two verdicts.

    Args:
        entrant: Its name.
        question_id: Of the question.
        forward: With the entrant shown first.
        backward: With the entrant shown second.
    """
    labels = (forward.label, backward.label)
    score: Decimal | None = TIE
    if None in labels:
        score = None
    elif labels == (Label.FIRST, Label.SECOND):
        score = WIN
    elif labels == (Label.SECOND, Label.FIRST):
        score = LOSS
    return Outcome(entrant, question_id, forward, backward, score)


def majority(repeats: Sequence[Verdict]) -> Verdict:
    """Return what most of the repeats of one duel say; a tie where no label has more than half.

    At least half of the repeats must be scored, or all of it is unscored.
    """
    if len(repeats) == 1:
        return repeats[0]
    scored = [one for one in repeats if one.label is not None]
    label: Label | None = None
    why = ""
    if 2 * len(scored) < len(repeats):
        why = next(one.why for one in repeats if one.label is None)
    else:
        counts = {one: sum(v.label is one for v in scored) for one in Label}
        label = next((one for one, n in counts.items() if 2 * n > len(scored)), Label.TIE)
    sure = [one.confidence for one in scored if one.confidence is not None]
    return Verdict(
        label=label,
        confidence=sum(sure) / len(sure) if sure and label is not None else None,
        raw="\n".join(one.raw for one in repeats),
        why=why,
        tokens_in=sum(one.tokens_in for one in repeats),
        tokens_out=sum(one.tokens_out for one in repeats),
        cost=sum((one.cost for one in repeats), Decimal(0)),
    )
