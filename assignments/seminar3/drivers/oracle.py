"""Driver: what the tests compute on their own, in a child where no student code runs.

The hidden tests ask it in a child of its own, and judge with what it says.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

from graders.sandbox import warm

VOCABULARY = 96


def _build(seed: int) -> Any:
    """Return the model that the driver `tiny` builds for this seed."""
    return warm.tiny_llama(
        seed,
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=96,
        num_attention_heads=4,
        max_position_embeddings=128,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )


def sizes(seed: int) -> dict[str, list[int]]:
    """Return [I, O] of every linear layer by name."""
    model = _build(seed)
    return {
        name: [module.in_features, module.out_features]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }


def logits(seed: int, ids: list[list[int]], factors: dict[str, Any], scaling: float) -> Any:
    """Return the logits with ``scaling · B A`` added to the weights, (B, T, V)."""
    model = _build(seed)
    _add(model, factors, scaling)
    with torch.no_grad():
        return model(input_ids=torch.tensor(ids)).logits


def _add(model: Any, factors: dict[str, Any], scaling: float) -> None:
    with torch.no_grad():
        for name, a in factors.items():
            if name.endswith(".lora_a"):
                b = factors[name.replace(".lora_a", ".lora_b")]
                weight = model.get_submodule(name.removesuffix(".lora_a")).weight
                weight += scaling * (b @ a)


def losses(seed: int, rows: list[Any], factors: dict[str, Any], scaling: float) -> list[float]:
    """Return the loss of each (prompt, answer), one at a time and without any padding."""
    model = _build(seed)
    _add(model, factors, scaling)
    found = []
    with torch.no_grad():
        for prompt, answer in rows:
            last = model(input_ids=torch.tensor([list(prompt)])).logits[0, -1]
            found.append(float(F.cross_entropy(last, torch.tensor(answer))))
    return found


def replay(
    seed: int, rows: list[Any], factors: dict[str, Any], scaling: float, steps: list[dict[str, Any]]
) -> list[float]:
    """Train the given factors on whole passes with the given rates; return each step's loss."""
    model = _build(seed).requires_grad_(False)
    own = {name: value.clone().requires_grad_(True) for name, value in factors.items()}
    optimizer = torch.optim.AdamW(own.values(), lr=1.0, weight_decay=steps[0]["decay"])
    pairs = {
        name.removesuffix(".lora_a"): (own[name], own[name.replace(".lora_a", ".lora_b")])
        for name in own
        if name.endswith(".lora_a")
    }
    found = []
    for step in steps:
        weights = {
            f"{name}.weight": model.get_submodule(name).weight + scaling * (b @ a)
            for name, (a, b) in pairs.items()
        }
        total = torch.zeros(())
        for prompt, answer in rows:
            ids = torch.tensor([list(prompt)])
            out = torch.func.functional_call(model, weights, (), {"input_ids": ids})
            total = total + F.cross_entropy(out.logits[0, -1], torch.tensor(answer))
        loss = total / len(rows)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(own.values(), step["clip"])
        for group in optimizer.param_groups:
            group["lr"] = step["rate"]
        optimizer.step()
        found.append(float(loss.detach()))
    return found


def text_losses(seed: int, texts: list[list[int]]) -> list[float]:
    """Return the summed loss of each text, one at a time."""
    model = _build(seed)
    found = []
    with torch.no_grad():
        for text in texts:
            ids = torch.tensor([text])
            scores = model(input_ids=ids).logits[0, :-1]
            found.append(float(F.cross_entropy(scores, ids[0, 1:], reduction="sum")))
    return found
