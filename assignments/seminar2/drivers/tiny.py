"""Driver: toy tokenizers and tiny random Llamas for the student's functions.

It runs beside the student's code and may be read: it builds, calls and returns plain data, and
holds no expected value.
"""

from __future__ import annotations

import copy
import importlib
from functools import lru_cache
from typing import Any

import torch

VOCABULARY = 61
TEMPLATE = (
    "{% for m in messages %}"
    "{{ '<start>' + m['role'] + '\n' + m['content'] + '<end>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start>assistant\n' }}{% endif %}"
)


def _module(name: str) -> Any:
    return importlib.import_module(f"seminar2_data_and_sft.{name}")


def build(model_seed: int) -> Any:
    """Return a random two-layer Llama in eval mode, the caller's own to change."""
    return copy.deepcopy(_built(model_seed))


@lru_cache(maxsize=2)
def _built(model_seed: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(model_seed)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
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


def tokenizer(vocabulary: list[str], opens: bool) -> Any:
    """Return a tokenizer of words and line breaks whose pad token is its EOS.

    Args:
        vocabulary: A token's id is its place. It begins with `<unk>`, `<bos>`, `<start>`, `<end>`.
        opens: Whether the template writes BOS. The tokenizer itself always adds one.
    """
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    known = {token: place for place, token in enumerate(vocabulary)}
    backend = Tokenizer(models.WordLevel(known, vocabulary[0]))
    pattern = Regex(r"\n|[^\s]+")
    backend.pre_tokenizer = pre_tokenizers.Split(pattern, behavior="removed", invert=True)
    backend.post_processor = TemplateProcessing(
        single=f"{vocabulary[1]} $A", special_tokens=[(vocabulary[1], 1)]
    )
    own = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=vocabulary[1],
        eos_token=vocabulary[3],
        pad_token=vocabulary[3],
        additional_special_tokens=[vocabulary[2]],
    )
    own.chat_template = (vocabulary[1] if opens else "") + TEMPLATE
    return own


def chat(
    vocabulary: list[str], conversations: list[list[dict[str, str]]], opens: bool
) -> list[dict[str, Any]]:
    """Return the student's ids and labels of conversations."""
    own, mask = tokenizer(vocabulary, opens), _module("sequences").chat_mask
    return [_lists(mask(own, conversation)) for conversation in conversations]


def _lists(example: dict[str, Any]) -> dict[str, Any]:
    return {name: [int(value) for value in example[name]] for name in ("input_ids", "labels")}


def tensors(function: str, examples: list[dict[str, Any]], pad_id: int) -> dict[str, Any]:
    """Return the tensors of `collate` or `collate_packed` as lists, and their types."""
    batch = getattr(_module("sequences"), function)(examples, pad_id)
    return {
        "types": {name: str(tensor.dtype) for name, tensor in batch.items()},
        "rows": {name: tensor.tolist() for name, tensor in batch.items()},
    }


def packs(examples: list[dict[str, Any]], length: int) -> list[dict[str, Any]] | None:
    """Return the student's packed rows, or None when it raises ValueError."""
    try:
        return [dict(row) for row in _module("sequences").pack(examples, length)]
    except ValueError:
        return None


def packed_logits(model_seed: int, rows: list[dict[str, Any]], pad_id: int) -> Any:
    """Return the logits (B, T, V) of packed rows in a batch of the student's."""
    batch = _module("sequences").collate_packed(rows, pad_id)
    inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
    with torch.no_grad():
        return build(model_seed)(**inputs).logits


