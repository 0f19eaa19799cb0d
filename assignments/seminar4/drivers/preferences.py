"""Driver: calls the functions of seminar 4 and returns what came out as plain numbers.

It runs beside the student's code and students may read it, so it holds no expected value. Models
are tiny random Llamas; the model that is red-teamed follows a script.
"""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

import torch

PACKAGE = "seminar4_preferences"


def _module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


def _tensor(values: Any, dtype: str = "float32") -> torch.Tensor:
    return torch.tensor(values, dtype=getattr(torch, dtype))


def fails(function: str, *args: Any) -> str:
    """Return the name of the error that a function of this driver ends in; empty for none."""
    try:
        globals()[function](*args)
    except Exception as error:  # the student's code may raise anything
        return type(error).__name__
    return ""


# ---- pairs -------------------------------------------------------------------------------------


def pairs(prompts: list[str], candidates: Any, scores: Any, min_gap: float) -> dict[str, Any]:
    """Run `build_pairs`."""
    found = _module("pairs").build_pairs(prompts, candidates, scores, min_gap)
    made = [dataclasses.asdict(pair) for pair in found.pairs]
    dropped = {str(name): int(count) for name, count in found.dropped.items()}
    return {"pairs": made, "dropped": dropped, "length": dataclasses.asdict(found.length)}


def same(pairs: list[list[str]]) -> list[bool]:
    """Run `same_text` on each pair of texts."""
    module = _module("pairs")
    return [bool(module.same_text(one, other)) for one, other in pairs]


def length(answers: list[list[str]]) -> list[float]:
    """Run `length_gap` on (chosen, rejected)."""
    module = _module("pairs")
    found = module.length_gap([module.Pair("?", c, r, 1.0) for c, r in answers])
    return [float(found.mean), float(found.chosen_longer)]


# ---- losses ------------------------------------------------------------------------------------


def logps(logits: Any, labels: Any, average: bool, dtype: str = "float32") -> dict[str, Any]:
    """Run `sequence_logps`; return its values and the gradient of their sum."""
    given = _tensor(logits, dtype).requires_grad_()
    found = _module("losses").sequence_logps(given, torch.tensor(labels), average)
    if not isinstance(found, torch.Tensor):
        return {"shape": [], "values": [], "gradient": None}
    gradient = None
    if found.requires_grad:
        found.sum().backward()
        gradient = given.grad.float().tolist()
    values = found.detach().float().flatten().tolist()
    return {"shape": list(found.shape), "values": values, "gradient": gradient}


def _result(found: Any, given: list[torch.Tensor]) -> dict[str, Any]:
    loss = found.loss
    gradients: list[Any] = [None] * len(given)
    if loss.requires_grad:
        loss.backward()
        gradients = [None if t.grad is None else t.grad.tolist() for t in given]
    return {
        "shape": list(loss.shape),
        "loss": float(loss.detach().float().mean()),
        "chosen": found.chosen.detach().flatten().tolist(),
        "rejected": found.rejected.detach().flatten().tolist(),
        "detached": not (found.chosen.requires_grad or found.rejected.requires_grad),
        "gradients": gradients,
    }


def dpo(values: list[list[float]], beta: float) -> dict[str, Any]:
    """Run `dpo_loss` on chosen, rejected, reference chosen and reference rejected."""
    given = [_tensor(row).requires_grad_() for row in values]
    return _result(_module("losses").dpo_loss(*given, beta), given)


def orpo(values: list[list[float]], nll: float, weight: float) -> dict[str, Any]:
    """Run `orpo_loss` on chosen, rejected and the loss on the chosen ones."""
    given = [*(_tensor(row).requires_grad_() for row in values), _tensor(nll).requires_grad_()]
    return _result(_module("losses").orpo_loss(*given, weight), given)


def odds(logps: list[float]) -> list[list[float]]:
    """Run `log_odds`; return values and gradients."""
    given = _tensor(logps).requires_grad_()
    found = _module("losses").log_odds(given)
    found.sum().backward()
    return [found.detach().tolist(), given.grad.tolist()]


