"""Error analysis: which mistakes to read first, what kinds there are, and whether people agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def error_rows(
    rows: Sequence[Mapping[str, Any]],
    predictions: Mapping[str, int],
    scores: Mapping[str, float],
) -> list[dict[str, Any]]:
    """Return the rows that were answered wrongly, the most confident mistakes first.

    Each is a copy of the row with ``predicted`` and ``score``; equal scores go by id.

    Args:
        rows: Rows with ``id``, ``headline`` and ``label``.
        predictions: Answers by id.
        scores: How confident each answer was, by id.
    """
    raise NotImplementedError("write your solution here")


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the agreement of two annotators beyond chance (Cohen 1960).

    The agreement expected by chance comes from how often each annotator uses each category. Two
    annotators who both use one and the same category always agree: 1.
    """
    raise NotImplementedError("write your solution here")


def taxonomy(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return ``{"category", "count", "share"}`` of every category, the largest first.

    Equal counts go by name; shares are of all rows.
    """
    raise NotImplementedError("write your solution here")
