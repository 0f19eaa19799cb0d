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
        # zachetka: solution
        lengths = np.array([len(words) for words in documents], dtype=np.float64)
        mean = lengths.mean() if lengths.sum() else 1.0  # documents without words have no weights
        found: dict[str, list[tuple[int, int]]] = {}
        for at, words in enumerate(documents):
            for word, count in Counter(words).items():
                found.setdefault(word, []).append((at, count))
        self._postings: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for word, postings in found.items():
            places = np.array([at for at, _ in postings])
            counts = np.array([count for _, count in postings], dtype=np.float64)
            rarity = (self.size - len(postings) + 0.5) / (len(postings) + 0.5)
            self.idf[word] = math.log(1 + rarity)
            damping = k1 * (1 - b + b * lengths[places] / mean)
            self._postings[word] = (places, self.idf[word] * counts * (k1 + 1) / (counts + damping))
        # zachetka: end

    def scores(self, query: Sequence[str]) -> NDArray[np.float64]:
        """Return every document's score, shape (N,); a word that the query repeats counts again."""
        # zachetka: solution
        total = np.zeros(self.size)
        for word in query:
            if word in self._postings:
                places, weights = self._postings[word]
                total[places] += weights  # places are unique: each document has a word once
        return total
        # zachetka: end


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
        # zachetka: solution
        self._vectors = _unit(vectors)  # N, D
        self._block = block
        # zachetka: end

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
        # zachetka: solution
        asked = _unit(queries)  # Q, D
        places = np.zeros((len(asked), 0), dtype=np.int64)
        cosines = np.zeros((len(asked), 0), dtype=np.float32)
        for start in range(0, len(self._vectors), self._block):
            similar = asked @ self._vectors[start : start + self._block].T  # Q, block
            new = np.broadcast_to(np.arange(start, start + similar.shape[1]), similar.shape)
            # What led before stands before what is new, so a stable sort keeps ties in order.
            places = np.concatenate([places, new], axis=1)
            cosines = np.concatenate([cosines, similar], axis=1)
            order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
            places = np.take_along_axis(places, order, axis=1)
            cosines = np.take_along_axis(cosines, order, axis=1)
        return places, cosines
        # zachetka: end


def dense_index(vectors: Floats, block: int = 1024) -> DenseIndex:
    """Return an index of document vectors of shape (N, D) that answers `search(queries, k)`."""
    return DenseIndex(vectors, block)


# zachetka: staff
def _unit(vectors: Floats) -> Floats:
    """Return float32 rows of length 1; zero rows stay zero."""
    rows = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


# zachetka: end


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
    # zachetka: solution
    shares: dict[str, list[float]] = {}
    for ranking in rankings:
        # The rank is the place among different ids: a repetition takes no one's place.
        for rank, one in enumerate(dict.fromkeys(ranking), start=1):
            shares.setdefault(one, []).append(1 / (k + rank))
    # Floating-point sums depend on their order in the last digit, and a last digit reorders ties:
    # fsum is exact, so rankings given in another order fuse to the same bits.
    fused = {one: math.fsum(parts) for one, parts in shares.items()}
    return sorted(fused.items(), key=lambda entry: (-entry[1], entry[0]))
    # zachetka: end