def first_step(seed: int, chosen: Any, rejected: Any, labels: Any, beta: float) -> dict[str, Any]:
    """Score pairs by a tiny Llama that is its own reference, then by one moved a little.

    Args:
        seed: Of the model's weights.
        chosen: Token ids, (B, T).
        rejected: The same.
        labels: Those of the chosen and of the rejected answers.
        beta: DPO's.
    """
    losses = _module("losses")
    model = _llama(seed)
    frozen = [_scores(model, losses, i, y) for i, y in zip((chosen, rejected), labels, strict=True)]
    same = losses.dpo_loss(*frozen, *frozen, beta)
    with torch.no_grad():
        torch.manual_seed(seed + 1)
        model.lm_head.weight.add_(0.1 * torch.randn_like(model.lm_head.weight))
    moved = [_scores(model, losses, i, y) for i, y in zip((chosen, rejected), labels, strict=True)]
    away = losses.dpo_loss(*moved, *frozen, beta)
    return {
        "same": float(same.loss),
        "away": float(away.loss),
        "frozen": [row.tolist() for row in frozen],
        "moved": [row.tolist() for row in moved],
    }


def _scores(model: Any, losses: Any, ids: Any, labels: Any) -> torch.Tensor:
    with torch.no_grad():
        logits = model(input_ids=torch.tensor(ids)).logits
    return losses.sequence_logps(logits, torch.tensor(labels))


def _llama(seed: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        initializer_range=0.2,
        tie_word_embeddings=False,
    )
    return LlamaForCausalLM(config).eval()


# ---- refusals ----------------------------------------------------------------------------------


def refusals(replies: list[str]) -> list[bool]:
    """Run `is_refusal` on each reply."""
    module = _module("refusals")
    return [bool(module.is_refusal(reply)) for reply in replies]


def rate(replies: list[str], level: float) -> dict[str, Any]:
    """Run `refusal_rate`."""
    return dataclasses.asdict(_module("refusals").refusal_rate(replies, level))


def wilson(successes: int, count: int, level: float) -> dict[str, Any]:
    """Run `wilson`."""
    return dataclasses.asdict(_module("refusals").wilson(successes, count, level))


def examine(predicted: list[bool], marked: list[bool]) -> dict[str, Any]:
    """Run `examine`."""
    found = dataclasses.asdict(_module("refusals").examine(predicted, marked))
    return {**found, **{k: list(found[k]) for k in ("false_alarms", "misses")}}


# ---- red team ----------------------------------------------------------------------------------


def typos(text: str, share: float, seed: int) -> str:
    """Run `typos`."""
    return str(_module("red_team").typos(text, share, seed))


def attack(
    prompts: list[str], attacks: dict[str, str], script: dict[str, str], batch_size: int
) -> dict[str, Any]:
    """Run `red_team` on a model that answers by a script: what it is asked → what it says.

    A reply that begins with "NO" is a refusal here; what the script does not hold is repeated.
    """
    module = _module("red_team")
    batches: list[int] = []

    def answer(texts: list[str]) -> list[str]:
        batches.append(len(texts))
        return [script.get(text, text) for text in texts]

    log = module.red_team(
        answer, prompts, attacks, batch_size, refuses=lambda reply: reply.startswith("NO")
    )
    return {"log": [dataclasses.asdict(attempt) for attempt in log], "batches": batches}


def short_answers(prompts: list[str]) -> list[Any]:
    """Run `red_team` on a model that loses a reply."""
    return list(_module("red_team").red_team(lambda texts: texts[:-1], prompts, {}, 2))


def rates(log: list[list[Any]]) -> dict[str, Any]:
    """Run both rates on a log of (prompt, attack, verdict)."""
    module = _module("red_team")
    made = [module.Attempt(p, a, "asked", "reply", verdict) for p, a, verdict in log]
    return {
        name: {k: dataclasses.asdict(v) for k, v in getattr(module, name)(made).items()}
        for name in ("success_rates", "bypass_rates")
    }
