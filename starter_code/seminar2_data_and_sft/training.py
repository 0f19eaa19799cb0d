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
    raise NotImplementedError("write your solution here")


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
    raise NotImplementedError("write your solution here")


def overfit_one_batch(model: Any, batch: Batch, steps: int, lr: float) -> list[float]:
    """Train on one and the same batch; return the loss of each step, before it was taken.

    The cheapest test of a training loop: a model that cannot learn eight rows by heart has a fault
    in its labels, its mask, its shift or its optimizer, and a day of training would only hide it.
    One AdamW (no weight decay) takes all steps; the model is in training mode meanwhile, and
    afterwards in the mode it was in.
    """
    raise NotImplementedError("write your solution here")
