"""Texts as metrics and detectors may read them: always Unicode, never endless."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARS = 2000  # ten times the longest line that is asked for; bounds work, not the score

_WORD = re.compile(r"[^\W_]+")


def scorable(text: str) -> str:
    """Return a text that every library can read: cut, and without lone surrogates.

    A lone surrogate cannot be written as UTF-8, which Rust tokenizers and Arrow demand; it
    becomes U+FFFD, which matches nothing in a reference.
    """
    text = text[:MAX_CHARS]
    if text.isascii():
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if "\ud800" <= c <= "\udfff" else c for c in text)


def words(text: str) -> list[str]:
    """Return the words of a text: runs of letters and digits of any script, without case.

    `snake_case` is two words. For ASCII these are the tokens of the rouge-score package, which
    knows no other letters; compatibility forms (wide letters, ligatures) count as plain ones.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _WORD.findall(text.casefold())
