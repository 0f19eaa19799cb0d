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
    # zachetka: solution
    asked = set(query)
    return len(asked.intersection(document)) / len(asked) if asked else 0.0
    # zachetka: end


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
    # zachetka: solution
    table = np.column_stack([np.asarray(rows, dtype=np.float64), np.ones(len(rows))])  # N, F + 1
    wanted = np.asarray(labels, dtype=np.float64)
    punished = np.diag([l2] * (table.shape[1] - 1) + [0.0])
    weights = np.zeros(table.shape[1])
    for _ in range(100):
        chance = _sigmoid(table @ weights)  # N
        gradient = table.T @ (chance - wanted) + punished @ weights
        # A floor under the curvature: far from the optimum every chance may be 0 or 1.
        curvature = np.maximum(chance * (1 - chance), 1e-9)
        step = np.linalg.solve((table.T * curvature) @ table + punished, gradient)
        weights -= step
        if np.abs(step).max() < 1e-10:
            break
    return [float(weight) for weight in weights[:-1]], float(weights[-1])
    # zachetka: end


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
    # zachetka: solution
    table = np.asarray(rows, dtype=np.float64)
    if len(table) > len(ids):
        raise ValueError(f"{len(table)} rows of features for {len(ids)} ids")
    head = []
    if len(table):
        logits = table @ np.asarray(weights) + bias  # M
        # Sorted by logits: far from 0 different logits round to the same probability.
        order = np.argsort(-logits, kind="stable")
        chances = _sigmoid(logits)
        head = [(ids[at], float(chances[at])) for at in order]
    return head + [(one, 0.0) for one in ids[len(table) :]]
    # zachetka: end


# zachetka: staff
def _sigmoid(logits: Doubles) -> Doubles:
    """Return 1 / (1 + e^-x) without an overflow at either end."""
    small = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1.0, small) / (1 + small)


# zachetka: end
