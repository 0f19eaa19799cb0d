"""Driver: runs a student's engine on a tiny random Llama and tells what came out.

It runs beside the student's code and students may read it, so it holds no expected value: it
builds the model, calls the student's functions, counts forwards and returns plain data and tensors.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import torch

from graders.sandbox import warm

VOCABULARY = 260


def _module(name: str) -> Any:
    return importlib.import_module(f"seminar7_inference.{name}")


@lru_cache(maxsize=4)
def build(seed: int) -> Any:
    """Return the student's view of a random model; equal seeds give equal weights."""
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


def pieces(seed: int, ids: list[int], cuts: list[int], stale: int = 0) -> list[torch.Tensor]:
    """Feed one row in pieces that end at `cuts`; return the logits after the last of each, (V,).

    The first piece goes through `prefill`, pieces of one token through `decode`, others through
    `extend`. With `stale`, so many other tokens were read and cropped away before.
    """
    code, model = _module("model"), build(seed)
    cache = model.cache(1, len(ids) + stale)
    if stale:
        code.extend(model, cache, torch.tensor([ids[-stale:]]))
        cache.crop(0, 0)
    told, start = [], 0
    for end in cuts:
        piece = torch.tensor([ids[start:end]])
        if start == 0:
            told.append(code.prefill(model, cache, piece, [end])[0])
        elif end - start == 1:
            told.append(code.decode(model, cache, piece[0])[0])
        else:
            told.append(code.extend(model, cache, piece)[0, -1])
        start = end
    return told


def ragged(seed: int, prompts: list[list[int]], nexts: list[int], pad: int) -> dict[str, Any]:
    """Read prompts of different lengths together, then one token each; return both logits."""
    code, model = _module("model"), build(seed)
    width = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([prompt + [pad] * (width - len(prompt)) for prompt in prompts])
    cache = model.cache(len(prompts), width + 1)
    first = code.prefill(model, cache, ids, [len(prompt) for prompt in prompts])
    lengths = list(cache.lengths)
    second = code.decode(model, cache, torch.tensor(nexts))
    return {"first": first, "second": second, "lengths": [lengths, list(cache.lengths)]}


def rows(seed: int, prompts: list[list[int]], follow: int, source: int, target: int) -> Any:
    """Read each prompt into its own row, move a row, decode a token there; return (B, V) logits."""
    code, model = _module("model"), build(seed)
    cache = model.cache(len(prompts), max(map(len, prompts)) + 1)
    told = [
        code.prefill(model, cache, torch.tensor([prompt]), [len(prompt)], row)[0]
        for row, prompt in enumerate(prompts)
    ]
    cache.move(source, target)
    told.append(code.decode(model, cache, torch.tensor([follow]), target)[0])
    return {"logits": told, "lengths": list(cache.lengths)}


def cropped(seed: int, ids: list[int], keep: int, other: list[int]) -> torch.Tensor:
    """Read, crop, read something else; return the logits after each of `other`, (n, V)."""
    code, model = _module("model"), build(seed)
    cache = model.cache(1, max(len(ids), keep + len(other)))
    code.extend(model, cache, torch.tensor([ids]))
    cache.crop(0, keep)
    return code.extend(model, cache, torch.tensor([other]))[0]


def crop_beyond(seed: int, ids: list[int], length: int) -> str:
    """Crop a row to a length; return the name of what was raised, or nothing."""
    code, model = _module("model"), build(seed)
    cache = model.cache(1, len(ids) + 8)
    code.extend(model, cache, torch.tensor([ids]))
    try:
        cache.crop(0, length)
    except Exception as error:  # the student's code may raise anything
        return type(error).__name__
    return ""


def sizes(seed: int, tokens: int, dtype: str) -> dict[str, int]:
    """Return what `kv_bytes` says of so many tokens, and what a cache for them really takes."""
    code, model = _module("cache"), build(seed)
    kind = getattr(torch, dtype)
    cache = code.KVCache(model.shape, 1, tokens, kind, "cpu")
    real = cache.keys.nbytes + cache.values.nbytes
    return {"said": code.kv_bytes(model.shape, tokens, kind), "real": real}


def attend(q: Any, k: Any, v: Any, seen: Any) -> torch.Tensor:
    """Return the student's attention on given tensors."""
    return _module("model").attention(q, k, v, seen)


def head_inputs(seed: int, ids: list[int]) -> list[int]:
    """Return how many positions met the head while a prompt was read by `prefill`."""
    from dataclasses import replace

    code, model = _module("model"), build(seed)
    met: list[int] = []

    def head(x: torch.Tensor) -> torch.Tensor:
        met.append(x.numel() // x.shape[-1])
        return x @ model.head.T

    cache = model.cache(1, len(ids))
    code.prefill(replace(model, head=head), cache, torch.tensor([ids]), [len(ids)])
    return met


class _Counted:
    """A model's layer that counts: every forward goes through the first block once."""

    def __init__(self, weight: torch.Tensor) -> None:
        self.weight = weight
        self.shapes: list[list[int]] = []

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.shapes.append(list(x.shape[:2]))
        return x @ self.weight.T


def counted(seed: int) -> tuple[Any, _Counted]:
    """Return a model and the counter in its first block."""
    from dataclasses import replace

    model = build(seed)
    counter = _Counted(model.layers[0].qkv)
    layers = [replace(model.layers[0], qkv=counter), *model.layers[1:]]
    return replace(model, layers=layers), counter


def schedule(
    seed: int, requests: list[dict[str, Any]], rows: int, capacity: int, eos: int | None
) -> dict[str, Any]:
    """Serve requests; a request's `after` is the step before which it is submitted."""
    code = _module("scheduler")
    model, counter = counted(seed)
    scheduler = code.Scheduler(model, rows, capacity, eos)
    made = [
        code.Request(
            r["name"], r["prompt"], r["limit"], r.get("temperature", 0.0), r.get("seed", 0)
        )
        for r in requests
    ]
    done, running, step = [], [], 0
    while scheduler.busy or any(r.get("after", 0) >= step for r in requests):
        for told, request in zip(requests, made, strict=True):
            if told.get("after", 0) == step:
                scheduler.submit(request)
            if told.get("cancel") == step:
                scheduler.cancel(request.name)
        if scheduler.busy:
            done.append([request.name for request in scheduler.step()])
            running.append([request.name for request in scheduler.running])
        step += 1
        if step > 500:
            break
    return {
        "tokens": {request.name: list(request.tokens) for request in made},
        "reasons": {request.name: request.reason for request in made},
        "done": done,
        "running": running,
        "shapes": counter.shapes,
        "lengths": list(scheduler.cache.lengths),
        "steps": step,
    }


def refused(seed: int, prompt: list[int], limit: int, capacity: int) -> dict[str, Any]:
    """Submit one request; return the name of what was raised, or its answer's length."""
    code = _module("scheduler")
    scheduler = code.Scheduler(build(seed), 1, capacity)
    request = code.Request("only", prompt, limit)
    try:
        scheduler.submit(request)
    except Exception as error:  # the student's code may raise anything
        return {"raised": type(error).__name__, "tokens": 0}
    if prompt and limit:  # what should have been refused may never end
        scheduler.run()
    return {"raised": "", "tokens": len(request.tokens)}
