"""The prototype: documents in, answers with sources out; the model is a function that is passed in.

Seminar 7 optimizes and serves this. So a question goes in two halves with the model in between:
`prepare` retrieves, filters, packs and writes the messages; `finish` reads the model's text. An
engine that answers many at once calls `prepare` for all of them first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .answering import cite, pack_context, prompt
from .chunking import chunk, tokenize
from .reranking import features, rerank
from .safety import guard
from .search import BM25, Embed, best, dense_index, rrf
from .tools import Generate, Message

RERANKED = 30  # how many of the fused ranking a reranker looks at


@dataclass(frozen=True)
class Document:
    """A document that can be found.

    Args:
        id: Stable and unique.
        title: Its name; searched together with the text and shown with it.
        text: What it says.
    """

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Reranker:
    """A trained reranker: one weight per feature, and a bias."""

    weights: Sequence[float]
    bias: float


@dataclass(frozen=True)
class Candidate:
    """What a reranker sees of one document found for a query."""

    id: str
    row: tuple[float, ...]


class Retriever:
    """Finds documents by words and, with an embedder, by meaning too.

    Chunks are indexed, documents are returned: one stands where its best chunk does.

    Args:
        documents: What can be found.
        embed: Texts to vectors of shape (N, D); without it only words count.
        size: Words of a chunk.
        overlap: Words that neighbouring chunks share.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        embed: Embed | None = None,
        size: int = 120,
        overlap: int = 20,
    ) -> None:
        self.documents = {document.id: document for document in documents}
        self._owners: list[str] = []
        texts: list[str] = []
        for document in documents:
            # Each chunk carries the title: alone, half a description does not say of what.
            for start, end in chunk(document.text, size, overlap):
                texts.append(f"{document.title}\n{document.text[start:end]}")
                self._owners.append(document.id)
        self._words = [tokenize(text) for text in texts]
        self._bm25 = BM25(self._words)
        self._embed = embed
        self._dense = dense_index(embed(texts)) if embed and texts else None
        self.chunks = len(texts)

    def rankings(self, query: str, depth: int = 50) -> dict[str, list[str]]:
        """Return the ids found by each search, best first: "bm25", and "dense" with an embedder."""
        return {name: [one for one, _ in found] for name, found in self._found(query, depth)}

    def retrieve(self, query: str, k: int, reranker: Reranker | None = None) -> list[str]:
        """Return the ids of the `k` best documents: fused, and reranked if a reranker is given."""
        rankings = self.rankings(query)
        fused = [one for one, _ in rrf(list(rankings.values()))]
        if reranker is None:
            return fused[:k]
        candidates = self.candidates(query, fused[:RERANKED])
        rows = np.array([candidate.row for candidate in candidates], dtype=np.float64)
        return [one for one, _ in rerank(fused, rows, reranker.weights, reranker.bias)][:k]

    def candidates(self, query: str, ids: Sequence[str]) -> list[Candidate]:
        """Return the reranker's features of documents for a query, in the order of `ids`.

        A document has the scores of its best chunk in each search; one that a search did not bring
        has 0 there.
        """
        words = tokenize(query)
        found = {name: dict(pairs) for name, pairs in self._found(query, 50)}
        highest = max(found["bm25"].values(), default=0.0) or 1.0
        rows = []
        for one in ids:
            document = self.documents[one]
            scores = (found["bm25"].get(one, 0.0) / highest, found.get("dense", {}).get(one, 0.0))
            own = tokenize(f"{document.title}\n{document.text}")
            row = features(words, own, tokenize(document.title), scores, self._bm25.idf)
            rows.append(Candidate(one, tuple(row)))
        return rows

    def _found(self, query: str, depth: int) -> list[tuple[str, list[tuple[str, float]]]]:
        """Return (search, [(id, score), ...]) with each document at its best chunk."""
        scores = self._bm25.scores(tokenize(query))
        # A document may own several chunks: look further than `depth` for enough documents.
        places = [at for at in best(scores, 3 * depth) if scores[at] > 0]
        found = [("bm25", self._documents([(at, float(scores[at])) for at in places], depth))]
        if self._dense is not None and self._embed is not None:
            near, cosines = self._dense.search(self._embed([query]), 3 * depth)
            pairs = list(zip(near[0].tolist(), cosines[0].tolist(), strict=True))
            found.append(("dense", self._documents(pairs, depth)))
        return found

    def _documents(
        self, chunks: Sequence[tuple[int, float]], depth: int
    ) -> list[tuple[str, float]]:
        leading: dict[str, float] = {}
        for at, score in chunks:
            leading.setdefault(self._owners[at], score)
        return list(leading.items())[:depth]


@dataclass(frozen=True)
class Prepared:
    """A question that waits for the model.

    Args:
        question: The user's.
        messages: What the model is asked.
        shown: The ids of the documents in the prompt, in the order of their numbers.
        removed: The rules of `guard` that fired, by document id.
    """

    question: str
    messages: tuple[Message, ...]
    shown: tuple[str, ...]
    removed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """An answer with its sources: `cited` is a part of `prepared.shown`."""

    text: str
    cited: tuple[str, ...]
    prepared: Prepared


class Assistant:
    """Answers questions over documents: retrieve, guard, pack, prompt, generate, cite.

    Args:
        retriever: Finds documents.
        generate: Messages to text; whatever engine one likes.
        count: Tells how many tokens a text takes.
        budget: The most tokens of documents in a prompt.
        k: How many documents are considered.
        reranker: Reorders what was found.
        guarded: Whether planted instructions are cut out; off only to measure what that is worth.
        examples: Messages of worked examples, put between the system's message and the user's.
    """

    def __init__(
        self,
        retriever: Retriever,
        generate: Generate,
        count: Callable[[str], int],
        budget: int = 500,
        k: int = 4,
        *,
        reranker: Reranker | None = None,
        guarded: bool = True,
        examples: Sequence[Message] = (),
    ) -> None:
        self.retriever = retriever
        self._generate = generate
        self._count = count
        self._budget = budget
        self._k = k
        self._reranker = reranker
        self._guarded = guarded
        self._examples = tuple(examples)

    def prepare(self, question: str) -> Prepared:
        """Return the messages for a question, with the ids of the documents in them."""
        passages: list[tuple[str, str]] = []
        removed: dict[str, tuple[str, ...]] = {}
        for one in self.retriever.retrieve(question, self._k, self._reranker):
            document = self.retriever.documents[one]
            text = f"{document.title}\n{document.text}"
            if self._guarded:
                text, rules = guard(text)
                if rules:
                    removed[one] = tuple(rules)
            passages.append((one, text))
        context, shown = pack_context(passages, self._count, self._budget)
        system, asked = prompt(question, context)
        messages = (system, *self._examples, asked)
        return Prepared(question, messages, tuple(shown), removed)

    def finish(self, prepared: Prepared, text: str) -> Reply:
        """Return the reply that the model's text makes, with citations that exist."""
        answer, cited = cite(text, prepared.shown)
        return Reply(answer.strip(), tuple(cited), prepared)

    def ask(self, question: str) -> Reply:
        """Answer one question."""
        prepared = self.prepare(question)
        return self.finish(prepared, self._generate(prepared.messages))
