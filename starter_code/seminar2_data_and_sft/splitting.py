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
    raise NotImplementedError("write your solution here")


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
    raise NotImplementedError("write your solution here")
