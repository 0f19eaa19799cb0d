"""Splitting: what the model is examined on must not stand in what it learns from.

A random split of rows is the usual mistake. Rows come in families: versions of one text, functions
of one package, turns of one author. A family on both sides measures memory, not skill.

Left out: stratification by length or source. With whole families to place there is little left to
choose.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from .near_duplicates import components

Row = dict[str, Any]


def contamination_ngrams(train: Sequence[str], test: Sequence[str], n: int) -> list[float]:
    r"""Return, for each test text, the share of its word n-grams that a training text holds.

    Words are runs of ``\w`` without case. An n-gram counts as often as it stands in the test text,
    and never reaches over the border of two texts. A test text of fewer than `n` words is taken as
    one m-gram, m being its length: it must stand, whole, somewhere in a training text, which is
    how short answers leak. A text without words has share 0. (GPT-3 used n = 13: Brown et al. 2020,
    appendix C.)
    """
    # zachetka: solution
    known: dict[int, set[tuple[str, ...]]] = {}  # by length: short test texts need short grams
    training = [_words(text) for text in train]
    shares = []
    for text in test:
        words = _words(text)
        size = min(n, len(words))
        if not size:
            shares.append(0.0)
            continue
        if size not in known:
            known[size] = {gram for other in training for gram in _ngrams(other, size)}
        grams = list(_ngrams(words, size))
        shares.append(sum(gram in known[size] for gram in grams) / len(grams))
    return shares
    # zachetka: end


# zachetka: staff
def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _ngrams(words: Sequence[str], n: int) -> Iterable[tuple[str, ...]]:
    return (tuple(words[start : start + n]) for start in range(len(words) - n + 1))


# zachetka: end
def group_split(
    rows: Sequence[Row], links: Sequence[tuple[str, str]], share: float, seed: int
) -> dict[str, list[Row]]:
    """Divide rows into ``{"train": [...], "validation": [...]}``, families never divided.

    A family holds all rows of one ``group``, all rows that `links` join, and all that hangs on
    these in turn. Families go to validation in a random order that depends on `seed` and on ids,
    never on the order of the rows; each one that brings the number of validation rows nearer to
    ``share * len(rows)``. Both parts are sorted by id.

    Args:
        rows: Rows with a unique ``id`` and a ``group``, for example a package.
        links: Pairs of ids of near-duplicates. Ids of other rows are passed over.
        share: Share of the rows that validation gets, between 0 and 1.
        seed: Chooses the parts.
    """
    # zachetka: solution
    ordered = sorted(rows, key=lambda row: row["id"])
    place = {row["id"]: number for number, row in enumerate(ordered)}
    first_of_group: dict[str, int] = {}
    pairs = [(first_of_group.setdefault(row["group"], n), n) for n, row in enumerate(ordered)]
    pairs += [(place[one], place[other]) for one, other in links if {one, other} <= place.keys()]
    families: dict[int, list[Row]] = defaultdict(list)
    for row, root in zip(ordered, components(len(ordered), pairs), strict=True):
        families[root].append(row)

    def shuffled(family: list[Row]) -> str:
        # A hash of the seed and the smallest id: random, and the same wherever the family stands.
        return hashlib.sha256(f"{seed}:{family[0]['id']}".encode()).hexdigest()

    gap = share * len(ordered)
    chosen: set[str] = set()
    for family in sorted(families.values(), key=shuffled):
        if abs(gap - len(family)) < gap:
            chosen |= {row["id"] for row in family}
            gap -= len(family)
    return {
        "train": [row for row in ordered if row["id"] not in chosen],
        "validation": [row for row in ordered if row["id"] in chosen],
    }
    # zachetka: end
