"""Seminar 6's experiment: search measured, answers with sources, tools, attacks and the defence.

    python -m reference.seminar6_rag.run --out DIR --model DIR --embedder DIR
        --data documentation=DIR

Questions are one-line summaries of Python objects, documents their signatures and descriptions
without that line: each question has one right document. The reranker learns on other packages than
those that are measured. Everything is greedy and seeded: the same seed gives the same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from .common import dtype, load_model, seed_everything
from .experiment import Report, Setting, setting
from .assistant import Retriever
from .chatting import Chat
from .embedding import MiniLM
from .run_agent import try_agent
from .run_answers import compare_templates
from .run_attacks import attack, measure_guard
from .run_data import read
from .run_search import (
    compare_chunks,
    compare_russian,
    compare_search,
    embedder_agrees,
    train_reranker,
)

DOCUMENTS = 1200
TRAIN = 150
TEST = 200
ANSWERS = 20
ATTACKED = 7  # questions, each with an attack of each kind
TASKS = 15
RUSSIAN = 100  # pages at most


def main(argv: Sequence[str] | None = None) -> Path:
    """Run the experiment and return the path of its results."""
    told = setting(__doc__ or "", argv)
    if "documentation" not in told.data or told.embedder is None:
        raise SystemExit("run: --data documentation=DIR and --embedder DIR are needed")
    seed_everything(told.seed)
    report = Report(6, "A RAG prototype: search, answers with sources, tools, defence", told)
    sizes = (told.scaled(DOCUMENTS, 60), told.scaled(TRAIN, 12), told.scaled(TEST, 12))
    report.budget(
        documents=sizes[0],
        train_questions=sizes[1],
        test_questions=sizes[2],
        answers=told.scaled(ANSWERS, 4),
        attacked=told.scaled(ATTACKED, 3),
        tasks=told.scaled(TASKS, 6),
    )
    retriever = _search(report, told, sizes)
    _talk(report, told, sizes, retriever)
    return report.finish()


def _search(report: Report, told: Setting, sizes: tuple[int, int, int]) -> Retriever:
    """Index the corpus, train the reranker and compare the searches."""
    corpus = read(told.data["documentation"], sizes)
    report.step("Chunk sizes, by BM25")
    compare_chunks(report, corpus, told.seed)
    report.step("Embedding the corpus")
    started = time.perf_counter()
    embed = MiniLM(told.embedder or Path(), dtype=dtype())
    retriever = Retriever(corpus.documents, embed)
    report.timing(
        "embedding", (time.perf_counter() - started) / retriever.chunks * 1000, "ms/chunk"
    )
    report.result("chunks_indexed", retriever.chunks)
    report.result(
        "least_cosine_alone_against_batch",
        round(embedder_agrees(embed, [one.text for one in corpus.documents[:8]]), 2),
    )
    report.step("Training the reranker and comparing searches")
    reranker = train_reranker(report, retriever, corpus)
    compare_search(report, retriever, reranker, corpus, told.seed)
    report.step("Russian")
    compare_russian(report, told.scaled(RUSSIAN, 8), told.seed)
    return retriever


def _talk(report: Report, told: Setting, sizes: tuple[int, int, int], retriever: Retriever) -> None:
    """Let the base model answer, act and be attacked."""
    corpus = read(told.data["documentation"], sizes)
    chat = Chat(*load_model(told.model))
    report.step("Answers with sources")
    started = time.perf_counter()
    compare_templates(report, retriever, chat, corpus, told.scaled(ANSWERS, 4))
    report.timing("answers", time.perf_counter() - started, "s")
    report.step("Attacks and the defence")
    measure_guard(report, corpus)
    attack(report, retriever, chat, corpus, told.scaled(ATTACKED, 3))
    report.step("Tools and the agent")
    try_agent(report, retriever, chat, corpus, told.scaled(TASKS, 6))


if __name__ == "__main__":
    main()
