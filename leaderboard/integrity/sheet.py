"""What all detectors look at, and how evidence is shown.

A sheet is the class's answers in one order. Texts are compared as `normal` makes them: without
case, punctuation and spacing, so that a comma does not hide a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from graders.core.records import Plain
from graders.feedback.visible import visible
from leaderboard.metrics.texts import scorable, words
from leaderboard.records import Entrant, Kind, Question

EXAMPLES = 5
SHOWN_CHARS = 120
SMALLEST_P = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Row:
    """One entrant: its answers as given and as compared, in the order of the questions."""

    name: str
    kind: Kind
    answers: tuple[str, ...]
    normal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All entrants over all questions."""

    questions: tuple[Question, ...]
    documents: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def references(self) -> tuple[str, ...]:
        """The human answers as they are compared."""
        return tuple(normal(question.reference) for question in self.questions)

    def of(self, *kinds: Kind) -> tuple[Row, ...]:
        """Return the entrants of some kinds."""
        return tuple(row for row in self.rows if row.kind in kinds)


def sheet_of(
    entrants: Sequence[Entrant],
    questions: Sequence[Question],
    documents: Mapping[str, str] | None = None,
) -> Sheet:
    """Lay out the answers; a question that an entrant did not answer is a blank answer.

    Args:
        entrants: In any order.
        questions: What is looked at.
        documents: By question's id. When None, what follows the first empty line of the prompt
            (the signature stands before it), or the whole prompt.
    """
    rows = []
    for entrant in entrants:
        answers = tuple(entrant.answers.get(question.id, "") for question in questions)
        rows.append(Row(entrant.name, entrant.kind, answers, tuple(map(normal, answers))))
    texts = [
        documents.get(question.id, "") if documents is not None else _document(question.prompt)
        for question in questions
    ]
    return Sheet(tuple(questions), tuple(texts), tuple(rows))


def normal(text: str) -> str:
    """Return a text as it is compared: its words, without case, one space between them."""
    return " ".join(words(scorable(text)))


def share(part: float, whole: float) -> Decimal:
    """Return a share with four digits; of nothing it is 0."""
    return (Decimal(str(part / whole)) if whole else Decimal(0)).quantize(Decimal("0.0001"))


def p_text(p_value: float) -> Decimal:
    """Return a p-value as "not more than": two digits at most, never below `SMALLEST_P`."""
    return max(SMALLEST_P, Decimal(str(p_value)).quantize(SMALLEST_P, ROUND_CEILING))


def shown(text: str) -> str:
    """Return a text that can stand in evidence: cut, and with nothing invisible in it."""
    cut = text[:SHOWN_CHARS]
    return visible(cut).replace("\n", "⏎") + ("…" if len(text) > SHOWN_CHARS else "")


def evidence(
    sheet: Sheet, row: Row, places: Iterable[int], **more: Sequence[str]
) -> dict[str, Plain]:
    """Return the arguments that a person checks a flag by.

    Args:
        sheet: The class.
        row: The entrant.
        places: Of the questions, the most telling first; the first few are shown.
        more: Other texts to show for each question, by the name under which they stand.
    """
    chosen = list(places)[:EXAMPLES]
    examples = [
        {
            "id": sheet.questions[at].id,
            "answer": shown(row.answers[at]),
            **{name: shown(texts[at]) for name, texts in more.items()},
        }
        for at in chosen
    ]
    return {"ids": ", ".join(sheet.questions[at].id for at in chosen), "examples": examples}


def _document(prompt: str) -> str:
    head, found, tail = prompt.partition("\n\n")
    return tail if found else head
