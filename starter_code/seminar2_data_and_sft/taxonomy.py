"""What is wrong with a generated summary: rules that anybody can run again and argue with.

An answer can have several faults, so labels are counted, not divided. Rules see form and words,
not truth: `invented_name` and `off_topic` are hints of a false statement and no proof of one. For
that, read: `examples` picks what to read first.

Left out: labels by people or by a model; homework 1 asks for the first, seminar 5 for the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LABELS: Mapping[str, str] = {
    "empty": "no word at all",
    "cut_off": "did not end by itself within the budget of tokens",
    "several_lines": "more than one line",
    "preamble": "talks about the text instead of saying it",
    "verbose": "more than twice as many words as the reference",
    "loop": "a group of three words stands in it twice",
    "copied": "eight words in a row from the document",
    "invented_name": "an identifier that stands nowhere in the input",
    "off_topic": "no content word in common with the reference",
    "good": "ROUGE-L of 0.5 or more",
}
_PREAMBLE = re.compile(
    r"^(here('s| is)|sure|the (following|provided|given|documentation|text|function|method|class)"
    r"|this (is|function|method|class|module|documentation|code))\b",
    re.IGNORECASE,
)
# Identifiers as code writes them: snake_case, camelCase, calls() and dotted.names.
_IDENTIFIER = re.compile(r"\b(?:\w+_\w+|[a-z]+[A-Z]\w*|\w+(?=\(\))|[a-z]\w+(?:\.[a-z]\w+)+)")
_FUNCTION_WORDS = frozenset(
    {"a", "an", "the", "of", "to", "for", "in", "on", "at", "by", "with", "and", "or", "not"}
    | {"from", "as", "is", "are", "be", "it", "its", "this", "that", "if", "when", "which"}
    | {"into", "given", "return", "returns", "get", "set"}
)


@dataclass(frozen=True)
class Answer:
    """A generated summary and what it is judged by.

    Args:
        text: What the model wrote.
        ended: Whether it wrote the end of turn itself.
        source: Everything that it was shown.
        reference: What a person wrote.
        rouge: ROUGE-L of text against reference, 0 to 1.
    """

    text: str
    ended: bool
    source: str
    reference: str
    rouge: float


def diagnose(answer: Answer) -> list[str]:
    """Return the labels of an answer, in the order of `LABELS`."""
    words, wanted = _words(answer.text), _words(answer.reference)
    source = _words(answer.source)
    content = set(wanted) - _FUNCTION_WORDS
    trigrams = _ngrams(words, 3)
    names = {name.casefold() for name in _IDENTIFIER.findall(answer.text)}
    found = {
        "empty": not words,
        "cut_off": not answer.ended,
        "several_lines": len([line for line in answer.text.splitlines() if line.strip()]) > 1,
        "preamble": bool(_PREAMBLE.match(answer.text)),
        "verbose": len(words) > 2 * len(wanted),
        "loop": len(trigrams) > len(set(trigrams)),
        "copied": bool(set(_ngrams(words, 8)) & set(_ngrams(source, 8))),
        "invented_name": any(name not in answer.source.casefold() for name in names),
        "off_topic": bool(words) and not content & set(words),
        "good": answer.rouge >= 0.5,
    }
    return [label for label, holds in found.items() if holds]


def count(labels: Iterable[Sequence[str]]) -> dict[str, int]:
    """Return how many answers have each label, all of `LABELS` being there."""
    totals = dict.fromkeys(LABELS, 0)
    for own in labels:
        for label in own:
            totals[label] += 1
    return totals


def examples(answers: Sequence[Answer], number: int) -> list[Answer]:
    """Return the answers to read first: the worst by ROUGE-L, in their order among equals."""
    return sorted(answers, key=lambda answer: answer.rouge)[:number]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _ngrams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]
