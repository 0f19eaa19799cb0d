"""Words of a one-line summary and of what it is about: tokens, stems, names, grammar classes.

Everything is plain string work on short texts, the same on every machine. English only, as the
documentation that the competition summarises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MOST_CHARACTERS = 4000  # an answer is read no further: a flood costs its sender, not the judge
_WORD = re.compile(r"[A-Za-z][A-Za-z_']*(?:\d[\w]*)?|\d[\d.]*|[^\w\s]")
_NAME = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(])")
_ENDINGS = ("ization", "ations", "ation", "ions", "ion", "ings", "ing", "ers", "ies", "ors",
            "ment", "ness", "ed", "er", "or", "es", "ly", "al", "s", "e", "y")  # fmt: skip
_CLASSES = ("ing", "ed", "ly", "tion", "sion", "ment", "ness", "ity", "able", "ible", "ive", "ous",
            "al", "ic", "er", "or", "ss", "s")  # fmt: skip
_FUNCTION_WORDS = (
    "a an the of to in on for from by with without as at into onto over under between within "
    "through during before after until about against across along and or but nor not no if then "
    "else when where while whether that which who whose what how why this these those it its they "
    "them their there here is are was were be been being has have had do does did can could will "
    "would shall should may might must all any each every both either neither some such same "
    "other another one two first last more most less least only also than so up out off per via "
    "using given based you your we our i my he she his her"
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a question shows: the object's signature and its description."""

    signature: str
    description: str


@lru_cache(maxsize=4096)
def read_prompt(text: str) -> Prompt:
    """Split a prompt at its first empty line; without one all of it is the description."""
    head, found, rest = text.strip().partition("\n\n")
    if not found:
        return Prompt("", head)
    return Prompt(head.strip(), rest.strip())


def tokens(text: str) -> list[str]:
    """Return words, numbers and punctuation marks, in order."""
    return _WORD.findall(text[:MOST_CHARACTERS])


def words(text: str) -> list[str]:
    """Return words and numbers in lower case, in order."""
    return [token.lower() for token in tokens(text) if token[0].isalnum()]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [part for part in _SENTENCE.split(text.strip()) if part]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return a word without one common ending, so that «returns» meets «return»."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def content(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, identifiers taken apart."""
    found: list[str] = []
    for token in tokens(text):
        parts = name_words(token) if "_" in token or not token.islower() else [token]
        found += [stem(part) for part in parts if part.isalpha() and part not in FUNCTION_WORDS]
    return found


def name_words(name: str) -> list[str]:
    """Return the words of an identifier: ``readCsv_file`` has read, csv and file."""
    return [part.lower() for part in _NAME.findall(name)]


def object_name(signature: str) -> str:
    """Return the identifier that a signature begins with."""
    head = re.split(r"[(:\[]", signature, maxsplit=1)[0].strip()
    return re.split(r"[\s.]+", head)[-1] if head else ""


@lru_cache(maxsize=65536)
def grammar_class(token: str) -> str:
    """Return what a token is in a sentence, without saying which word it is.

    A function word stands for itself, any other word for its ending.
    """
    lower = token.lower()
    if lower in FUNCTION_WORDS or not token[0].isalnum():
        return lower
    if token[0].isdigit():
        return "<number>"
    if (
        "_" in token
        or any(char.isdigit() for char in token)
        or (token[1:] and not token[1:].islower())
    ):
        return "<name>"
    for ending in _CLASSES:
        if lower.endswith(ending) and len(lower) > len(ending) + 1:
            return f"<-{ending}>"
    return "<word>"
