"""Driver: what the tiny model itself says, in a jailed child where no student code runs.

Staff only: it replays a training run step by step, so it holds a solution of it.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from graders.sandbox import warm

IGNORED = -100


def _build(model_seed: int) -> Any:
    """Return the same random Llama as the driver beside the student's code builds, to change."""
    return copy.deepcopy(_built(model_seed))


@lru_cache(maxsize=2)
def _built(model_seed: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(model_seed)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.2,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    return LlamaForCausalLM(config).eval()


def ids_of(texts: list[str]) -> list[list[int]]:
    """Return the ids of texts, without special tokens."""
    own = warm.tokenizer()
    return [own(text, add_special_tokens=False)["input_ids"] for text in texts]


def specials() -> dict[str, int]:
    """Return the tokenizer's special ids."""
    own = warm.tokenizer()
    return {"bos": own.bos_token_id, "eos": own.eos_token_id, "pad": own.pad_token_id}


def probe(model_seed: int, prompts: list[str]) -> dict[str, Any]:
    """Find a direction that divides the prompts, and the answer that it gives to each.

    Every prompt goes through the model alone, and so without padding. The direction is a main
    axis of their last hidden states (N, D), made orthogonal to the mean, so that about half of
    the prompts lies on either side: of several axes the one along which padding that is not
    masked changes most answers. `margins` are the logit differences behind the answers.
    """
    model, own = _build(model_seed).model, warm.tokenizer()
    rows = [own(prompt)["input_ids"] for prompt in prompts]
    width = max(map(len, rows))
    padded = torch.tensor([[own.pad_token_id] * (width - len(row)) + row for row in rows])  # N, T
    with torch.no_grad():
        points = torch.stack(
            [model(input_ids=torch.tensor([row])).last_hidden_state[0, -1] for row in rows]
        )
        wrong = model(input_ids=padded).last_hidden_state[:, -1]
    mean = points.mean(dim=0)
    axes = torch.linalg.svd(points - mean, full_matrices=False).Vh[:8]
    axes = axes - torch.outer(axes @ mean, mean) / (mean @ mean)  # A, D
    flips = ((points @ axes.T > 0) != (wrong @ axes.T > 0)).sum(dim=0)
    shares = (points @ axes.T > 0).float().mean(dim=0)
    axis = axes[(flips * ((shares > 0.25) & (shares < 0.75))).argmax()]
    margins = points @ axis
    return {
        "direction": axis.tolist(),
        "margins": margins.tolist(),
        "answers": [int(margin > 0) for margin in margins],
    }


def merged_logits(model_seed: int, filled: dict[str, Any], scaling: float, ids: list[int]) -> Any:
    """Return the first of the last logits with `scaling · B A` added to the base's weights."""
    model = _build(model_seed)
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, values in filled.items():
            if "lora_A" not in name:
                continue
            a = torch.tensor(values)
            b = torch.tensor(filled[name.replace("lora_A", "lora_B")])
            plain = name.removeprefix("base_model.model.").split(".lora_A")[0] + ".weight"
            parameters[plain] += scaling * (b @ a)
        return model(input_ids=torch.tensor([ids])).logits[0, -1, :256].tolist()


def first_loss(model_seed: int, examples: list[dict[str, Any]]) -> float:
    """Return the loss per target token of all examples on the untrained model."""
    model = _build(model_seed)
    with torch.no_grad():
        return float(_total(model, examples) / _targets(examples))


def replay(
    model_seed: int,
    initial: dict[str, Any],
    examples: list[dict[str, Any]],
    steps: list[dict[str, Any]],
) -> list[float]:
    """Train on the whole set at every step, by the settings that each step was taken with.

    Full batches make the order of rows irrelevant, so a correct loop gives the same losses
    whatever its shuffling and its microbatches.
    """
    from peft import LoraConfig, get_peft_model

    rank = next(iter(len(t) for n, t in initial.items() if "lora_A" in n))
    model = get_peft_model(
        _build(model_seed),
        LoraConfig(
            r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=["q_proj", "v_proj"]
        ),
    )
    chosen = {n: p for n, p in model.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for name, parameter in chosen.items():
            parameter.copy_(torch.tensor(initial[name]))
    first = steps[0]
    optimizer = torch.optim.AdamW(
        chosen.values(),
        betas=tuple(first["betas"]),
        eps=first["eps"],
        weight_decay=first["weight_decay"],
    )
    losses = []
    for step in steps:
        for group in optimizer.param_groups:
            group["lr"] = step["lr"]
        optimizer.zero_grad()
        loss = _total(model, examples) / _targets(examples)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(chosen.values(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def _targets(examples: list[dict[str, Any]]) -> int:
    return sum(label != IGNORED for e in examples for label in e["labels"][1:])


def _total(model: Any, examples: list[dict[str, Any]]) -> Any:
    """Return the summed cross-entropy of all target tokens, each example on its own.

    Only the positions before a target get logits: the vocabulary is what costs here.
    """
    inner = getattr(model, "base_model", model)  # peft wraps the Llama twice
    llama = getattr(inner, "model", inner) if inner is not model else model
    total = torch.zeros(())
    for example in examples:
        labels = torch.tensor(example["labels"][1:])
        states = llama.model(input_ids=torch.tensor([example["input_ids"]])).last_hidden_state
        logits = llama.lm_head(states[0, :-1][labels != IGNORED])
        total = total + F.cross_entropy(logits, labels[labels != IGNORED], reduction="sum")
    return total
