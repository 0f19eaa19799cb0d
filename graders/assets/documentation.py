"""The data set "documentation": a corpus to search in, and questions with one right document each.

It is made of nothing but what students of the summaries have: the documents of train and test, and
train's summary lines as questions. So no examined summary can stand in it. Questions are divided
by package: what learns to rank on some projects is measured on others. The documents of the
summaries' test part answer no question here; they make the search harder.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from graders.assets.cache import Say, manifest_of
from graders.assets.summaries.alike import even

__all__ = ["MEASURED", "PARTS", "prepare"]

PARTS = ("documents", "train", "test")
LICENCES = "LICENSES.txt"
MEASURED = frozenset(
    {"dask", "django", "matplotlib", "networkx", "pandas", "scikit-learn", "statsmodels"}
)


def prepare(part: Path, say: Say, brought: Callable[[str, Say], Path]) -> Mapping[str, Any]:
    """Write documents, train and test into a folder and return the manifest's facts.

    `documents.jsonl` has rows `{"id", "name", "signature", "document"}` in the order of their ids;
    `train.jsonl` and `test.jsonl` have rows `{"id", "query", "document", "package"}`, where
    `document` is the id of the one that the query's line was taken from.

    Args:
        part: An existing folder.
        say: Receives one line per step.
        brought: Returns the folder of another data set.
    """
    summaries = brought("summaries", say)
    answered, distracting = _rows(summaries / "train.jsonl"), _rows(summaries / "test.jsonl")
    say("documentation: looking for questions that a document repeats")
    documents = sorted([*answered, *distracting], key=lambda row: str(row["id"]))
    asked = [
        {
            "id": "q" + row["id"][1:],
            "query": row["summary"],
            "document": row["id"],
            "package": row["package"],
        }
        for row in _unrepeated(answered, documents)
    ]
    kept = ("id", "name", "signature", "document")
    _write(part / "documents.jsonl", ({key: row[key] for key in kept} for row in documents))
    parts = {
        "train": [row for row in asked if row["package"] not in MEASURED],
        "test": [row for row in asked if row["package"] in MEASURED],
    }
    for name, rows in parts.items():
        _write(part / f"{name}.jsonl", rows)
    (part / LICENCES).write_bytes((summaries / LICENCES).read_bytes())
    told = manifest_of(summaries) or {}
    return {
        "made_of": {
            "summaries": {name: told["files"][name] for name in ("train.jsonl", "test.jsonl")}
        },
        "packages": told["packages"],
        "counts": {
            "documents": {"rows": len(documents), "answering": len(asked)},
            **{name: _counted(rows) for name, rows in parts.items()},
        },
    }


def _unrepeated(rows: Iterable[Any], documents: Iterable[Any]) -> list[Any]:
    """Return the rows whose summary stands in no document, nor in a signature: no free answers."""
    told = "\n".join(even(f"{row['signature']} {row['document']}") for row in documents)
    return [row for row in rows if even(row["summary"]) not in told]


def _counted(rows: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    packages = Counter(row["package"] for row in rows)
    return {"rows": sum(packages.values()), "packages": dict(sorted(packages.items()))}


def _rows(path: Path) -> list[Any]:
    return [json.loads(row) for row in path.read_bytes().splitlines()]


def _write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
