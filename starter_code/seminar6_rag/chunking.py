"""From a text to words and chunks: what a search engine indexes.

A chunk is a span of characters, never a copied string: a citation can then point at the place in
the document, and nothing of the text can get lost. Left out: chunking by meaning (cutting where the
embeddings of neighbouring sentences part) and by the headings of a page; the documents here are
descriptions of 25 to 200 words without headings.
"""

from __future__ import annotations

import re

_UNIT = re.compile(r"\S+\s*")  # a word with the white space behind it
_ENDS_SENTENCE = re.compile(r"[.!?…][\"'»”)\]]*\s*$")
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-zа-яё0-9])(?=[A-ZА-ЯЁ])|(?<=[A-Z])(?=[A-Z][a-z])")

# Words that stand everywhere tell nothing; the list is short, for BM25's own weights do the rest.
STOP_WORDS = frozenset(
    word
    for words in (
        "a an and are as at be by for",
        "from if in is it not of on or",
        "that the this to with",
    )
    for word in words.split()
)


def tokenize(text: str) -> list[str]:
    """Return the words of a text in lower case, identifiers taken apart.

    `get_params`, `GridSearchCV` and `getParams` become ["get", "params"], ["grid", "search", "cv"]
    and ["get", "params"]: who asks for documentation knows the words, not the spelling.
    """
    pieces = (piece for word in _WORD.findall(text) for piece in _HUMP.split(word))
    return [word for piece in pieces if (word := piece.casefold()) not in STOP_WORDS]


def chunk(text: str, size: int, overlap: int = 0) -> list[tuple[int, int]]:
    """Cut a text into spans of at most `size` words, and return their (start, end) characters.

    The spans cover the whole text in its order: the first starts at 0, the last ends at its end,
    each next one starts exactly `overlap` words before the end of the one before. White space
    behind a word belongs to the word, white space at the very beginning to the first span. A span
    ends behind the last word that ends a sentence (`.`, `!`, `?`, `…`, quotes or brackets may
    follow) if that word is not in the first half of the window (its number, counted from 1, is
    more than size / 2); otherwise behind `size` words. A text without words has no spans.

    Args:
        text: Any text.
        size: The most words of a span.
        overlap: How many words the neighbours share; less than half of `size`.

    Raises:
        ValueError: `size` is less than 1, or `overlap` is negative or not less than size / 2:
            the spans would not advance.
    """
    raise NotImplementedError("write your solution here")
