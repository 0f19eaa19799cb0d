"""What the untrained base model writes: answers that a person's summary is better than."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from leaderboard.judges.pairs import Row

ASKED = "Write a one-line summary of this Python object.\n\n{prompt}"
BATCH = 16
MOST_WORDS = 110  # of a prompt: it is read on a processor
MOST_TOKENS = 28


def generate(
    rows: Sequence[Row], folder: Path, step: Callable[[int], None] = lambda _: None
) -> Mapping[str, str]:
    """Return greedy answers of a chat model by id, each its first line that is not empty.

    Args:
        rows: What to summarise.
        folder: Of the model, as transformers loads it.
        step: Is told how many answers there are, after each batch.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", local_files_only=True)
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True
    )
    model.eval()
    found: dict[str, str] = {}
    ordered = sorted(rows, key=lambda row: (len(row.prompt), row.id))
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        texts = [
            tokenizer.apply_chat_template(
                [{"role": "user", "content": ASKED.format(prompt=_short(row.prompt))}],
                tokenize=False,
                add_generation_prompt=True,
            )
            for row in batch
        ]
        pieces = tokenizer(texts, return_tensors="pt", padding=True)
        with torch.inference_mode():
            out = model.generate(**pieces, max_new_tokens=MOST_TOKENS, do_sample=False)  # B, T + N
        new = out[:, pieces["input_ids"].shape[1] :]
        answers = tokenizer.batch_decode(new, skip_special_tokens=True)
        for row, answer in zip(batch, answers, strict=True):
            lines = [line.strip() for line in answer.splitlines() if line.strip()]
            found[row.id] = lines[0] if lines else ""
        step(len(found))
    return found


def _short(prompt: str) -> str:
    head, _, rest = prompt.partition("\n\n")
    return f"{head[:200]}\n\n{' '.join(rest.split()[:MOST_WORDS])}"
