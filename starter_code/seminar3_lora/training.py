"""Training A and B, and noticing when they begin to learn by heart.

A model with few trainable numbers overfits later, not never: two million of them can store some
hundreds of headlines. What helps is to look: the loss on training examples and on held-out ones,
measured in the same way (eval mode, whole sets, before the first step too), and the adapter of the
moment where the held-out loss was lowest. The loss of a training batch is no such measurement: it
has dropout in it, and belongs to a model that is one step older.

Left out: gradient accumulation and mixed precision, which the first homework and seminar 2 treat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from .lora import trainable
from .task import Example, by_length, collate, last_logits


@dataclass(frozen=True)
class Plan:
    """How to train.

    Args:
        steps: Steps of the optimizer at most.
        batch: Examples of a step.
        rate: The largest learning rate.
        warmup: Steps over which the rate rises to it; then it falls to zero, both linearly.
        decay: Weight decay of AdamW.
        clip: The largest norm of the gradient.
        every: Steps between two looks at the losses.
        patience: Looks without a lower held-out loss after which training ends; 0 never ends early.
        seed: Of the order of examples and of dropout.
    """

    steps: int
    batch: int = 32
    rate: float = 1e-3
    warmup: int = 5
    decay: float = 0.0
    clip: float = 1.0
    every: int = 10
    patience: int = 0
    seed: int = 20


@dataclass(frozen=True)
class Look:
    """Both losses after some steps, in nats an answer.

    Args:
        step: Steps taken before it.
        train: On the first training examples, as many as there are held-out ones at most.
        held_out: On the held-out ones.
    """

    step: int
    train: float
    held_out: float

    @property
    def gap(self) -> float:
        """How much worse the model is on what it has not seen."""
        return self.held_out - self.train


@dataclass
class History:
    """What happened.

    Args:
        losses: The mean loss of each step's batch.
        looks: Both losses at step 0, every `Plan.every` steps and at the end.
    """

    losses: list[float] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    @property
    def best(self) -> Look:
        """The look with the lowest held-out loss, the earlier one of equals."""
        return min(self.looks, key=lambda look: look.held_out)


def answer_loss(model: Any, examples: Sequence[Example]) -> torch.Tensor:
    """Return the mean cross-entropy of the right answers over the whole vocabulary, a scalar.

    The mode of the model is left as it is: the loop calls this in training mode.
    """
    device = next(model.parameters()).device
    batch = collate(examples, device)
    return F.cross_entropy(last_logits(model, batch), batch.answers)


def evaluate_loss(model: Any, examples: Sequence[Example], size: int = 32) -> float:
    """Return the mean loss over all examples: without dropout, and without a trace of gradients.

    The mean is over examples, not over batches: the last batch may be smaller. The model comes
    back in the mode in which it came.
    """
    raise NotImplementedError("write your solution here")


def train_lora(
    model: Any, examples: Sequence[Example], held_out: Sequence[Example], plan: Plan
) -> History:
    """Train the adapters of a model in place, and leave it with the best of them, in eval mode.

    AdamW over the trainable parameters and nothing else; `rate_at` gives the rate. Each pass takes
    every example once, in an order that `plan.seed` decides. Both losses are looked at before the
    first step, every `plan.every` steps and after the last. In the end the adapter of the lowest
    held-out loss is put back. Held-out examples never meet the optimizer.

    Raises:
        ValueError: Nothing is trainable, or there is nothing to learn from or to look at.
        RuntimeError: The first gradient is exactly zero: the loss does not reach the adapters.
            (It happens: some kernels for packed weights give a result and no gradient, without a
            word.)
    """
    raise NotImplementedError("write your solution here")


def rate_at(step: int, plan: Plan) -> float:
    """Return the rate of a step, counted from 0: a linear rise, then a linear fall to zero."""
    if step < plan.warmup:
        return plan.rate * (step + 1) / plan.warmup
    return plan.rate * (plan.steps - step) / (plan.steps - plan.warmup)


def batches(count: int, size: int, seed: int) -> Iterator[list[int]]:
    """Yield the places of examples for ever, every place once in each pass."""
    generator = torch.Generator().manual_seed(seed)
    waiting: list[int] = []
    while True:
        while len(waiting) < min(size, count):
            waiting += torch.randperm(count, generator=generator).tolist()
        yield waiting[: min(size, count)]
        waiting = waiting[min(size, count) :]


def out_of_patience(looks: Sequence[Look], patience: int) -> bool:
    """Say whether the last `patience` looks all failed to beat the best one before them."""
    raise NotImplementedError("write your solution here")
