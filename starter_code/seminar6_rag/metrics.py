"""How well a ranking answers: recall@k, reciprocal rank, nDCG.

Each takes one ranking (ids, best first) and what is relevant for that one query; the mean over
queries is the caller's, who also has the intervals to think of. An id that a ranking repeats counts
once, at its best place: fused and chunked rankings repeat ids, and a metric that counts them again
goes above 1.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence


def _without_repetition(ranking: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(ranking))


def recall_at_k(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Return the share of the relevant ids that stand among the first `k`; 0 if none is relevant.

    The share is of all relevant ids, also where there are more than `k` (precision@k divides by k).
    """
    raise NotImplementedError("write your solution here")


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Return 1 / rank of the first relevant id, ranks from 1; 0 if there is none."""
    raise NotImplementedError("write your solution here")


def mrr(rankings: Sequence[Sequence[str]], relevant: Sequence[Collection[str]]) -> float:
    """Return the mean reciprocal rank over queries; those without a hit count, as 0.

    Args:
        rankings: One ranking per query.
        relevant: The relevant ids per query.

    Raises:
        ValueError: The lengths differ.
    """
    raise NotImplementedError("write your solution here")


def ndcg(ranking: Sequence[str], gains: Mapping[str, float], k: int) -> float:
    """Return the normalized discounted cumulative gain of the first `k`.

    DCG = sum of gain / log2(rank + 1) with ranks from 1 (Järvelin and Kekäläinen 2002, with linear
    gains, as scikit-learn's `ndcg_score`), divided by the DCG of the best possible ranking of
    *all* known gains: what was not retrieved lowers the score. 0 if there is no gain at all.

    Args:
        ranking: Ids, best first.
        gains: The gain of each relevant id; others have none.
        k: How many places count.
    """

    raise NotImplementedError("write your solution here")
