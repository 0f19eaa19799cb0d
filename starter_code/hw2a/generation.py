"""Generation: greedy answers in batches, each made into one line.

Greedy, because the same model must give the same answer when the work is run again; sampling and
beam search are left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from .data import ANSWER_TOKENS, MAX_LENGTH, Row, encode_prompt
from .training import collate

NOTHING = "No summary."  # an empty answer is not valid


def one_line(text: str) -> str:
    """Return the first line of a text that holds something, with plain single spaces.

    A text without any gives `NOTHING`.
    """
    # `splitlines` knows more line breaks than "\n", and so do the rules of the competition.
    lines = (" ".join(line.split()) for line in text.splitlines())
    return next((line for line in lines if line), NOTHING)


def summarize(model: Any, tokenizer: Any, rows: Sequence[Row], batch_size: int = 16) -> list[str]:
    """Return a summary of each row, in the rows' order: one line each, never empty.

    An answer does not depend on the other rows in its batch: prompts are padded on the left, so
    that every answer begins right behind its own prompt, and the mask hides the padding.
    """
    prompts = [encode_prompt(tokenizer, row, MAX_LENGTH - ANSWER_TOKENS) for row in rows]
    # Neighbours in length share a batch, so that little is padded.
    order = sorted(range(len(rows)), key=lambda place: len(prompts[place]))
    answers = [""] * len(rows)
    for start in range(0, len(order), batch_size):
        places = order[start : start + batch_size]
        batch = collate([{"input_ids": prompts[p]} for p in places], tokenizer.pad_token_id)
        with torch.no_grad():
            out = model.generate(
                input_ids=batch["input_ids"],  # B, T
                attention_mask=batch["attention_mask"],
                do_sample=False,
                num_beams=1,
                max_new_tokens=ANSWER_TOKENS,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )  # B, T + N
        new = out[:, batch["input_ids"].shape[1] :]
        texts = tokenizer.batch_decode(new, skip_special_tokens=True)
        for place, text in zip(places, texts, strict=True):
            answers[place] = one_line(text)
    return answers


def write_submission(path: Path, rows: Sequence[Row], answers: Sequence[str]) -> None:
    """Write ``{"id", "answer"}``, one JSON object a line."""
    lines = (
        json.dumps({"id": row["id"], "answer": answer}, ensure_ascii=False)
        for row, answer in zip(rows, answers, strict=True)
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
