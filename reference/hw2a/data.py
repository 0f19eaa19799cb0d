"""Data: rows, the prompt, and what the model is asked to learn from an example.

A row is ``{"id", "package", "name", "signature", "document", "summary"}``; the test set has no
``package`` and no ``summary``. The prompt is short on purpose: every token of it is paid for in
each example, and a small model learns a format from a few hundred examples better than from an
instruction.

Left out: the package's name in the prompt. The test set does not tell it, and comes from other
packages than the training set.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]

IGNORED = -100  # a label that the loss does not look at
TAIL = "\nSummary:"  # where the prompt ends and the answer begins
HEAD_TOKENS = 32  # a longer signature loses its end
MAX_LENGTH = 128  # tokens of an example, the answer included
ANSWER_TOKENS = 24  # what generation may take of them


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def build_prompt(row: Row) -> str:
    """Return the whole prompt of a row; it ends where the summary begins, without a space."""
    return f"{_head(row)}\n{row['document']}{TAIL}"


def _head(row: Row) -> str:
    """Return the name with its class, and the arguments; `def` and `class` say nothing more."""
    _, bracket, arguments = row["signature"].partition("(")
    return row["name"] + bracket + arguments


def encode_prompt(tokenizer: Any, row: Row, room: int) -> list[int]:
    """Return the ids of the prompt in at most `room` tokens, without special tokens.

    What does not fit is lost from the end of the document, whose beginning says the most, and
    never from the words behind it: without them the model would not know that it is asked.
    """
    # In pieces, so that a cut never falls into the tail. BPE splits text at line breaks anyway.
    head, document, tail = (
        tokenizer(text, add_special_tokens=False)["input_ids"]
        for text in (_head(row), "\n" + row["document"], TAIL)
    )
    head = head[:HEAD_TOKENS]
    left = room - len(head) - len(tail)
    if left < 0:
        raise ValueError(f"{room} tokens have no room for the prompt's frame")
    return head + document[:left] + tail


def encode_example(tokenizer: Any, row: Row, max_length: int) -> dict[str, list[int]]:
    """Return ``{"input_ids": [...], "labels": [...]}`` of one training example.

    The ids are the prompt's, those of a space and the summary, and EOS. Only the summary and EOS
    are targets; the prompt is `IGNORED`: the model shall not learn to write documentation. No BOS
    is added. A long document is cut to `max_length` tokens, the summary never is.
    """
    answer = tokenizer(" " + row["summary"], add_special_tokens=False)["input_ids"]
    target = [*answer, tokenizer.eos_token_id]
    prompt = encode_prompt(tokenizer, row, max_length - len(target))
    return {"input_ids": prompt + target, "labels": [IGNORED] * len(prompt) + target}


def split(rows: Sequence[Row], validation_share: float, seed: int) -> dict[str, list[Row]]:
    """Divide rows into ``{"train": [...], "validation": [...]}``, by package.

    A package has a style of its own, and its functions resemble one another: rows of one package
    on both sides would promise more than a new package gives. So whole packages go to validation,
    in an order that depends on the seed alone, each one that brings the share nearer to
    `validation_share`; one package at least on either side where there are two.
    """
    # zachetka: solution
    # zachetka: stub return {"train": list(rows[300:]), "validation": list(rows[:300])}  # mend it
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["package"]].append(row)

    def shuffled(package: str) -> str:
        return hashlib.sha256(f"{seed}:{package}".encode()).hexdigest()

    gap = validation_share * len(rows)
    chosen: set[str] = set()
    for package in sorted(groups, key=shuffled):
        size = len(groups[package])
        if abs(gap - size) < gap and len(chosen) < len(groups) - 1:
            chosen.add(package)
            gap -= size
    if not chosen and len(groups) > 1:
        chosen.add(min(groups, key=lambda package: (len(groups[package]), package)))
    ordered = sorted(rows, key=lambda row: str(row["id"]))
    return {
        "train": [row for row in ordered if row["package"] not in chosen],
        "validation": [row for row in ordered if row["package"] in chosen],
    }
    # zachetka: end
