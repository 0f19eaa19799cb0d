"""Likeness of texts: words in order, and sets of words."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

NEAR = 0.6  # Jaccard of word sets from which two descriptions count as one
_WORD = re.compile(r"[a-z0-9_]+")


def words_of(text: str) -> list[str]:
    """Return a text's words without case and punctuation."""
    return _WORD.findall(text.casefold())


def even(text: str) -> str:
    """Return a text as its words with one space between them, for finding it verbatim."""
    return " ".join(words_of(text))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of common words among all words of two sets; 0 for empty ones."""
    common = len(one & other)
    return common / max(1, len(one) + len(other) - common)


def pairs_alike(texts: Sequence[str], near: float = NEAR) -> Iterator[tuple[int, int]]:
    """Yield the places (earlier, later) of texts whose word sets have a Jaccard of `near` or more.

    Exact, by prefix filtering (Chaudhuri, Ganti and Kaushik 2006): with words ordered from rare
    to frequent, two sets that are similar enough share a word of their prefixes.
    """
    sets = [frozenset(words_of(text)) for text in texts]
    frequency = Counter(word for words in sets for word in words)
    seen: defaultdict[str, list[int]] = defaultdict(list)
    for at, words in enumerate(sets):
        ranked = sorted(words, key=lambda word: (frequency[word], word))
        prefix = ranked[: len(ranked) - math.ceil(near * len(ranked)) + 1]
        for other in sorted({place for word in prefix for place in seen[word]}):
            if min(len(words), len(sets[other])) < near * max(len(words), len(sets[other])):
                continue
            if jaccard(words, sets[other]) >= near:
                yield other, at
        for word in prefix:
            seen[word].append(at)
