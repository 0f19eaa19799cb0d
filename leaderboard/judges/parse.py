"""The verdict in a model's reply: the last one, in the words that were offered, or none.

JSON objects and plain statements (``Verdict: A``, ``[[A]]``) are looked for together and the one
that ends last counts, because a model that thinks aloud changes its mind towards the end. Whatever
is inside a JSON object is read as JSON only: a reason that quotes an answer cannot pose as a
statement. A last statement in words that were not offered is no verdict at all, and no earlier one
is taken instead. No verdict is `unscored`, never a loss.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection
from typing import Any

from leaderboard.records import Label

PARSER_VERSION = "parse-1"
MAX_REPLY = 20_000  # characters; only the end of a longer reply is read
MAX_BRACES = 200  # opened in it; an honest verdict needs one, and each may cost a whole reading
FIELD = "verdict"

_DECODER = json.JSONDecoder()
_STATED = re.compile(
    r"\bverdict\b[\s*_\"'`]*(?:[:=]|\bis\b)[\s*_\"'`\[(]*(?:a\s+(?=tie\b))?(?P<word>\w+)"
    r"(?P<more>[\"']?\s*(?:[,/|]|\bor\b)\s*(?:or\s+)?[\"']?(?:A|B|tie)\b)?"  # the offer, echoed
    r"|\[\[(?P<double>\w+)\]\]",
    re.IGNORECASE,
)
_ALONE = re.compile(r"[\s*_\"'`\[(]*(?P<word>\w+)[\s*_\"'`\])]*\.?\s*")
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)


def strip_invisible(text: str) -> str:
    """Take out characters that are not seen: format controls, fillers, variation selectors."""
    if text.isascii():
        return text
    return "".join(char for char in text if not _invisible(char))


def _invisible(char: str) -> bool:
    code = ord(char)
    return (
        unicodedata.category(char) == "Cf"  # zero width, bidi, tags, soft hyphen
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
        or code in {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    )


def visible_reply(text: str) -> str:
    """Return what a model said, without what it only thought; an open thought runs to the end."""
    return _THOUGHT.sub("", strip_invisible(text)).strip()


def last_verdict(text: str, labels: Collection[Label] = tuple(Label)) -> Label | None:
    """Return the last verdict of a reply, or None.

    Args:
        text: The reply, word for word.
        labels: What was offered; nothing else is accepted.
    """
    said = visible_reply(text)[-MAX_REPLY:]
    alone = _ALONE.fullmatch(said)
    if alone:
        return _label(alone["word"], labels)
    objects = _objects(said)
    outside, last = _without(said, objects), -1
    found: Any = None
    for _, end, value in objects:
        if isinstance(value, dict) and FIELD in value:
            found, last = value[FIELD], end
    for stated in _STATED.finditer(outside):
        if stated.end() > last:
            word = None if stated["more"] else stated["word"] or stated["double"]
            found, last = word, stated.end()
    return _label(found, labels)


def _label(word: Any, labels: Collection[Label]) -> Label | None:
    if not isinstance(word, str):
        return None
    wanted = word.strip().casefold()
    for label in labels:
        if label.value.casefold() == wanted:
            return label
    return None


def _objects(text: str) -> list[tuple[int, int, Any]]:
    """Return the outermost JSON objects of a text, with where they begin and end."""
    opened = [at for at, char in enumerate(text) if char == "{"][-MAX_BRACES:]
    found, at = [], opened[0] if opened else -1
    while at >= 0:
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append((at, end, value))
        at = text.find("{", end)
    return found


def _without(text: str, objects: list[tuple[int, int, Any]]) -> str:
    """Blank the objects out, so that places stay and nothing inside them is read as text."""
    pieces, at = [], 0
    for start, end, _ in objects:
        pieces += [text[at:start], "\n" * (end - start)]
        at = end
    return "".join([*pieces, text[at:]])
