"""Where the errors are: slices of the test set, confidence, and what the adapter broke.

An accuracy says how many are wrong; a slice says which. Slices are decided by the text alone, so
they cannot be chosen after the errors were seen, and each has an interval, since a slice is small.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .comparison import Interval

FEW = 20  # a slice of fewer items says nothing, and is not shown
SLICES: Mapping[str, Callable[[str], bool]] = {
    "up to 7 words": lambda text: len(text.split()) <= 7,
    "8 to 11 words": lambda text: 8 <= len(text.split()) <= 11,
    "12 words or more": lambda text: len(text.split()) >= 12,
    "a number": lambda text: bool(re.search(r"\d", text)),
    "quotation marks": lambda text: bool(re.search(r"[\"“”‘]|(?:^|\s)'", text)),
    "a question or how/why/what": lambda text: bool(
        re.search(r"\?|^(?:how|why|what|when|who|where)\b", text.lower())
    ),
    "a person unnamed (man, woman, ...)": lambda text: bool(
        re.search(r"\b(?:man|woman|men|women|guy|mom|dad|couple|teen|boy|girl)\b", text.lower())
    ),
    "you, your": lambda text: bool(re.search(r"\byour?\b", text.lower())),
}


@dataclass(frozen=True)
class Slice:
    """Some of the items.

    Args:
        name: What they have in common.
        n: How many.
        sarcastic: Share of label 1 among them.
        base: Accuracy of the base model.
        adapted: Accuracy of the adapted model.
        interval: Of the latter (Wilson 1927: good for small n, and never outside 0..1).
    """

    name: str
    n: int
    sarcastic: float
    base: float
    adapted: float
    interval: Interval


def wilson(right: int, n: int) -> Interval:
    """Return the 95 % Wilson interval of a share."""
    z, share = 1.96, right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return centre - half, centre + half


def slices(
    rows: Sequence[dict[str, Any]], base: Sequence[int], adapted: Sequence[int]
) -> list[Slice]:
    """Return the slices that have enough items, the worst one first."""
    found = []
    for name, belongs in SLICES.items():
        places = [i for i, row in enumerate(rows) if belongs(row["headline"])]
        if len(places) < FEW:
            continue
        gold = [rows[i]["label"] for i in places]
        right = sum(adapted[i] == g for i, g in zip(places, gold, strict=True))
        was = sum(base[i] == g for i, g in zip(places, gold, strict=True))
        n = len(places)
        found.append(Slice(name, n, sum(gold) / n, was / n, right / n, wilson(right, n)))
    return sorted(found, key=lambda one: one.adapted)


def by_confidence(gold: Sequence[int], margins: Sequence[float]) -> list[tuple[str, int, float]]:
    """Return (third, items, accuracy) of the least, the middle and the most confident third."""
    order = sorted(range(len(gold)), key=lambda place: abs(margins[place]))
    third = len(order) // 3
    parts = {
        "least confident third": order[:third],
        "middle third": order[third:-third],
        "most confident third": order[-third:],
    }
    return [
        (name, len(places), sum((margins[i] > 0) == bool(gold[i]) for i in places) / len(places))
        for name, places in parts.items()
    ]


def confident_errors(
    rows: Sequence[dict[str, Any]], margins: Sequence[float], count: int
) -> list[tuple[str, str, float]]:
    """Return (headline, what is right, margin) of the errors with the largest margins."""
    wrong = [i for i, row in enumerate(rows) if (margins[i] > 0) != bool(row["label"])]
    wrong.sort(key=lambda place: -abs(margins[place]))
    names = ("news", "sarcastic")
    return [(rows[i]["headline"], names[rows[i]["label"]], margins[i]) for i in wrong[:count]]
