"""Near-duplicates without comparing everything with everything: MinHash and LSH, from scratch.

Two texts are alike when their sets of shingles are (Jaccard). A random order of all shingles puts
the same one first in both sets with just that probability, so the share of equal minima over many
random orders estimates the likeness (Broder 1997). Cut into bands, the signatures become keys of
hash tables, and only texts that share a key are ever compared: pairs that are alike nearly always
do, others nearly never (Indyk and Motwani 1998; Leskovec, Rajaraman, Ullman, ch. 3.4).

Left out: storing the tables on disk, and one-permutation hashing, which makes signatures of long
texts cheaper.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

Row = dict[str, Any]
Pair = tuple[int, int]

SHINGLE = 3  # words
PERMUTATIONS, BANDS = 128, 32  # bands of 4 rows: a pair of likeness 0.6 is found in 98.8 % of cases
PRIME = 2**31 - 1  # products of two numbers below it fit into 64 bits


def shingles(text: str, width: int) -> set[str]:
    r"""Return the set of a text's shingles: `width` words in a row, with spaces between them.

    Words are runs of ``\w`` without case (`str.casefold`). A text of fewer words is one shingle as
    a whole; a text without words has none.
    """
    raise NotImplementedError("write your solution here")


def jaccard(one: Collection[str], other: Collection[str]) -> float:
    """Return the share of common elements among all elements of two sets; 0 for two empty ones."""
    raise NotImplementedError("write your solution here")


def minhash(items: Collection[str], permutations: int, seed: int) -> list[int]:
    """Return the signature of a set: its minimum in each of `permutations` random orders.

    An order is given by h(x) = (a·x + b) mod `PRIME`, with random a in 1 … `PRIME` − 1 and b in
    0 … `PRIME` − 1 that depend on `seed` alone (universal hashing, Carter and Wegman 1979), where x
    is a digest of the item. Not Python's `hash`: it differs from one process to the next.

    Raises:
        ValueError: There are no items; the minimum of nothing would be alike to anything.
    """
    raise NotImplementedError("write your solution here")


def lsh_candidates(signatures: Sequence[Sequence[int]], bands: int) -> list[Pair]:
    """Return the pairs of places (smaller, larger), sorted, whose signatures share a whole band.

    Signatures are cut into `bands` pieces of equal length. Equal pieces count only at the same
    place of the signature. With r rows in a band, a pair of likeness s becomes a candidate with
    probability 1 − (1 − s^r)^bands.

    Raises:
        ValueError: The signatures cannot be cut into `bands` equal pieces.
    """
    raise NotImplementedError("write your solution here")


def minhash_lsh(
    texts: Sequence[str],
    threshold: float,
    permutations: int = PERMUTATIONS,
    bands: int = BANDS,
    seed: int = 0,
) -> list[Pair]:
    """Return the pairs of places (smaller, larger), sorted, of texts that are near-duplicates.

    Candidates come from `lsh_candidates` on signatures of the texts' `SHINGLE`-word shingles. Of
    these, only pairs whose exact Jaccard is at least `threshold` are returned: so a pair may be
    missed, but none is wrong. Texts without words are alike to nothing.
    """
    raise NotImplementedError("write your solution here")


def components(count: int, pairs: Iterable[Pair]) -> list[int]:
    """Return for each of `count` places the smallest place that it is joined to, also over others.

    What a pair joins belongs together, and so does what hangs on it by a chain of pairs.
    """
    raise NotImplementedError("write your solution here")


def near_dedup(rows: Sequence[Row], threshold: float, seed: int = 0) -> list[Row]:
    """Return one row of each component of near-duplicates: that with the smallest id; by id.

    The pairs are those of `minhash_lsh`. A whole chain of pairs leaves one row behind: if A is
    like B and B like C, then only one of the three stays, even when A and C differ.

    Args:
        rows: Rows with a unique ``id`` and a ``text``.
        threshold: Jaccard from which two texts are near-duplicates.
        seed: Of the random orders.
    """
    raise NotImplementedError("write your solution here")
