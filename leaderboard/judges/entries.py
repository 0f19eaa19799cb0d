"""What a line of the ledger says, and the key that a verdict is found by.

A verdict's key is the SHA-256 of canonical JSON of the messages' contents (the question, then the
answers in the order shown), the judge's model, its parameters and its prompt version, and the
number of the repeat. The text around the contents is known by `prompt_version`, which is a digest
of it, and the nonce is made from the key (`leaderboard.judges.prompt`), so the key names exactly
what was sent and can be computed again by whoever has the answers and the judge's card: no
prompt's code and no secret is needed for a replay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from graders.core.canonical import decimal_text, digest_of, plain
from leaderboard.records import Duel, JudgeCard, Label, Verdict


def key_of(card: JudgeCard, duel: Duel) -> str:
    """Return the ledger's key of a duel before a judge."""
    contents = (duel.question.prompt, duel.first, duel.second)
    return digest_of(
        {
            "messages": [_text_digest(text) for text in contents],
            "model": [card.name, card.family, card.version],
            "parameters": plain(card.parameters),
            "prompt": card.prompt_version,
            "repeat": duel.repeat,
        }
    )


def _text_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A verdict as it stands in the ledger."""

    line: int
    judge: str  # the digest of the card
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Spent:
    """What a judge has used up so far; nothing is counted twice."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Entry:
    """A verdict that is to be written."""

    key: str
    question: str
    verdict: Verdict


def card_data(card: JudgeCard) -> dict[str, Any]:
    """Return a card as plain data."""
    return {
        "name": card.name,
        "family": card.family,
        "version": card.version,
        "parameters": plain(card.parameters),
        "prompt_version": card.prompt_version,
    }


def entry_data(judge: str, entry: Entry) -> dict[str, Any]:
    """Return what a line says of a verdict.

    Args:
        judge: The digest of its card.
        entry: The verdict and its key.
    """
    verdict = entry.verdict
    return {
        "kind": "verdict",
        "judge": judge,
        "key": entry.key,
        "question": _written(entry.question),
        "verdict": {
            "label": verdict.label,
            "confidence": verdict.confidence,
            "raw": _written(verdict.raw),
            "why": verdict.why,
            "tokens_in": verdict.tokens_in,
            "tokens_out": verdict.tokens_out,
            "cost": decimal_text(verdict.cost),
        },
    }


def _written(text: str) -> str:
    """Half of a surrogate pair has no bytes: it is kept as a question mark."""
    return text.encode("utf-8", "replace").decode()


def verdict_of(data: Mapping[str, Any]) -> Verdict:
    """Return the verdict of a line's data."""
    label = None if data["label"] is None else Label(data["label"])
    return Verdict(**{**data, "label": label, "cost": Decimal(data["cost"])})
