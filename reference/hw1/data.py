"""Data: from raw headlines to parts that can be trusted.

A row is ``{"id": str, "headline": str, "label": 0 | 1}``; label 1 is sarcastic. Nothing here
changes the rows that it is given, and no result depends on their order.

Left out: fuzzy duplicates (MinHash). Headlines of ten words differ in whole words, so equality of
normalized text, and of the multiset of words for the split, finds what there is to find.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

Row = dict[str, Any]

# zachetka: staff
_LOOK_ALIKES = {
    **dict.fromkeys("“”„‟«»", '"'),
    **dict.fromkeys("‘’‚‛", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
_TABLE = str.maketrans(_LOOK_ALIKES)


def _key(text: str) -> str:
    """Return what two spellings of one headline have in common."""
    return normalize(text).casefold()


def _words(text: str) -> tuple[str, ...]:
    return tuple(_key(text).split())


def _ngrams(text: str, n: int) -> set[tuple[str, ...]]:
    """Return the word n-grams of a text; a shorter text is one n-gram as a whole."""
    words = _words(text)
    if len(words) < n:
        return {words}
    return {words[start : start + n] for start in range(len(words) - n + 1)}


# zachetka: end


def normalize(text: str) -> str:
    """Return a headline in one spelling: NFKC, ASCII quotes and dashes, plain single spaces.

    Fancy double quotes (``“”„‟«»``) become ``"``, single ones (``‘’‚‛``) ``'``, dashes and the
    minus sign (``‐‑‒–—―−``) ``-``. Invisible characters (categories Cc and Cf) vanish, but those
    that are white space become a space first. Case is kept: it carries meaning.
    """
    # zachetka: solution
    # NFKC first: it turns compatibility forms into the characters that the table knows.
    text = unicodedata.normalize("NFKC", text).translate(_TABLE)
    # A zero-width space is no white space to Python, a tab is: so drop by category, then split.
    visible = (c for c in text if c.isspace() or unicodedata.category(c) not in {"Cc", "Cf"})
    return " ".join("".join(visible).split())
    # zachetka: end


def deduplicate(rows: Sequence[Row]) -> list[Row]:
    """Return one row of each headline, sorted by id.

    Headlines are the same when they are equal after `normalize`, case apart (`str.casefold`). Of
    each group the row with the smallest id stays, as it is. A group whose labels differ is dropped
    whole: nobody knows which label is right.
    """
    # zachetka: solution
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[_key(row["headline"])].append(row)
    agreed = (group for group in groups.values() if len({row["label"] for row in group}) == 1)
    kept = (min(group, key=lambda row: row["id"]) for group in agreed)
    return sorted(kept, key=lambda row: row["id"])
    # zachetka: end


def split(rows: Sequence[Row], validation_share: float, seed: int) -> dict[str, list[Row]]:
    """Divide rows into ``{"train": [...], "validation": [...]}``.

    Headlines with the same words in any order and case never end up on different sides: a model
    that has seen one half of such a pair would be examined on what it has learned by heart. Each
    label keeps its share on both sides, to within two rows. The same seed gives the same parts,
    whatever the order of the rows; another seed gives others.

    Args:
        rows: Rows with unique ids.
        validation_share: Share of each label that goes to validation, between 0 and 1.
        seed: Chooses the parts.
    """
    # zachetka: solution
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(sorted(_words(row["headline"])))].append(row)

    def shuffled(group: list[Row]) -> str:
        # A hash of the seed and an id orders the groups at random, but not by their arrival.
        name = min(row["id"] for row in group)
        return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()

    # Take a group whenever it brings the labels' counts nearer to what is wanted.
    missing = Counter(row["label"] for row in rows)
    gap = {label: validation_share * count for label, count in missing.items()}
    chosen: set[str] = set()
    for group in sorted(groups.values(), key=shuffled):
        brings = Counter(row["label"] for row in group)
        before = sum(gap[label] ** 2 for label in brings)
        after = sum((gap[label] - count) ** 2 for label, count in brings.items())
        if after < before:
            chosen |= {row["id"] for row in group}
            for label, count in brings.items():
                gap[label] -= count
    ordered = sorted(rows, key=lambda row: row["id"])
    return {
        "train": [row for row in ordered if row["id"] not in chosen],
        "validation": [row for row in ordered if row["id"] in chosen],
    }
    # zachetka: end


def contaminated(train: Iterable[str], test: Sequence[str], n: int) -> list[int]:
    """Return the places of test texts that share a word n-gram with any training text.

    Words are those of the normalized text, case apart. A text of fewer than `n` words counts as
    one n-gram as a whole. N-grams never reach over the border of two texts.
    """
    # zachetka: solution
    seen: set[tuple[str, ...]] = set()
    for text in train:
        seen |= _ngrams(text, n)
    return [place for place, text in enumerate(test) if _ngrams(text, n) & seen]
    # zachetka: end
