"""Baselines: what a submission must beat to be worth its training.

`lead` repeats the document's beginning, `nearest` repeats the summary of the most similar
training document, `zero_shot` asks the base model without an adapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# zachetka: staff
# As a script: `python reference/hw2a/baselines.py OUT --data DIR` writes what `write` does.
import argparse  # isort: skip
import json  # isort: skip
from pathlib import Path  # isort: skip

# zachetka: end

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


# zachetka: staff
def write(out: Path, data: Path) -> dict[str, Path]:
    """Write the baselines' answers to every test item as files; return them by name.

    `zero_shot` and `reference` are the models' own answers and come from the artefacts; the other
    two repeat downloaded text, which no repository keeps, and are made here.

    Args:
        out: A folder, made when it is not there.
        data: Folder of the data set.
    """
    artefacts = Path(__file__).resolve().parent / "artefacts"
    rows, train = _rows(data / "test.jsonl"), _rows(data / "train.jsonl")
    ids = [row["id"] for row in rows]
    answers = {
        "lead10": dict(zip(ids, lead(rows), strict=True)),
        "tfidf": dict(zip(ids, nearest(train, rows), strict=True)),
        "zero_shot": _answers(artefacts / "baselines" / "zero_shot.jsonl"),
        "reference": _answers(artefacts / "submission.jsonl"),
    }
    out.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, told in answers.items():
        lines = (json.dumps({"id": i, "answer": told[i]}, ensure_ascii=False) for i in ids)
        written[name] = out / f"{name}.jsonl"
        written[name].write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return written


def _answers(path: Path) -> dict[str, str]:
    return {row["id"]: row["answer"] for row in _rows(path)}


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    told = parser.parse_args()
    for name, path in write(told.out, told.data).items():
        print(f"{name}: {path}")


if __name__ == "__main__":
    main()
# zachetka: end
