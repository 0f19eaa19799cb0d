"""A chat completion as a server sent it: what it says, or why it says nothing. Pure functions.

Nothing about its shape is believed: servers differ, and faults come as well-formed JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard.judges.budget import Usage
from leaderboard.judges.parse import last_verdict, visible_reply
from leaderboard.records import Label

MOST_TOKENS = 10**8  # a count above it is no count


@dataclass(frozen=True, slots=True)
class Read:
    """What a completion says.

    Args:
        text: The message, word for word; what was only thought is not in it.
        label: The verdict, or None.
        why: Why there is none: a key below ``judge.unscored.``, or empty.
        chance: Of the first answer against the second, from log-probabilities, or None.
        usage: As the server counts, or None.
        logprobs: Whether it sent log-probabilities at all.
    """

    text: str
    label: Label | None
    why: str
    chance: float | None
    usage: Usage | None
    logprobs: bool = False


def read(data: Any) -> Read:
    """Read a chat completion; any JSON value is allowed and none raises."""
    usage = usage_of(data)
    choice = _first(_get(data, "choices"))
    message = _get(choice, "message")
    text = _get(message, "content")
    if isinstance(text, list):  # parts, as some servers send them
        text = "".join(part for one in text if isinstance(part := _get(one, "text"), str))
    if not isinstance(text, str):
        text = ""
    tokens = _get(_get(choice, "logprobs"), "content")
    label = last_verdict(text)
    why = _why(choice, message, text, label)
    if why:
        return Read(text, None, why, None, usage, isinstance(tokens, list))
    return Read(text, label, "", chance_of(tokens), usage, isinstance(tokens, list))


def _why(choice: Any, message: Any, text: str, label: Label | None) -> str:
    """Return why a reply counts as no verdict, or an empty string."""
    finish = _get(choice, "finish_reason")
    if message is None:
        return "empty"
    if _get(message, "refusal") or finish == "content_filter":
        return "refusal"
    if not visible_reply(text):
        thought = text.strip() or any(
            _get(message, name) for name in ("reasoning_content", "reasoning")
        )
        return "reasoning" if thought else "empty"
    if finish == "length" and (label is None or not text.rstrip().endswith("}")):
        return "truncated"  # what it was about to say is not known
    return "" if label is not None else "no_verdict"


def usage_of(data: Any) -> Usage | None:
    """Return the server's count of tokens when it is one."""
    usage = _get(data, "usage")
    counts = [_get(usage, "prompt_tokens"), _get(usage, "completion_tokens")]
    if all(type(one) is int and 0 <= one <= MOST_TOKENS for one in counts):
        return Usage(*counts)
    return None


def chance_of(tokens: Any) -> float | None:
    """Return P(A) / (P(A) + P(B)) at the last token that is a label, or None.

    Args:
        tokens: ``logprobs.content``: tokens with their ``top_logprobs``.
    """
    if not isinstance(tokens, list):
        return None
    labels = {Label.FIRST.value, Label.SECOND.value}
    for token in reversed(tokens):
        if _word(_get(token, "token")) not in {*labels, Label.TIE.value}:
            continue
        mass = dict.fromkeys(labels, 0.0)
        for one in _get(token, "top_logprobs") or ():
            word, logprob = _word(_get(one, "token")), _get(one, "logprob")
            if word in mass and isinstance(logprob, int | float) and logprob <= 0:
                mass[word] += math.exp(logprob)
        whole = sum(mass.values())
        return mass[Label.FIRST.value] / whole if whole > 0 and all(mass.values()) else None
    return None


def _word(token: Any) -> str:
    return token.strip(" \t\n\"'*:") if isinstance(token, str) else ""


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None
