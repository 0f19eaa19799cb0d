"""Driver: runs a student's speculative decoding, and counts what the target was asked.

Targets here are the student's own engine on a tiny random model, or a table of fixed logits that
depends on the last token only, where many thousands of draws cost nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import torch

from graders.sandbox import warm

VOCABULARY = 260


def _module(name: str) -> Any:
    return importlib.import_module(f"seminar7_inference.{name}")


def _model(seed: int) -> Any:
    """Return the student's view of a random model."""
    model = warm.tiny_llama(
        seed,
        vocab_size=VOCABULARY,
        hidden_size=96,
        intermediate_size=96,
        num_attention_heads=6,
        head_dim=24,  # 6 x 24 is not 96: a head's size is no quotient
        max_position_embeddings=160,
        rms_norm_eps=1e-2,  # large enough to be missed
        tie_word_embeddings=False,
        bos_token_id=257,
        eos_token_id=258,
        pad_token_id=259,
    ).double()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.uniform_(0.5, 1.5)
    return _module("model").from_transformers(model)


def _near(model: Any, noise: float, seed: int) -> Any:
    """Return a model that often agrees: its head is the other's with noise."""
    from dataclasses import replace

    made = torch.Generator().manual_seed(seed)
    head = model.head
    other = torch.randn(head.shape, generator=made, dtype=head.dtype) * head.std()
    return replace(model, head=head + noise * other)


class Watched:
    """A session that writes down what it is asked, and holds its own list of what it has read."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.reads: list[int] = []  # tokens of each forward
        self.held: list[int] = []

    @property
    def length(self) -> int:
        """Return how many tokens it holds."""
        return int(self.inner.length)

    def extend(self, ids: Sequence[int]) -> torch.Tensor:
        """Read tokens."""
        self.reads.append(len(ids))
        self.held += [int(token) for token in ids]
        return self.inner.extend(ids)

    def crop(self, length: int) -> None:
        """Forget everything from `length` on."""
        self.inner.crop(length)
        del self.held[length:]


class Table:
    """A model whose next token depends on the last one only: row i follows token i."""

    def __init__(self, logits: torch.Tensor) -> None:
        self.logits = logits
        self.length = 0

    def extend(self, ids: Sequence[int]) -> torch.Tensor:
        """Read tokens and return the logits after each, (n, V)."""
        self.length += len(ids)
        return self.logits[torch.tensor(list(ids))]

    def crop(self, length: int) -> None:
        """Forget everything from `length` on."""
        self.length = length


def speculate(seed: int, prompt: list[int], plan: dict[str, Any]) -> dict[str, Any]:
    """Generate greedily with a draft; `plan`: limit, k, noise (None: the same model), eos."""
    code = _module("speculative")
    model = _model(seed)
    noise = plan.get("noise")
    drafting = model if noise is None else _near(model, noise, seed)
    capacity = len(prompt) + plan["limit"] + plan.get("slack", 0)
    target = Watched(code.Session(model, capacity))
    draft = Watched(code.Session(drafting, capacity))
    told = code.speculative_generate(
        target,
        code.ModelDrafter(draft, confidence=plan.get("confidence", 0.0)),
        prompt,
        max_new_tokens=plan["limit"],
        k=plan["k"],
        eos_id=plan.get("eos"),
    )
    return {
        "tokens": [int(token) for token in told.tokens],
        "said": {
            "forwards": int(told.forwards),
            "proposed": int(told.proposed),
            "accepted": int(told.accepted),
            "acceptance": float(told.acceptance),
        },
        "target": target.reads,
        "draft": draft.reads,
        "held": [target.held, draft.held],
    }


def look_up(seed: int, prompt: list[int], limit: int, k: int) -> dict[str, Any]:
    """Generate greedily with prompt lookup."""
    code = _module("speculative")
    target = Watched(code.Session(_model(seed), len(prompt) + limit))
    drafter = code.LookupDrafter(VOCABULARY)
    told = code.speculative_generate(target, drafter, prompt, max_new_tokens=limit, k=k)
    return {"tokens": [int(token) for token in told.tokens], "target": target.reads}


def accepted(draft: list[int], q: Any, p: Any, times: int, seed: int) -> list[list[int]]:
    """Verify the same guesses many times; return what each verification gave."""
    code = _module("speculative")
    generator = torch.Generator().manual_seed(seed)
    return [[int(t) for t in code.accept(draft, q, p, generator)] for _ in range(times)]


def sampled(target: Any, draft: Any, plan: dict[str, Any]) -> list[list[int]]:
    """Sample many answers with table models; `plan`: times, limit, k, temperature, seed, start."""
    code = _module("speculative")
    generator = torch.Generator().manual_seed(plan["seed"])
    rows = []
    for _ in range(plan["times"]):
        drafter = code.ModelDrafter(
            Table(draft), plan["temperature"], generator, plan.get("confidence", 0.0)
        )
        told = code.speculative_generate(
            Table(target),
            drafter,
            [plan["start"]],
            max_new_tokens=plan["limit"],
            k=plan["k"],
            temperature=plan["temperature"],
            generator=generator,
        )
        rows.append([int(token) for token in told.tokens])
    return rows
