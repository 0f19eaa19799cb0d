"""Baselines: what a submission must beat to be worth its training.

`lead` repeats the document's beginning, `nearest` repeats the summary of the most similar
training document, `zero_shot` asks the base model without an adapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


Row = dict[str, Any]
WORDS = 10


def lead(rows: Sequence[Row], words: int = WORDS) -> list[str]:
    """Return the first words of each document."""
    return [" ".join(row["document"].split()[:words]) for row in rows]


def nearest(train: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """Return the summary of the training row whose name and document are most similar.

    Similarity is the cosine of TF-IDF vectors of words and pairs of words.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    def text(row: Row) -> str:
        return f"{row['name'].replace('.', ' ').replace('_', ' ')} {row['document']}"

    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    known = vectors.fit_transform(map(text, train))  # N, words; rows of length 1
    asked = vectors.transform(map(text, rows))
    best = (asked @ known.T).argmax(axis=1).ravel().tolist()[0]
    return [train[place]["summary"] for place in best]


def zero_shot(model: Any, tokenizer: Any, rows: Sequence[Row]) -> list[str]:
    """Return what the base model answers to the same prompt."""
    from .generation import summarize

    return summarize(model, tokenizer, rows)
