"""What an endpoint can do, found out by asking: json_schema, JSON, log-probabilities.

A server that does not know a field may refuse it or pass over it in silence, so a capability is
believed only when the reply shows it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard.judges.transport import Sent

PROBE = [
    {"role": "system", "content": "You compare two answers. Reply with JSON: a verdict."},
    {
        "role": "user",
        "content": 'Question: 2 + 2 = ?\nA: 4\nB: 5\nReply with {"reason": "...", "verdict": "A",'
        ' "B" or "tie"}.',
    },
]
SCHEMA: Mapping[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "verdict",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {
                "reason": {"type": "string"},
                "verdict": {"type": "string", "enum": ["A", "B", "tie"]},
            },
            "required": ["reason", "verdict"],
            "additionalProperties": False,
        },
    },
}
FORMATS: Mapping[str, Mapping[str, Any]] = {
    "json_schema": {"response_format": SCHEMA},
    "json": {"response_format": {"type": "json_object"}},
    "text": {},
}
LOGPROBS: Mapping[str, Any] = {"logprobs": True, "top_logprobs": 5}
Send = Callable[[Mapping[str, Any], str], Awaitable[Sent]]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What is used: a key of `FORMATS`, and whether log-probabilities are asked for."""

    format: str
    logprobs: bool

    @property
    def fields(self) -> Mapping[str, Any]:
        """What every request carries because of them."""
        return {**FORMATS[self.format], **(LOGPROBS if self.logprobs else {})}


async def capabilities(send: Send, form: str, logprobs: bool | None) -> tuple[Capabilities, str]:
    """Find out what is not told already.

    Args:
        send: Sends the probe with some fields, under a name.
        form: ``auto``, or a key of `FORMATS`.
        logprobs: None to find out.

    Returns:
        The capabilities, and why an attempt failed for a reason that says nothing about them
        (the endpoint is away), or an empty string.

    Raises:
        InfraError: No request could be answered.
    """
    if form == "auto":
        for form in ("json_schema", "json"):  # noqa: PLR1704 - the first that works is kept
            sent = await send(FORMATS[form], form)
            if _away(sent):
                return Capabilities("text", logprobs=False), _away(sent)
            if sent.read is not None and _is_json(sent.read.text):
                break
        else:
            form = "text"
    if logprobs is None:
        sent = await send(LOGPROBS, "logprobs")
        if _away(sent):
            return Capabilities(form, logprobs=False), _away(sent)
        logprobs = sent.read is not None and sent.read.logprobs
    return Capabilities(form, logprobs), ""


def _away(sent: Sent) -> str:
    away = {"unreachable", "timeout", "rate_limited"}
    return sent.fault.why if sent.fault is not None and sent.fault.why in away else ""


def _is_json(text: str) -> bool:
    try:
        return isinstance(value := json.loads(text), dict) and "verdict" in value
    except (ValueError, RecursionError):
        return False
