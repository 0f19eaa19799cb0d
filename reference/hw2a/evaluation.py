"""Evaluation: ROUGE-L, and how far a difference of two systems can be trusted.

Both systems answer the same items, and items differ far more than systems do. So differences are
taken item by item and *those* are resampled: two separate intervals would overlap where the
paired one is clear of zero.

Left out: stemming, and every metric but one. The competition has more columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_TOKEN = re.compile(r"[a-z0-9]+")
LEVEL, RESAMPLES, SEED = 0.95, 2000, 1


def rouge_l(answer: str, reference: str) -> float:
    """Return ROUGE-L F1 (Lin 2004, §3.1, with β = 1): the longest common subsequence of words.

    Words are runs of ASCII letters and digits, case apart. Where either text has none, it is 0.
    """
    # zachetka: solution
    found, wanted = _TOKEN.findall(answer.lower()), _TOKEN.findall(reference.lower())
    if not found or not wanted:
        return 0.0
    # One row of the table is enough: best[j] is the length for the first j wanted words.
    best = [0] * (len(wanted) + 1)
    for word in found:
        diagonal = 0
        for j, other in enumerate(wanted, start=1):
            above = best[j]
            best[j] = diagonal + 1 if word == other else max(above, best[j - 1])
            diagonal = above
    return 2 * best[-1] / (len(found) + len(wanted))  # 2PR / (P + R) with P = L/n and R = L/m
    # zachetka: end


def bootstrap_ci(
    values: Sequence[float], level: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean (Efron 1979); one value an item."""
    # zachetka: solution
    rng = np.random.default_rng(seed)
    array = np.asarray(values, dtype=float)
    drawn = rng.integers(0, len(array), size=(resamples, len(array)))
    low, high = np.quantile(array[drawn].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
    # zachetka: end


def paired_bootstrap(
    ours: Sequence[float], theirs: Sequence[float], level: float, resamples: int, seed: int
) -> dict[str, float]:
    """Compare two systems on the same items: ``{"difference", "low", "high"}``.

    Args:
        ours: Scores of one system, one an item.
        theirs: Scores of the other on the same items, in the same order.
        level: Such as 0.95.
        resamples: How many samples of items are drawn.
        seed: Of the draws.

    Raises:
        ValueError: The two do not have as many scores.
    """
    # zachetka: solution
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    low, high = bootstrap_ci(differences, level, resamples, seed)
    return {"difference": float(np.mean(differences)), "low": low, "high": high}
    # zachetka: end


def ablation_table(
    items: Sequence[str],
    references: Sequence[str],
    variants: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return what `ablations.json` holds.

    Args:
        items: Ids of rows of train.jsonl that no variant was trained on.
        references: Their summaries.
        variants: ``name``, ``change`` (what was done, in words), ``answers`` (in the order of the
            items), and ``against``: the name of the variant that it is compared with, or None.
    """
    # zachetka: solution
    rows: list[dict[str, Any]] = []
    scores: dict[str, list[float]] = {}
    for variant in variants:
        own = [round(rouge_l(a, r), 4) for a, r in zip(variant["answers"], references, strict=True)]
        scores[variant["name"]] = own
        low, high = bootstrap_ci(own, LEVEL, RESAMPLES, SEED)
        row = {
            "name": variant["name"],
            "change": variant["change"],
            "against": variant["against"],
            "mean": round(float(np.mean(own)), 4),
            "ci": [round(low, 4), round(high, 4)],
        }
        if variant["against"] is not None:
            found = paired_bootstrap(own, scores[variant["against"]], LEVEL, RESAMPLES, SEED)
            row["difference"] = round(found["difference"], 4)
            row["difference_ci"] = [round(found["low"], 4), round(found["high"], 4)]
        rows.append({**row, "scores": own, "answers": list(variant["answers"])})
    return {"metric": "rouge_l", "level": LEVEL, "items": list(items), "variants": rows}
    # zachetka: end