def batch_of(examples: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    """Return a batch padded on the right, made here: a fault of `collate` stays its own."""
    width = max(len(example["input_ids"]) for example in examples)
    rows: dict[str, list[list[int]]] = {"input_ids": [], "attention_mask": [], "labels": []}
    for example in examples:
        size = len(example["input_ids"])
        rows["input_ids"].append(example["input_ids"] + [2] * (width - size))
        rows["attention_mask"].append([1] * size + [0] * (width - size))
        rows["labels"].append(example["labels"] + [-100] * (width - size))
    return {name: torch.tensor(values) for name, values in rows.items()}


def loss(model_seed: int, examples: list[dict[str, list[int]]]) -> list[float]:
    """Return the sum and the count of the student's `loss_sum`."""
    total, count = _module("training").loss_sum(build(model_seed), batch_of(examples))
    return [float(total), int(count)]


def steps(
    model_seed: int, batches: list[list[dict[str, list[int]]]], settings: dict[str, Any]
) -> dict[str, Any]:
    """Let the student take a step on each batch; tell what was lost, run and changed.

    `settings` holds `microbatches`, `max_norm`, `lr`, and `dirty`: whether gradients of something
    else lie about when the first step begins.
    """
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    training = _module("training")
    model = build(model_seed).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=settings["lr"])
    sizes: list[int] = []
    taken: list[int] = []
    model.register_forward_pre_hook(
        lambda _, args, kwargs: sizes.append(len(kwargs.get("input_ids", args[0] if args else ()))),
        with_kwargs=True,
    )
    if settings["dirty"]:
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
    hook = register_optimizer_step_pre_hook(lambda *_: taken.append(1))
    try:
        losses = [
            float(
                training.train_step(
                    model,
                    optimizer,
                    batch_of(batch),
                    settings["microbatches"],
                    settings["max_norm"],
                )
            )
            for batch in batches
        ]
    finally:
        hook.remove()
    left = [p.grad for p in model.parameters() if p.grad is not None]
    return {
        "losses": losses,
        "sizes": sizes,
        "steps": len(taken),
        "weights": fingerprint(model),
        "gradients_left": any(bool(gradient.any()) for gradient in left),
    }


def fingerprint(model: Any) -> dict[str, list[float]]:
    """Return some numbers of every parameter: enough to tell two models apart."""
    return {n: p.detach().flatten()[:6].tolist() for n, p in model.named_parameters()}


def refuses_no_targets(model_seed: int, examples: list[dict[str, list[int]]]) -> bool:
    """Tell whether `train_step` raises ValueError on a batch without targets."""
    model = build(model_seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    try:
        _module("training").train_step(model, optimizer, batch_of(examples), 1)
    except ValueError:
        return True
    except ZeroDivisionError:  # noticed, but by Python
        return False
    return False


def overfit(
    model_seed: int, examples: list[dict[str, list[int]]], steps: int, lr: float
) -> dict[str, Any]:
    """Let the student overfit a batch; tell what its optimizers were and what was learned."""
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    training = _module("training")
    model = build(model_seed)
    frozen = model.model.embed_tokens.weight.requires_grad_(False)
    before = frozen.clone()
    batch = batch_of(examples)
    used: dict[int, dict[str, Any]] = {}
    modes: list[bool] = []

    def seen(optimizer: Any, *_: Any) -> None:
        group = optimizer.param_groups[0]
        used[id(optimizer)] = {
            "keep": optimizer,  # alive, or another could get its id
            "name": type(optimizer).__name__,
            "decay": float(group["weight_decay"]),
            "lr": float(group["lr"]),
        }
        modes.append(model.training)

    hook = register_optimizer_step_pre_hook(seen)
    try:
        losses = training.overfit_one_batch(model, batch, steps, lr)
    finally:
        hook.remove()
    after = model.training
    with torch.no_grad():
        logits = model.eval()(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    return {
        "losses": [float(one) for one in losses],
        "optimizers": [{k: v for k, v in own.items() if k != "keep"} for own in used.values()],
        "steps": len(modes),
        "trained_in_training_mode": all(modes),
        "mode_after": after,
        "frozen_moved": not torch.equal(frozen, before),
        "said": logits.logits[:, :-1].argmax(-1).tolist(),
    }
