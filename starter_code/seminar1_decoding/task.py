"""The task of the run: say in a line what a piece of Python documentation says.

Prompts with and without the chat template, what counts as the answer, and its score. Nothing here
is graded; it is whole in the starter.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from .chat import encode_chat

QUESTION = "Summarize this Python documentation in one short sentence."
WORDS = (25, 40)  # of a description: long enough to say something, short enough to read often

Item = Mapping[str, str]


def load_items(folder: Path, count: int, seed: int) -> list[Item]:
    """Return `count` items of the set `summaries` (public part), drawn by the seed."""
    lines = (folder / "public.jsonl").read_text(encoding="utf-8").splitlines()
    items = [json.loads(line) for line in lines]
    fitting = [i for i in items if WORDS[0] <= len(i["document"].split()) <= WORDS[1]]
    return random.Random(seed).sample(fitting, min(count, len(fitting)))


def prompt_ids(tokenizer: Any, item: Item, templated: bool) -> list[int]:
    """Return an item's prompt: a turn of the chat template, or the same words as plain text."""
    words = f"{QUESTION}\n\n{item['document']}"
    if templated:
        return encode_chat(tokenizer, [{"role": "user", "content": words}])
    ids: list[int] = tokenizer(f"{words}\n\nSummary:", add_special_tokens=False)["input_ids"]
    return ids


def left_padded(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and attention mask of shape (B, T), padded on the left."""
    width = max(map(len, rows))
    ids = [[pad_id] * (width - len(row)) + list(row) for row in rows]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids), torch.tensor(mask)


def answer_of(text: str) -> str:
    """Return the answer in a generated text: its first line that is not empty."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def rouge_l(answer: str, reference: str) -> float:
    """Return ROUGE-L F1 (Lin 2004, sec. 3), 0..1, by rouge-score with stemming.

    Seminar 5 writes the metric by hand; here it is a tool.
    """
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    return float(scorer.score(reference, answer)["rougeL"].fmeasure)


def lead(item: Item, words: int = 10) -> str:
    """Return the description's first words: what an answer should beat."""
    return " ".join(item["document"].split()[:words])
