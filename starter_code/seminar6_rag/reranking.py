"""Reranking: a small model that looks at query and document together.

A retriever must score thousands of documents, so it compares summaries of them: counts, vectors.
A reranker sees only what the retriever brought and can afford to look at both sides. Usual is a
cross-encoder; here it is logistic regression on five numbers, which trains in a blink, shows its
weights, and is enough to measure what reranking brings. It is trained on queries about *other*
packages than those that it is measured on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

FEATURES = ("BM25 / best BM25", "cosine", "overlap", "overlap weighted by idf", "overlap with name")


def overlap(query: Sequence[str], document: Sequence[str]) -> float:
    """Return the share of the query's different words that the document holds; 0 without words."""
    raise NotImplementedError("write your solution here")


def features(
    query: Sequence[str],
    document: Sequence[str],
    name: Sequence[str],
    scores: tuple[float, float],
    idf: Mapping[str, float],
) -> list[float]:
    """Return one row of `FEATURES` for a query and a candidate.

    Args:
        query: The query's words.
        document: The candidate's words.
        name: The words of the candidate's name alone: where they agree, little doubt is left.
        scores: The candidate's BM25 score as a share of the query's best one, and its cosine.
        idf: The weight of each word; unknown words weigh 0, for no document can have them.
    """
    # Sorted before they are added: a set of words has no fixed order, and a sum's last digit does.
    asked = set(query)
    held = asked.intersection(document)
    weight = sum(sorted(idf.get(word, 0.0) for word in asked))
    weighted = sum(sorted(idf.get(word, 0.0) for word in held)) / weight if weight else 0.0
    return [*scores, overlap(query, document), weighted, overlap(query, name)]


def fit_logistic(
    rows: Doubles, labels: NDArray[np.int64] | Doubles, l2: float = 1.0
) -> tuple[list[float], float]:
    """Fit logistic regression; return its weights and its bias.

    They minimize, by Newton's method (Hastie, Tibshirani and Friedman 2009, section 4.4.1),

        sum over rows of log loss + l2 / 2 · |weights|²

    The loss is a sum, not a mean, and the bias is not punished: relevant documents are rare, and
    it must be free to say so. The same objective as scikit-learn's `LogisticRegression(C=1 / l2)`.

    Args:
        rows: Shape (N, F).
        labels: Shape (N,), 1 for relevant, 0 for not.
        l2: Strength of the regularization, above 0: with it the optimum exists even where a
            feature separates the classes.
    """
    raise NotImplementedError("write your solution here")


def rerank(
    ids: Sequence[str], rows: Doubles, weights: Sequence[float], bias: float
) -> list[tuple[str, float]]:
    """Reorder the head of a ranking by the probability of being relevant; keep its tail.

    The first `len(rows)` ids are ordered by sigmoid(row · weights + bias), high first; equal ones
    keep the retriever's order. What stands below was not looked at and stays below, in its order,
    with probability 0: a reranker that drops it makes recall worse than the retriever's.

    Args:
        ids: The retriever's ranking, best first.
        rows: Features of its first ids, shape (M, F) with M at most `len(ids)`.
        weights: One per feature.
        bias: Added to every score.

    Raises:
        ValueError: There are more rows than ids.
    """
    raise NotImplementedError("write your solution here")
