"""Supervised fine-tuning (SFT) of the small model: a documentation text in, one line out.

The whole path on top of the functions of this seminar: `chat_mask` makes examples, `pack` fills
rows with them, `train_step` learns. Of the model, only the upper blocks are trained: the backward
pass ends where the frozen part begins, and the optimizer holds a third of the numbers. (LoRA, which
trains all blocks a little, is seminar 3.)

Master weights are float32 and only the arithmetic is bfloat16 (Micikevicius et al. 2018, §3.1):
with weights in bfloat16, a step of relative size below 2⁻⁹ would be rounded away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from .cleaning import Row
from .sequences import Example, chat_mask, collate_packed, pack
from .training import Batch, loss_sum, train_step

SYSTEM = "Summarize the documentation in one short line."
DOCUMENT_WORDS = 60  # what is behind them rarely changes the summary and always costs time
SIGNATURE_CHARACTERS = 80
ANSWER_TOKENS = 28
LENGTH = 256  # tokens of a packed row


def question(row: Row) -> list[dict[str, str]]:
    """Return the turns of a conversation up to the assistant's answer."""
    head = row["signature"][:SIGNATURE_CHARACTERS]
    words = row["text"].split()[:DOCUMENT_WORDS]
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{row['name']}\n{head}\n{' '.join(words)}"},
    ]


def encode(tokenizer: Any, row: Row) -> Example:
    """Return ids and labels of a row's conversation, its summary being the answer."""
    answer = {"role": "assistant", "content": row["summary"]}
    return chat_mask(tokenizer, [*question(row), answer])


def arithmetic(model: Any, dtype: torch.dtype) -> AbstractContextManager[Any]:
    """Return the context in which a float32 model computes in `dtype`."""
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(model.device.type, dtype=dtype)


def train_upper(model: Any, blocks: int) -> list[torch.nn.Parameter]:
    """Freeze all but the last `blocks` blocks and the last norm; return what is trained.

    The embeddings stay as they are: they are tied to the output, and a third of this model.
    """
    model.requires_grad_(False)
    for module in (*model.model.layers[-blocks:], model.model.norm):
        module.requires_grad_(True)
    return [p for p in model.parameters() if p.requires_grad]


def packed_batches(
    examples: Sequence[Example], rows: int, pad_id: int, length: int, seed: int
) -> Iterator[Batch]:
    """Yield batches of `rows` packed rows for ever; each pass packs another order.

    Best fit alone would put the same examples together in every pass, long ones first, so each
    pass packs random eighths of the data one by one.
    """
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(examples), generator=generator).tolist()
        part = max(1, len(order) // 8)
        for start in range(0, len(order), part):
            packed = pack([examples[i] for i in order[start : start + part]], length)
            mixed = torch.randperm(len(packed), generator=generator).tolist()
            for at in range(0, len(mixed), rows):
                yield collate_packed([packed[i] for i in mixed[at : at + rows]], pad_id)


def mean_loss(model: Any, batches: Sequence[Batch], dtype: torch.dtype) -> float:
    """Return the loss per target token over batches."""
    total, count = 0.0, 0
    model.eval()
    with torch.no_grad(), arithmetic(model, dtype):
        for batch in batches:
            loss, targets = loss_sum(model, batch)
            total, count = total + float(loss), count + targets
    return total / count


def learn(
    model: Any,
    batches: Iterator[Batch],
    config: dict[str, Any],
    validate: Callable[[], float],
) -> dict[str, list[tuple[int, float]]]:
    """Train the trainable parameters in place; return ``train`` and ``validation`` curves.

    AdamW; the rate rises linearly for a tenth of the steps and falls to zero along a cosine
    (Loshchilov and Hutter 2017). A curve is a list of (steps taken, loss per target token).

    Args:
        model: A causal language model with float32 weights.
        batches: What to learn from.
        config: ``steps``, ``lr``, ``weight_decay``, ``microbatches``, ``validate_every``,
            ``dtype``.
        validate: Returns the validation loss of the model as it is.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=config["lr"], weight_decay=config["weight_decay"])
    steps, warmup = config["steps"], max(1, config["steps"] // 10)

    def rate(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    curves: dict[str, list[tuple[int, float]]] = {"train": [], "validation": [(0, validate())]}
    for step in range(1, steps + 1):
        model.train()
        with arithmetic(model, config["dtype"]):
            batch = {name: tensor.to(model.device) for name, tensor in next(batches).items()}
            loss = train_step(model, optimizer, batch, config["microbatches"])
        schedule.step()
        curves["train"].append((step - 1, loss))
        if step % config["validate_every"] == 0 or step == steps:
            curves["validation"].append((step, validate()))
    model.eval()
    return curves


@torch.no_grad()
def generate(
    model: Any, tokenizer: Any, rows: Sequence[Row], size: int = 16
) -> list[tuple[str, bool]]:
    """Return for each row the greedy answer, and whether the model ended it itself.

    Prompts are padded on the left (the tokenizer is set so), and neighbours in length share a
    batch.
    """
    prompts = [
        tokenizer.apply_chat_template(question(row), tokenize=False, add_generation_prompt=True)
        for row in rows
    ]
    order = sorted(range(len(rows)), key=lambda place: len(prompts[place]))
    answers: dict[int, tuple[str, bool]] = {}
    for start in range(0, len(order), size):
        places = order[start : start + size]
        texts = [prompts[place] for place in places]
        coded = tokenizer(texts, add_special_tokens=False, padding=True, return_tensors="pt")
        out = model.generate(
            **coded.to(model.device),
            do_sample=False,
            max_new_tokens=ANSWER_TOKENS,
            pad_token_id=tokenizer.pad_token_id,
        )[:, coded["input_ids"].shape[1] :]  # B, N
        for place, ids in zip(places, out.tolist(), strict=True):
            ended = tokenizer.eos_token_id in ids
            answers[place] = (tokenizer.decode(ids, skip_special_tokens=True).strip(), ended)
    return [answers[place] for place in range(len(rows))]
