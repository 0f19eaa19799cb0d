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
    raise NotImplementedError("write your solution here")


def bootstrap_ci(
    values: Sequence[float], level: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean (Efron 1979); one value an item."""
    raise NotImplementedError("write your solution here")


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
    raise NotImplementedError("write your solution here")


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
    raise NotImplementedError("write your solution here")
