"""Data: prompts out of documentation, answers behind them, and batches of both.

Pairs share a prompt and differ in the answer. Batches are padded on the *left*: all answers then
end in the last column, and the vocabulary's matrix, a fifth of a small model's work, is applied to
the columns that hold answers and to no other.

Left out: packing, and sharing the prompt's computation between the two answers of a pair.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from .losses import IGNORED, sequence_logps

Row = dict[str, Any]
Batch = dict[str, torch.Tensor]

PROMPT_TOKENS = 48
ANSWER_TOKENS = 20
TAIL = "\nSummary:"  # where the prompt ends and the answer begins, without a space


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def prompt_of(tokenizer: Any, row: Row) -> str:
    """Return the prompt of a documented object: signature, document cut to length, and `TAIL`."""
    text = f"{row['signature']}\n{row['document']}"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"][:PROMPT_TOKENS]
    return str(tokenizer.decode(ids)) + TAIL


def encode(tokenizer: Any, prompt: str, answer: str) -> dict[str, list[int]]:
    """Return ``{"input_ids", "labels"}``: the answer and EOS are labels, the prompt `IGNORED`.

    EOS is part of the answer: where to stop is a preference as well.
    """
    asked = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    told = tokenizer(" " + answer.strip(), add_special_tokens=False)["input_ids"]
    told = [*told[:ANSWER_TOKENS], tokenizer.eos_token_id]
    return {"input_ids": asked + told, "labels": [IGNORED] * len(asked) + told}


def collate(examples: Sequence[dict[str, list[int]]], pad_id: int) -> Batch:
    """Pad on the left and return int64 tensors (B, T); the mask is by place, for pad is EOS too."""
    width = max(len(example["input_ids"]) for example in examples)

    def padded(rows: list[list[int]], filler: int) -> torch.Tensor:
        return torch.tensor([[filler] * (width - len(row)) + row for row in rows])  # B, T

    mask = padded([[1] * len(e["input_ids"]) for e in examples], 0)
    return {
        "input_ids": padded([e["input_ids"] for e in examples], pad_id),
        "attention_mask": mask,
        "position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0),
        "labels": padded([e["labels"] for e in examples], IGNORED),
    }


def answer_logps(model: Any, batch: Batch, average: bool = False) -> torch.Tensor:
    """Return the log-probability of each answer of a batch, shape (B,)."""
    where = next(model.parameters()).device
    batch = {name: tensor.to(where) for name, tensor in batch.items()}
    labels = batch["labels"]
    first = int((labels != IGNORED).any(dim=0).int().argmax())  # the first column with an answer
    keep = labels.shape[1] - first + 1  # and the one before, which predicts it
    hidden = model.get_decoder()(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        position_ids=batch["position_ids"],
        use_cache=False,
    ).last_hidden_state[:, -keep:]  # B, keep, D
    # In one piece: a product with a strided slice copies the vocabulary's matrix B times.
    logits = model.get_output_embeddings()(hidden.contiguous())  # B, keep, V
    return sequence_logps(logits, labels[:, -keep:], average)


@torch.no_grad()
def generate(
    model: Any, tokenizer: Any, prompts: Sequence[str], tokens: int, batch_size: int = 16
) -> list[str]:
    """Return the greedy continuation of each prompt, in the prompts' order."""
    ids = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    order = sorted(range(len(ids)), key=lambda place: (len(ids[place]), place))
    replies = [""] * len(ids)
    where = next(model.parameters()).device
    for start in range(0, len(order), batch_size):
        places = order[start : start + batch_size]
        width = max(len(ids[p]) for p in places)
        pad = [[tokenizer.pad_token_id] * (width - len(ids[p])) for p in places]
        inputs = torch.tensor([gap + ids[p] for gap, p in zip(pad, places, strict=True)])
        mask = torch.tensor([[0] * (width - len(ids[p])) + [1] * len(ids[p]) for p in places])
        out = model.generate(
            input_ids=inputs.to(where),
            attention_mask=mask.to(where),
            do_sample=False,
            max_new_tokens=tokens,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )  # B, width + tokens
        texts = tokenizer.batch_decode(out[:, width:], skip_special_tokens=True)
        for place, text in zip(places, texts, strict=True):
            replies[place] = text
    return replies


def one_line(text: str) -> str:
    """Return the first line of a text that holds something; an empty string without one."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return next((line for line in lines if line), "")
