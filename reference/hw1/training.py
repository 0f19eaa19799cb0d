"""Training: what the model reads, what it is asked to learn, and the loop that teaches it.

The task is put as the next token: after a short prompt the model says one of two words. So an
answer costs one token, its logit is a score, and the base model can be measured the same way.

Shapes: B examples, T tokens, V words of the vocabulary. Left out: packing and gradient
checkpointing, which pay off for longer texts than headlines.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

IGNORED = -100  # a label that the loss does not look at

# The words for 0 (not sarcastic) and 1 (sarcastic). Each must be one token of the tokenizer:
# with its leading space, as it stands after the prompt.
LABEL_WORDS = (" no", " yes")


def build_prompt(headline: str) -> str:
    """Return the prompt for a headline; it ends where the label word begins, without a space."""
    # zachetka: solution
    return f"Headline: {headline}\nSarcastic?"
    # zachetka: end


def encode_example(tokenizer: Any, headline: str, label: int, max_length: int) -> dict[str, Any]:
    """Return ``{"input_ids": [...], "labels": [...]}`` of one training example.

    The tokens are the prompt's, the label word's and EOS; only the last two are targets, the
    prompt is `IGNORED`. No BOS is added. What is longer than `max_length` loses tokens from the
    end of the headline: never the question behind it, the label word or EOS.

    Raises:
        ValueError: `max_length` has no room even for an empty headline.
    """
    # zachetka: solution
    prompt = build_prompt(headline)
    coded = tokenizer(prompt, add_special_tokens=False, return_offsets_mapping=True)
    ids: list[int] = coded["input_ids"]
    answer = tokenizer(LABEL_WORDS[label], add_special_tokens=False)["input_ids"]
    target = [*answer, tokenizer.eos_token_id]
    surplus = len(ids) + len(target) - max_length
    if surplus > 0:
        # The headline's own tokens are those whose characters lie inside it. Its place is the
        # prompt's: "line" is a headline too, and the word before it holds it as well.
        start = build_prompt("{headline}").index("{headline}")
        end = start + len(headline)
        inside = [i for i, (a, b) in enumerate(coded["offset_mapping"]) if start <= a and b <= end]
        if surplus > len(inside):
            raise ValueError(f"{max_length} tokens have no room for the prompt itself")
        dropped = set(inside[-surplus:])
        ids = [token for place, token in enumerate(ids) if place not in dropped]
    return {"input_ids": ids + target, "labels": [IGNORED] * len(ids) + target}
    # zachetka: end


def collate(examples: Sequence[dict[str, Any]], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad examples on the right to one length and return int64 tensors of shape (B, T).

    The tensors are ``input_ids``, ``attention_mask`` (1 on real tokens, by their place: the pad
    id may also be EOS, and EOS must be learned) and ``labels`` (`IGNORED` on padding).
    """
    # zachetka: solution
    width = max(len(example["input_ids"]) for example in examples)

    def padded(name: str, filler: int) -> torch.Tensor:
        rows = [list(e[name]) + [filler] * (width - len(e[name])) for e in examples]
        return torch.tensor(rows, dtype=torch.int64)  # B, T

    mask = [[1] * len(e["input_ids"]) + [0] * (width - len(e["input_ids"])) for e in examples]
    return {
        "input_ids": padded("input_ids", pad_id),
        "attention_mask": torch.tensor(mask, dtype=torch.int64),
        "labels": padded("labels", IGNORED),
    }
    # zachetka: end


