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
    # zachetka: solution
    wrong = [
        {**row, "predicted": predictions[row["id"]], "score": scores[row["id"]]}
        for row in rows
        if predictions[row["id"]] != row["label"]
    ]
    return sorted(wrong, key=lambda row: (-row["score"], row["id"]))
    # zachetka: end


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the agreement of two annotators beyond chance (Cohen 1960).

    The agreement expected by chance comes from how often each annotator uses each category. Two
    annotators who both use one and the same category always agree: 1.
    """
    # zachetka: solution
    n = len(first)
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    left, right = Counter(first), Counter(second)
    chance = sum(left[name] * right[name] for name in left) / n**2
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)
    # zachetka: end


def taxonomy(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return ``{"category", "count", "share"}`` of every category, the largest first.

    Equal counts go by name; shares are of all rows.
    """
    # zachetka: solution
    counts = Counter(row["category"] for row in rows)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"category": name, "count": count, "share": count / len(rows)} for name, count in ordered
    ]
    # zachetka: end
