"""What the run reads: the corpus and its questions; and how a number is told with its doubt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..experiment import interval
from .assistant import Document


@dataclass(frozen=True)
class Question:
    """A question and the one document that its words were written for."""

    text: str
    document: str


@dataclass(frozen=True)
class Corpus:
    """Documents, and questions about some of them: to learn to rank, and to measure."""

    documents: list[Document]
    train: list[Question]
    test: list[Question]

    @property
    def names(self) -> dict[str, str]:
        """Return each document's short name: what an answer has to contain."""
        return {one.id: one.title.partition(":")[0].rpartition(".")[2] for one in self.documents}


def read(folder: Path, sizes: tuple[int, int, int]) -> Corpus:
    """Read the data set "documentation" in part: so many documents, train and test questions.

    Ids are hashes, so the first of a file are a fair sample. The documents of all the questions
    are kept; others fill the corpus up.
    """
    count, trained, measured = sizes
    train = _questions(folder / "train.jsonl")[:trained]
    test = _questions(folder / "test.jsonl")[:measured]
    asked = {question.document for question in (*train, *test)}
    rows = _rows(folder / "documents.jsonl")
    rows.sort(key=lambda row: row["id"] not in asked)  # stable: the file's order otherwise
    documents = [
        Document(row["id"], f"{row['name']}: {row['signature']}", row["document"])
        for row in rows[: max(count, len(asked))]
    ]
    return Corpus(documents, train, test)


def _questions(path: Path) -> list[Question]:
    return [Question(row["query"], row["document"]) for row in _rows(path)]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def told(values: Sequence[float], seed: int) -> list[float]:
    """Return a mean and the two ends of its interval."""
    return [float(np.mean(values)), *interval(values, seed)]


def share(hits: Sequence[float]) -> list[float]:
    """Return a share of hits (each 0 or 1) and its 95 % interval by Wilson's score (1927).

    Not by the bootstrap: where none of 20 attacks succeeds, resampling gives [0, 0] and pretends to
    a certainty that 20 attempts cannot give.
    """
    from scipy.stats import binomtest

    found = binomtest(round(sum(hits)), len(hits)).proportion_ci(0.95, method="wilson")
    return [sum(hits) / len(hits), float(found.low), float(found.high)]


def better(one: Sequence[float], other: Sequence[float], seed: int) -> list[float]:
    """Return the mean paired difference `one - other` with its interval.

    Paired: both were measured on the same questions, and what a question has of its own cancels
    out. Two intervals that overlap may still hide a clear difference.
    """
    return told([a - b for a, b in zip(one, other, strict=True)], seed)


def verdict(name: str, other: str, what: str, difference: Sequence[float]) -> str:
    """Say in a sentence what a paired difference allows to say, and no more."""
    mean, low, high = difference
    if low == high == 0:
        return (
            f"{name} and {other} did not differ once in {what}; a rare difference would not show."
        )
    numbers = f"{mean:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}"
    if low > 0:
        return f"{name} is better than {other} in {what} ({numbers})."
    if high < 0:
        return f"{name} is worse than {other} in {what} ({numbers})."
    return f"{name} and {other} cannot be told apart in {what} ({numbers})."
