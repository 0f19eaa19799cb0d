"""Driver: runs a student's encoding and generation on a tiny random Llama.

It runs beside the student's code and students may read it, so it holds no expected value: it
builds a model, calls the student's functions and returns what came out, and what the model was
given. The model has the real tokenizer's vocabulary.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import torch

from graders.sandbox import warm

VOCABULARY = 49152
FORWARDS = 12  # forwards whose input is kept


@lru_cache(maxsize=2)
def build(model_seed: int) -> Any:
    """Return the random two-layer Llama of a seed, in eval mode."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(model_seed)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        # Ten times the usual range: at 0.02 a random model hardly looks at its context.
        initializer_range=0.2,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    # In float32 two near words may change places by rounding, with the width of the batch.
    return LlamaForCausalLM(config).double().eval()


def tokenizer(adds_bos: bool = False) -> Any:
    """Return the student's tokenizer, and let it open every text with BOS or not."""
    from tokenizers.processors import TemplateProcessing

    own = warm.spare_tokenizer()
    bos = (own.bos_token, own.bos_token_id)
    own.backend_tokenizer.post_processor = (
        TemplateProcessing(single=f"{bos[0]} $A", pair=f"{bos[0]} $A $B", special_tokens=[bos])
        if adds_bos
        else warm.tokenizer().backend_tokenizer.post_processor
    )
    return own


def specials() -> dict[str, int]:
    """Return the tokenizer's special ids."""
    own = warm.tokenizer()
    return {"bos": own.bos_token_id, "eos": own.eos_token_id, "pad": own.pad_token_id}


def decoded(rows: list[list[int]]) -> list[str]:
    """Return the texts of rows of ids."""
    own = warm.tokenizer()
    return [own.decode(row) for row in rows]


def encode(
    rows: list[dict[str, Any]], max_length: int, adds_bos: bool = False
) -> list[dict[str, Any]]:
    """Encode rows by the student's `encode_example`."""
    data = importlib.import_module("hw2a.data")
    own = tokenizer(adds_bos)
    encoded = [data.encode_example(own, row, max_length) for row in rows]
    return [{name: [int(i) for i in e[name]] for name in ("input_ids", "labels")} for e in encoded]


def summarize(rows: list[dict[str, Any]], batch_size: int, model_seed: int) -> dict[str, Any]:
    """Let the student's `summarize` run the tiny model.

    Returns:
        ``answers``; ``shapes`` of all inputs; ``masks`` of the first forwards that read more than
        one token; ``first``: the ids of the first row of the first input that its mask lets
        through.
    """
    generation = importlib.import_module("hw2a.generation")
    model = build(model_seed)
    shapes: list[list[int]] = []
    masks: list[list[list[int]]] = []
    first: list[int] = []

    def watch(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = kwargs.get("input_ids", args[0] if args else None)
        if ids is None:
            return
        shapes.append(list(ids.shape))
        mask = kwargs.get("attention_mask")
        plain = mask is not None and mask.dim() == 2
        if not first:
            row = ids[0][mask[0].bool()] if plain else ids[0]
            first.extend(row.tolist())
        if plain and ids.shape[1] > 1 and len(masks) < FORWARDS:
            masks.append(mask.int().tolist())

    hook = model.register_forward_pre_hook(watch, with_kwargs=True)
    try:
        answers = list(generation.summarize(model, tokenizer(), rows, batch_size))
    finally:
        hook.remove()
    return {"answers": answers, "shapes": shapes, "masks": masks, "first": first}
