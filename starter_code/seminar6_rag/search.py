"""Search: by words (BM25), by meaning (dense vectors), and by both (reciprocal rank fusion).

BM25 knows exact names and knows nothing of synonyms; vectors know synonyms and blur names. Their
scores live on different scales, so the rankings are fused and not the scores. Left out: approximate
indices (HNSW, IVF): for the few thousand vectors of a seminar the exact product is faster than
any graph, and it is what an approximate one has to be compared with anyway.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]  # texts to vectors, shape (N, D)


class BM25:
    """An inverted index: for each word, the documents that it stands in, with its BM25 weight.

    The weight of word t in document d (Robertson and Zaragoza 2009, section 3.4):

        idf(t) · f(t, d) · (k1 + 1) / (f(t, d) + k1 · (1 - b + b · |d| / avg |d|))
        idf(t) = ln(1 + (N - n(t) + 1/2) / (n(t) + 1/2))

    f(t, d) counts t in d, n(t) the documents with t. The 1 inside the logarithm (as in Lucene)
    keeps a word that stands in most documents from counting *against* them. Nothing of a weight
    depends on the query, so a search is a sum of columns.

    Args:
        documents: The words of each document.
        k1: How slowly repetitions saturate; 0 counts presence alone.
        b: How much a long document is held against itself, 0..1.
    """

    def __init__(
        self, documents: Sequence[Sequence[str]], k1: float = 1.2, b: float = 0.75
    ) -> None:
        self.size = len(documents)
        self.idf: dict[str, float] = {}
        raise NotImplementedError("write your solution here")

    def scores(self, query: Sequence[str]) -> NDArray[np.float64]:
        """Return every document's score, shape (N,); a word that the query repeats counts again."""
        raise NotImplementedError("write your solution here")


def bm25(
    query: Sequence[str], documents: Sequence[Sequence[str]], k1: float = 1.2, b: float = 0.75
) -> list[float]:
    """Return the BM25 score of each document for a query, both given as words."""
    return [float(score) for score in BM25(documents, k1, b).scores(query)]


def best(scores: NDArray[np.float64] | Floats, k: int) -> list[int]:
    """Return the places of the `k` highest scores, best first, equal ones in their order."""
    return [int(at) for at in np.argsort(-scores, kind="stable")[:k]]


class DenseIndex:
    """Exact cosine search in blocks: memory for Q · `block` similarities, not for Q · N.

    Args:
        vectors: Shape (N, D), of any length; kept as unit vectors. A zero vector is similar to
            nothing: its cosine is 0, not NaN.
        block: How many documents are compared at once.
    """

    def __init__(self, vectors: Floats, block: int = 1024) -> None:
        raise NotImplementedError("write your solution here")

    def search(self, queries: Floats, k: int) -> tuple[NDArray[np.int64], Floats]:
        """Return places and cosines of the `k` nearest of each query, best first.

        Equal cosines stand in the order of their places. Where there are fewer than `k` documents,
        all are returned.

        Args:
            queries: Shape (Q, D).
            k: How many neighbours.

        Returns:
            Two arrays of shape (Q, min(k, N)).
        """
        raise NotImplementedError("write your solution here")


def dense_index(vectors: Floats, block: int = 1024) -> DenseIndex:
    """Return an index of document vectors of shape (N, D) that answers `search(queries, k)`."""
    return DenseIndex(vectors, block)


def rrf(rankings: Sequence[Sequence[str]], k: int = 60) -> list[tuple[str, float]]:
    """Fuse rankings by reciprocal ranks and return (id, score), best first.

    score(id) = sum over the rankings that hold it of 1 / (k + rank), ranks from 1 (Cormack, Clarke
    and Büttcher 2009). A ranking that repeats an id counts at its best place. Neither the order of
    the rankings nor anything else but ranks may change the result: equal scores stand in the order
    of ids.

    Args:
        rankings: Ids, best first, of each search.
        k: Flattens the differences at the top; 60 in the paper.
    """
    raise NotImplementedError("write your solution here")
