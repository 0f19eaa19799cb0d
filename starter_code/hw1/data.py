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


def normalize(text: str) -> str:
    """Return a headline in one spelling: NFKC, ASCII quotes and dashes, plain single spaces.

    Fancy double quotes (``“”„‟«»``) become ``"``, single ones (``‘’‚‛``) ``'``, dashes and the
    minus sign (``‐‑‒–—―−``) ``-``. Invisible characters (categories Cc and Cf) vanish, but those
    that are white space become a space first. Case is kept: it carries meaning.
    """
    raise NotImplementedError("write your solution here")


def deduplicate(rows: Sequence[Row]) -> list[Row]:
    """Return one row of each headline, sorted by id.

    Headlines are the same when they are equal after `normalize`, case apart (`str.casefold`). Of
    each group the row with the smallest id stays, as it is. A group whose labels differ is dropped
    whole: nobody knows which label is right.
    """
    raise NotImplementedError("write your solution here")


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
    raise NotImplementedError("write your solution here")


def contaminated(train: Iterable[str], test: Sequence[str], n: int) -> list[int]:
    """Return the places of test texts that share a word n-gram with any training text.

    Words are those of the normalized text, case apart. A text of fewer than `n` words counts as
    one n-gram as a whole. N-grams never reach over the border of two texts.
    """
    raise NotImplementedError("write your solution here")
