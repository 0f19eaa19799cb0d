"""Training: batches, the loss, LoRA, and the loop.

Shapes: B examples, T tokens, K of them at the end that may be targets, V words of the vocabulary.

Batches are padded on the *left*. Then the answers of all examples stand in the last columns, and
the vocabulary's matrix, a fifth of this model's work, is applied to those K columns alone. It is
also the padding that generation needs, so there is one `collate` for both.

Left out: packing (documents differ less in length than it costs in code) and a learning-rate
search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from .data import IGNORED, Row, encode_example


def collate(examples: Sequence[dict[str, list[int]]], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad examples on the left to one length and return int64 tensors of shape (B, T).

    The tensors are ``input_ids``, ``attention_mask`` (1 on real tokens, by their place: the pad
    id is EOS too, and EOS must be learned), ``position_ids`` (0 at the first real token) and
    ``labels`` (`IGNORED` on padding; all `IGNORED` for examples without labels).
    """
    width = max(len(example["input_ids"]) for example in examples)

    def padded(rows: list[list[int]], filler: int) -> torch.Tensor:
        return torch.tensor([[filler] * (width - len(row)) + row for row in rows])  # B, T

    ids = [list(example["input_ids"]) for example in examples]
    labels = [list(e.get("labels", [IGNORED] * len(e["input_ids"]))) for e in examples]
    mask = padded([[1] * len(row) for row in ids], 0)
    return {
        "input_ids": padded(ids, pad_id),
        "attention_mask": mask,
        "position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0),
        "labels": padded(labels, IGNORED),
    }


def batch_loss(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the mean cross-entropy per target token of a batch of `collate`."""
    wanted = batch["labels"]
    first = int((wanted != IGNORED).any(dim=0).int().argmax())  # the first column with a target
    keep = wanted.shape[1] - first + 1  # logits at t predict the label at t + 1
    logits = model(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        position_ids=batch["position_ids"],
        logits_to_keep=keep,
        use_cache=False,
    ).logits  # B, K, V
    return F.cross_entropy(
        logits[:, :-1].float().flatten(0, 1), wanted[:, first:].flatten(), ignore_index=IGNORED
    )


def add_lora(model: Any, rank: int, alpha: int, dropout: float, targets: list[str]) -> Any:
    """Return the model with LoRA (Hu et al. 2021) on the named linear layers, by peft.

    Only the factors A and B are trainable; B starts at zero, so nothing changes yet.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def batches(lengths: Sequence[int], size: int, seed: int) -> Iterator[list[int]]:
    """Yield batches of row numbers for ever, every row once in each pass.

    The order depends on `seed` alone. Rows of like length share a batch, so that little is
    padded: each run of eight batches' worth of shuffled rows is sorted by length, cut, and the
    pieces are shuffled again.
    """
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(lengths), generator=generator).tolist()
        for start in range(0, len(order), 8 * size):
            run = sorted(order[start : start + 8 * size], key=lambda row: lengths[row])
            pieces = [run[at : at + size] for at in range(0, len(run), size)]
            for piece in torch.randperm(len(pieces), generator=generator).tolist():
                yield pieces[piece]


def train(
    model: Any, tokenizer: Any, rows: Sequence[Row], config: dict[str, Any]
) -> Iterator[float]:
    """Train the trainable parameters in place; yield the loss of each step.

    AdamW; the rate rises linearly for `warmup` steps and falls linearly to zero at the end; the
    norm of the gradients is clipped at 1. In the end the model is in eval mode: dropout is off.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer.
        rows: Rows with a ``summary``.
        config: ``steps``, ``batch_size``, ``lr``, ``warmup``, ``weight_decay``, ``max_length``,
            ``seed``.
    """
    torch.manual_seed(config["seed"])  # of dropout
    examples = [encode_example(tokenizer, row, config["max_length"]) for row in rows]
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=config["lr"], weight_decay=config["weight_decay"])
    order = batches([len(e["input_ids"]) for e in examples], config["batch_size"], config["seed"])
    warmup, steps = config["warmup"], config["steps"]
    model.train()
    for step in range(steps):
        batch = collate([examples[i] for i in next(order)], tokenizer.pad_token_id)
        loss = batch_loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        share = (step + 1) / warmup if step < warmup else (steps - step) / (steps - warmup)
        for group in optimizer.param_groups:
            group["lr"] = config["lr"] * share
        optimizer.step()
        optimizer.zero_grad()
        yield float(loss.detach())
    model.eval()


def save_adapter(model: Any, folder: Path) -> None:
    """Write ``adapter_config.json`` and ``adapter_model.safetensors`` as peft writes them."""
    model.save_pretrained(folder, save_embedding_layers=False)
    # peft drafts a model card full of blanks; the report says it better.
    (folder / "README.md").unlink(missing_ok=True)
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors writes for its owner alone


def load_adapter(model: Any, folder: Path) -> Any:
    """Return the base model with an adapter merged into its weights, in eval mode."""
    from peft import PeftModel

    return PeftModel.from_pretrained(model, folder).merge_and_unload().eval()
