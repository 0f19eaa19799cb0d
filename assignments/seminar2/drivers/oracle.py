"""Driver for a child without the student's code: the same quantities by the plainest way.

One example at a time, without padding and without any batch: there is little to get wrong.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

import torch

IGNORED = -100


@lru_cache(maxsize=2)
def _built(model_seed: int) -> Any:
    """Return the model of a seed, as the driver `tiny` builds it."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(model_seed)
    config = LlamaConfig(
        vocab_size=61,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        initializer_range=0.2,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    return LlamaForCausalLM(config).eval()


def _loss(model: Any, example: dict[str, list[int]], shift: int = 1) -> torch.Tensor:
    """Return the summed loss of an example; a shift other than 1 is a mistake."""
    logits = model(input_ids=torch.tensor([example["input_ids"]])).logits[0]  # T, V
    chances = logits.log_softmax(-1)
    labels = example["labels"]
    parts = [
        -chances[at, labels[at + shift]]
        for at in range(len(labels) - shift)
        if labels[at + shift] != IGNORED
    ]
    return torch.stack(parts).sum() if parts else logits.sum() * 0


def losses(model_seed: int, examples: list[dict[str, list[int]]], shift: int) -> list[float]:
    """Return the summed loss of each example."""
    model = _built(model_seed)
    with torch.no_grad():
        return [float(_loss(model, example, shift)) for example in examples]


def logits(model_seed: int, rows: list[list[int]]) -> list[Any]:
    """Return the logits (T, V) of each row of ids alone."""
    model = _built(model_seed)
    with torch.no_grad():
        return [model(input_ids=torch.tensor([row])).logits[0] for row in rows]


def steps(
    model_seed: int, batches: list[list[dict[str, list[int]]]], lr: float, max_norm: float
) -> dict[str, Any]:
    """Take SGD steps on the mean over target tokens; return losses, norms and weights."""
    model = copy.deepcopy(_built(model_seed)).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    told, norms = [], []
    for batch in batches:
        targets = sum(label != IGNORED for example in batch for label in example["labels"][1:])
        optimizer.zero_grad()
        mean = torch.stack([_loss(model, example) for example in batch]).sum() / targets
        mean.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)))
        optimizer.step()
        told.append(float(mean.detach()))
    weights = {n: p.detach().flatten()[:6].tolist() for n, p in model.named_parameters()}
    return {"losses": told, "norms": norms, "weights": weights}