def loss_sum_and_count(
    logits: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the summed cross-entropy of all targets, and how many there are.

    The logits at position t predict the label at t + 1. A sum and a count, not a mean: only so
    do the microbatches of a batch, which hold different numbers of targets, add up to it.

    Args:
        logits: Shape (B, T, V).
        labels: Shape (B, T), `IGNORED` where nothing is to be learned.
    """
    # zachetka: solution
    predicted = logits[:, :-1].flatten(0, 1)  # B * (T - 1), V
    wanted = labels[:, 1:].flatten()  # B * (T - 1)
    total = F.cross_entropy(predicted, wanted, ignore_index=IGNORED, reduction="sum")
    return total, (wanted != IGNORED).sum()
    # zachetka: end


def add_lora(model: Any, rank: int, alpha: int, dropout: float, targets: list[str]) -> Any:
    """Return the model with LoRA (Hu et al. 2021) on the named linear layers, by peft.

    Only the factors A and B are trainable; B starts at zero, so nothing changes yet.
    """
    # zachetka: solution
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)
    # zachetka: end


# zachetka: staff
def _batches(count: int, size: int, seed: int) -> Iterator[list[int]]:
    """Yield batches of row numbers for ever, every row once in each pass."""
    generator = torch.Generator().manual_seed(seed)
    waiting: list[int] = []
    while True:
        while len(waiting) < size:
            waiting += torch.randperm(count, generator=generator).tolist()
        yield waiting[:size]
        waiting = waiting[size:]


def _rate(step: int, config: dict[str, Any]) -> float:
    """Return the learning rate of a step, from 0: a linear rise, then a linear fall to zero."""
    warmup, steps = config["warmup"], config["steps"]
    if step < warmup:
        return float(config["lr"] * (step + 1) / warmup)
    return float(config["lr"] * (steps - step) / (steps - warmup))


# zachetka: end
def train(
    model: Any, tokenizer: Any, rows: Sequence[dict[str, Any]], config: dict[str, Any]
) -> list[float]:
    """Train the trainable parameters in place; return the loss per target token of each step.

    AdamW; the rate rises linearly for `warmup` steps and falls linearly to zero at the end; the
    norm of the gradients is clipped at 1. Each step takes `batch_size` rows in `microbatches`
    pieces, and its gradient is that of the whole batch's mean over target tokens. Rows come in an
    order that depends on `seed` alone, every row once in each pass. The model is left in eval
    mode, where dropout is off.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer.
        rows: Rows with ``headline`` and ``label``.
        config: ``steps``, ``batch_size``, ``microbatches``, ``lr``, ``warmup``, ``weight_decay``,
            ``max_length``, ``seed``.
    """
    # zachetka: solution
    torch.manual_seed(config["seed"])  # of dropout
    examples = [
        encode_example(tokenizer, row["headline"], row["label"], config["max_length"])
        for row in rows
    ]
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=config["lr"], weight_decay=config["weight_decay"])
    order = _batches(len(examples), min(config["batch_size"], len(examples)), config["seed"])
    losses = []
    model.train()
    for step in range(config["steps"]):
        batch = [examples[i] for i in next(order)]
        targets = sum(label != IGNORED for e in batch for label in e["labels"][1:])
        size = math.ceil(len(batch) / config["microbatches"])
        total = 0.0
        for start in range(0, len(batch), size):
            piece = collate(batch[start : start + size], tokenizer.pad_token_id)
            logits = model(
                input_ids=piece["input_ids"], attention_mask=piece["attention_mask"]
            ).logits  # B, T, V
            loss, _ = loss_sum_and_count(logits, piece["labels"])
            # Divided by the targets of the whole batch, so that the pieces' gradients add up.
            (loss / targets).backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = _rate(step, config)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(total / targets)
    model.eval()
    return losses
    # zachetka: end


def save_adapter(model: Any, folder: Path) -> None:
    """Write the adapter and what is needed to use it without this code.

    The files are ``adapter_config.json`` and ``adapter_model.safetensors`` as peft writes them,
    and ``task.json``: ``{"template": the prompt with "{headline}" in it, "labels": [two words]}``.
    """
    # zachetka: solution
    model.save_pretrained(folder, save_embedding_layers=False)
    # peft drafts a model card full of blanks; the report says it better.
    (folder / "README.md").unlink(missing_ok=True)
    task = {"template": build_prompt("{headline}"), "labels": list(LABEL_WORDS)}
    text = json.dumps(task, ensure_ascii=False, indent=2)
    (folder / "task.json").write_text(text + "\n", encoding="utf-8")
    # zachetka: end
