"""Third part of the run: a tiny model from nothing, against what counting reaches.

Model and counts see the same tokens of the same documents, and are compared document by document:
documents differ far more than models do, so the differences are resampled and not the losses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .cleaning import Row
from .from_scratch import (
    Counts,
    document,
    document_losses,
    sample,
    tiny_llama,
    train_tokenizer,
)
from .sequences import collate_packed, pack
from .supervised import learn, mean_loss, packed_batches
from .training import overfit_one_batch

if TYPE_CHECKING:
    from .experiment import Report

VOCABULARY = 1024
LENGTH = 128  # tokens of a document, and of a packed row
ROWS = 4  # packed rows of a step
RATE = 6e-3
OVERFIT_STEPS, OVERFIT_RATE = 80, 5e-3


def from_scratch(
    report: Report,
    train: Sequence[Row],
    validation: Sequence[Row],
    steps: int,
    device: torch.device,
) -> list[str]:
    """Train the tiny model, draw its curve against the baselines; return what to say of it."""
    seed = report.setting.seed
    tokenizer = train_tokenizer([row["text"] for row in train], VOCABULARY)
    learned, examined = (
        [document(tokenizer, row["text"], LENGTH) for row in rows] for rows in (train, validation)
    )
    packed = pack(learned, LENGTH)
    tokens = sum(len(example["input_ids"]) for example in learned)
    report.result(
        "packing",
        {
            "tokens": tokens,
            "rows": len(packed),
            "filled_packed": tokens / (len(packed) * LENGTH),
            "filled_padded": tokens / (len(learned) * max(len(e["input_ids"]) for e in learned)),
        },
    )
    model = tiny_llama(len(tokenizer), LENGTH, seed).to(device)
    parameters = sum(p.numel() for p in model.parameters())
    probe = tiny_llama(len(tokenizer), LENGTH, seed + 1).to(device)
    batch = {name: t.to(device) for name, t in collate_packed(packed[:1], 1).items()}
    overfit = overfit_one_batch(probe, batch, OVERFIT_STEPS, OVERFIT_RATE)
    report.result("overfit_one_batch", [overfit[0], overfit[-1]])

    checks = pack(examined, LENGTH)
    checking = [
        {n: t.to(device) for n, t in collate_packed(checks[at : at + 32], 1).items()}
        for at in range(0, len(checks), 32)
    ]
    config = {"steps": steps, "lr": RATE, "weight_decay": 0.1, "microbatches": 1}
    curves = learn(
        model,
        packed_batches(learned, ROWS, 1, LENGTH, seed),
        # float32: at this size a conversion costs more than it saves.
        {**config, "validate_every": max(1, steps // 10), "dtype": torch.float32},
        lambda: mean_loss(model, checking, torch.float32),
    )
    counts = Counts([example["input_ids"] for example in learned], len(tokenizer))
    counted = np.array([counts.losses(example["input_ids"]) for example in examined])  # N, 2
    own = np.array(document_losses(model, examined))  # N
    sizes = np.array([len(example["input_ids"]) - 1 for example in examined])
    letters = np.array([len(tokenizer.decode(e["input_ids"][1:-1])) for e in examined])
    losses = {"unigram": counted[:, 0], "bigram": counted[:, 1], "tiny Llama": own}
    table = []
    for name, loss in losses.items():
        low, high = _ratio_interval(loss, sizes, seed)
        bits = loss.sum() / np.log(2) / letters.sum()
        table.append([name, loss.sum() / sizes.sum(), f"[{low:.3f}, {high:.3f}]", bits])
    columns = ["model", "nats per token", "95 % CI", "bits per character"]
    report.table("scratch", columns, table, "Validation loss, lower is better")
    report.result("scratch_parameters", parameters)
    report.result("scratch_curve", [list(point) for point in curves["validation"]])
    _draw(report, curves, {row[0]: row[1] for row in table[:2]})
    text = sample(model, tokenizer, "Return the", 40, seed)
    report.result("scratch_sample", text)
    return [
        _read_overfit(overfit),
        *_read(losses, sizes, seed, parameters, tokens),
        f"What it writes: {text!r}",
    ]


def _draw(report: Report, curves: dict[str, Any], baselines: dict[str, float]) -> None:
    title = "A tiny Llama from nothing against counting"
    with report.figure("scratch", title) as (_, axes):
        axes.plot(*zip(*curves["train"], strict=True), linewidth=1, alpha=0.6, label="train")
        axes.plot(*zip(*curves["validation"], strict=True), marker="o", label="validation")
        for name, style in (("unigram", ":"), ("bigram", "--")):
            axes.axhline(baselines[name], color="#797979", linestyle=style, label=name)
        axes.set_xlabel(f"steps of {ROWS} rows of {LENGTH} tokens")
        axes.set_ylabel("loss, nats per token")
        axes.legend()


def _ratio_interval(loss: Any, sizes: Any, seed: int) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of total loss by total tokens, over documents."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(sizes), size=(2000, len(sizes)))
    ratios = loss[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(low), float(high)


def _read_overfit(losses: Sequence[float]) -> str:
    verdict = "the loop can learn" if losses[-1] < 0.1 * losses[0] else "the loop is suspicious"
    return f"One batch by heart: loss {losses[0]:.2f} → {losses[-1]:.3f}: {verdict}."


def _read(losses: dict[str, Any], sizes: Any, seed: int, parameters: int, tokens: int) -> list[str]:
    own, lines = losses["tiny Llama"], []
    for name in ("unigram", "bigram"):
        low, high = _ratio_interval(losses[name] - own, sizes, seed)
        if low > 0:
            verdict = "is better than"
        elif high < 0:
            verdict = "is worse than"
        else:
            verdict = "cannot be told from"
        lines.append(
            f"The tiny Llama ({parameters / 1e6:.2f} M parameters, {tokens} tokens to learn from) "
            f"{verdict} the {name} model, whose loss is {low:+.3f} to {high:+.3f} nats per token "
            "away from its own."
        )
    return lines
