"""Training: one step that is right however it is cut up, and the test that every loop must pass.

Shapes: B rows, T tokens, V words of the vocabulary. Left out: schedules and mixed precision, which
`run` adds around these functions, and everything distributed.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from .sequences import IGNORED

Batch = dict[str, torch.Tensor]


def loss_sum(model: Any, batch: Batch) -> tuple[torch.Tensor, int]:
    """Return the summed cross-entropy of a batch's targets, and how many there are.

    The logits at position t predict the label at t + 1, so a label in the first column is never a
    target. A sum and not a mean: only sums of pieces add up to that of the whole.

    Args:
        model: A causal language model; it gets everything of the batch but the labels.
        batch: Tensors of `collate` or `collate_packed`.
    """
    # zachetka: solution
    inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
    wanted = batch["labels"][:, 1:]  # B, T - 1
    # The vocabulary's matrix is a fifth of a small model's work, and in a chat few columns have a
    # target: only these K columns get logits.
    columns = (wanted != IGNORED).any(dim=0).nonzero().flatten()  # K
    logits = model(**inputs, use_cache=False, logits_to_keep=columns).logits  # B, K, V
    total = F.cross_entropy(
        logits.flatten(0, 1).float(),
        wanted[:, columns].flatten(),
        ignore_index=IGNORED,
        reduction="sum",
    )
    return total, int((wanted != IGNORED).sum())
    # zachetka: end


def train_step(
    model: Any,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    microbatches: int,
    max_norm: float = 1.0,
) -> float:
    """Take one optimizer step on a batch; return its loss per target token before the step.

    The batch goes through the model in at most `microbatches` pieces of consecutive rows, so that
    only one piece's activations are in memory; the gradient is that of the *whole* batch's mean
    over target tokens. A mean of the pieces' means is another number when they hold different
    numbers of targets, which went unnoticed in many trainers until 2024. The norm of the whole
    gradient is clipped at `max_norm`, once. Gradients are left empty for the next step.

    Raises:
        ValueError: The batch has no targets.
    """
    # zachetka: solution
    targets = int((batch["labels"][:, 1:] != IGNORED).sum())
    if not targets:
        raise ValueError("the batch has no target tokens: there is nothing to learn from it")
    size = -(-len(batch["labels"]) // microbatches)  # rows of a piece, rounded up
    total = 0.0
    optimizer.zero_grad()  # whatever someone else left behind
    for start in range(0, len(batch["labels"]), size):
        piece = {name: tensor[start : start + size] for name, tensor in batch.items()}
        loss, _ = loss_sum(model, piece)
        (loss / targets).backward()  # the targets of the batch, not of the piece
        total += float(loss.detach())
    trained = [p for group in optimizer.param_groups for p in group["params"]]
    torch.nn.utils.clip_grad_norm_(trained, max_norm)
    optimizer.step()
    optimizer.zero_grad()
    return total / targets
    # zachetka: end


def overfit_one_batch(model: Any, batch: Batch, steps: int, lr: float) -> list[float]:
    """Train on one and the same batch; return the loss of each step, before it was taken.

    The cheapest test of a training loop: a model that cannot learn eight rows by heart has a fault
    in its labels, its mask, its shift or its optimizer, and a day of training would only hide it.
    One AdamW (no weight decay) takes all steps; the model is in training mode meanwhile, and
    afterwards in the mode it was in.
    """
    # zachetka: solution
    was_training = model.training
    model.train()
    # One optimizer for all steps: its moments are half of the method.
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=lr, weight_decay=0.0
    )
    losses = [train_step(model, optimizer, batch, 1) for _ in range(steps)]
    model.train(was_training)
    return losses
    # zachetka: end
