"""Training: one loop for SFT, DPO and ORPO, and LoRA states to go back to.

One adapter serves every experiment: it is put back to a saved state, not built anew. That is also
how DPO after SFT gets its reference. The reference's log-probabilities are computed once, before
the first step, and no second model is ever held in memory.

Left out: gradient accumulation, and a schedule with warm-up: the runs here are a few dozen steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from .data import Batch, answer_logps, collate, encode
from .losses import IGNORED, PreferenceLoss, dpo_loss, orpo_loss
from .pairs import Pair

Method = Literal["sft", "dpo", "orpo"]
State = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train.

    Args:
        method: `sft` looks at the chosen answers alone.
        steps: Optimizer steps.
        batch: Pairs a step.
        lr: AdamW's learning rate.
        weight: β of DPO, λ of ORPO; nothing to SFT.
        seed: Of the order of the pairs.
        decays: Whether the rate falls linearly to zero, or stays.
    """

    method: Method
    steps: int
    batch: int
    lr: float
    weight: float
    seed: int
    decays: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What a step saw, before it changed anything, as means over its batch.

    Args:
        step: Its number, from 0.
        loss: What it descended.
        accuracy: The share of its pairs in the right order.
        margin: By how much the chosen answers are worth more to the method.
        chosen_worth: What they are worth: under DPO β times the change of their log-probability.
        chosen_logp: Their log-probability; per token under ORPO and SFT, per answer under DPO.
        rejected_logp: That of the rejected ones.
    """

    step: int
    loss: float
    accuracy: float
    margin: float
    chosen_worth: float
    chosen_logp: float
    rejected_logp: float


def with_lora(model: Any, rank: int, seed: int) -> Any:
    """Return the model with LoRA (Hu et al. 2021) on all linear layers but the head, by peft."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, config).eval()


def state_of(model: Any) -> State:
    """Return a copy of the trainable parameters."""
    return {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}


def restore(model: Any, state: State) -> None:
    """Put the trainable parameters back to a saved state."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(state[name])


def encoded(tokenizer: Any, pairs: Sequence[Pair]) -> list[tuple[dict[str, list[int]], ...]]:
    """Return the chosen and the rejected example of each pair."""
    return [
        (encode(tokenizer, p.prompt, p.chosen), encode(tokenizer, p.prompt, p.rejected))
        for p in pairs
    ]


@torch.no_grad()
def pair_logps(model: Any, tokenizer: Any, pairs: Sequence[Pair], batch: int = 8) -> torch.Tensor:
    """Return the summed log-probabilities of chosen and rejected answers, shape (N, 2)."""
    examples = encoded(tokenizer, pairs)
    rows = []
    for start in range(0, len(examples), batch):
        both = [one for example in examples[start : start + batch] for one in example]
        rows.append(answer_logps(model, collate(both, tokenizer.pad_token_id)).view(-1, 2))
    return torch.cat(rows)  # N, 2


def train(
    model: Any,
    tokenizer: Any,
    pairs: Sequence[Pair],
    plan: Plan,
    after: Callable[[int], bool] = lambda step: False,
    *,
    reference: torch.Tensor | None = None,
) -> list[Step]:
    """Train the trainable parameters in place; return what each step saw.

    For DPO the model as it is at the start is the reference. No dropout: with it the policy would
    differ from its reference before the first step, and the first loss from ln 2.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer.
        pairs: At least one.
        plan: How.
        after: Called with the number of steps done; True ends the training.
        reference: What `pair_logps` gives for the model at the start, where it is known; shape
            (N, 2).
    """
    examples = encoded(tokenizer, pairs)
    if plan.method == "dpo" and reference is None:
        reference = pair_logps(model, tokenizer, pairs)
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=plan.lr, weight_decay=0.0)
    order = _order(len(pairs), plan.batch, plan.seed)
    steps: list[Step] = []
    for number in range(plan.steps):
        places = next(order)
        columns = 1 if plan.method == "sft" else 2
        rows = [examples[p][c] for c in range(columns) for p in places]  # chosen first
        batch = collate(rows, tokenizer.pad_token_id)
        frozen = None if reference is None else reference[places]  # B, 2
        loss, seen = _losses(model, batch, plan, frozen)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = plan.lr * (1 - number / plan.steps if plan.decays else 1)
        optimizer.step()
        optimizer.zero_grad()
        steps.append(_step(number, float(loss.detach()), *seen))
        if after(number + 1):
            break
    return steps


def _losses(
    model: Any, batch: Batch, plan: Plan, reference: torch.Tensor | None
) -> tuple[torch.Tensor, tuple[PreferenceLoss | None, torch.Tensor]]:
    """Return the loss to descend, what the method makes of the pairs, and the log-probabilities."""
    if plan.method == "dpo":
        assert reference is not None
        logps = answer_logps(model, batch)
        chosen, rejected = logps.chunk(2)
        found = dpo_loss(chosen, rejected, reference[:, 0], reference[:, 1], plan.weight)
        return found.loss, (found, logps.detach())
    logps = answer_logps(model, batch, average=True)
    tokens = (batch["labels"] != IGNORED).sum(dim=1).to(logps)  # 2B for ORPO, B for SFT
    size = len(logps) if plan.method == "sft" else len(logps) // 2
    nll = -(logps[:size] * tokens[:size]).sum() / tokens[:size].sum()
    if plan.method == "sft":
        return nll, (None, logps.detach())
    found = orpo_loss(logps[:size], logps[size:], nll, plan.weight)
    return found.loss, (found, logps.detach())


def _step(number: int, loss: float, found: PreferenceLoss | None, logps: torch.Tensor) -> Step:
    if found is None:
        return Step(number, loss, 0.0, 0.0, 0.0, float(logps.mean()), 0.0)
    chosen, rejected = (float(half.mean()) for half in logps.chunk(2))
    margin = float(found.margins.mean())
    worth = float(found.chosen.mean())
    return Step(number, loss, found.accuracy, margin, worth, chosen, rejected)


def _order(count: int, size: int, seed: int) -> Iterator[list[int]]:
    """Yield batches of places for ever, every place once in each pass."""
    generator = torch.Generator().manual_seed(seed)
    waiting: list[int] = []
    while True:
        while len(waiting) < size:
            waiting += torch.randperm(count, generator=generator).tolist()
        yield waiting[:size]
        waiting = waiting[size:]
