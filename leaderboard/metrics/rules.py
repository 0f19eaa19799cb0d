"""What a summary line must look like, as named rules that a program can decide.

Sources: PEP 257 on one-line docstrings (one line; a phrase that ends in a period; no signature;
the quotes are the docstring's and not the text's), the task (4 to 14 words, plain text), and what
models leave behind (the prompt, a preamble, a template's markers). Inline code in backticks is
allowed: human summaries of this task have it.

Left out, for a program cannot decide it or people break it themselves: the imperative mood
(needs a tagger; many packages write "Returns"), a capital letter (a summary may begin with a
name from the code).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from leaderboard.metrics.texts import scorable

MIN_WORDS, MAX_WORDS = 4, 14

_MARKDOWN = re.compile(
    r"```|~~~|(?<![\w*])\*\*(?=\S)[^*]+\*\*|__(?=\S)\w[^_]*\s[^_]*__|^\s*(#{1,6}\s|[-*+•]\s|>\s|\d+[.)]\s)|\]\(\S*\)|!\[",
    re.MULTILINE,
)
_QUOTES = {'"': '"', "'": "'", "“": "”", "«": "»", "‘": "’", "„": "“"}
_REMAINS = re.compile(
    r"<\|[^|<>]{0,40}\|>|\[/?INST\]|<</?SYS>>|</?s>|<(start|end)_of_turn>|^\s*#{2,}|"
    r"\b(summary|answer|output|response|description|documentation|signature|docstring|assistant"
    r"|user|system|human)\s*:|"
    r"^\W*(sure|certainly|of course|okay|ok)\b\s*[,!.:]|"
    r"^\W*(here|this|the following) (is|are)\b.{0,40}\b(summary|description|docstring)\b|"
    r"\b(one[- ]line|single[- ]line) (summary|description|docstring)\b",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNATURE = re.compile(r"^\s*((async\s+)?(def|class)\s+\w+|[\w.]+\(.*\)\s*(->|:|$|\.$))")
# Not after one letter or digit (an initial, a list), "e.g." or "i.e."; only before a capital.
_SENTENCE_BREAK = re.compile(r"(?<!\b\w)(?<!\be\.g)(?<!\bi\.e)[.!?]['\")\]]?\s+(?=[^\W\d_a-zа-яё])")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; ``metrics.rule.<key>`` is its message.

    Args:
        key: Names it.
        kept: Whether a text that is not blank, stripped of white space at its ends, keeps it.
    """

    key: str
    kept: Callable[[str], bool]


def _is_plain(text: str) -> bool:
    """Say whether every character can be seen (or is a space or a line break)."""
    if text.isascii() and text.isprintable():
        return True
    return not any(
        unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"} and c not in "\n\r\t"
        for c in text
    )


def _is_unquoted(text: str) -> bool:
    inner = text.rstrip(".")
    wrapped = len(inner) > 1 and _QUOTES.get(inner[0]) == inner[-1]
    return not wrapped and '"""' not in text and "'''" not in text


RULES = (
    Rule("one_line", lambda text: len(text.splitlines()) == 1),
    Rule("length", lambda text: MIN_WORDS <= len(text.split()) <= MAX_WORDS),
    Rule("period", lambda text: text.endswith(".") and not text.endswith("..")),
    Rule("one_sentence", lambda text: _SENTENCE_BREAK.search(text) is None),
    Rule("no_markdown", lambda text: _MARKDOWN.search(text) is None),
    Rule("no_quotes", _is_unquoted),
    Rule("no_prompt", lambda text: _REMAINS.search(text) is None),
    Rule("no_signature", lambda text: _SIGNATURE.match(text) is None),
    Rule("visible", _is_plain),
)


def broken(answer: str) -> tuple[str, ...]:
    """Return the keys of the rules that an answer breaks: all of them when it is blank."""
    text = scorable(answer).strip()
    return tuple(rule.key for rule in RULES if not text or not rule.kept(text))
