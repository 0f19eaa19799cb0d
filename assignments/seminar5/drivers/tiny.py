"""Driver: runs a student's scoring and attribution on a tiny random Llama.

It runs beside the student's code and students may read it, so it holds no expected value: it
builds a model and a tokenizer, calls the student's functions and returns what came out.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import torch

PACKAGE = "seminar5_benchmark"


@lru_cache(maxsize=2)
def build(seed: int) -> Any:
    """Return a random two-layer Llama in eval mode; equal seeds give equal weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=262,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        # Ten times the usual range: at 0.02 a random model hardly looks at its context.
        initializer_range=0.2,
        tie_word_embeddings=False,
        bos_token_id=256,
        eos_token_id=257,
        pad_token_id=257,
    )
    return LlamaForCausalLM(config).eval()


@lru_cache(maxsize=1)
def tokenizer() -> Any:
    """Return a byte-level tokenizer with a few merges; it opens texts with BOS unless told not to.

    ": " and "e " are one token each: a prompt that ends in ":" or "e", tokenized together with an
    option that begins with a space, has other tokens than alone. The pad is the end-of-text token.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [(":", "Ġ"), ("e", "Ġ"), ("a", "n"), ("t", "h")]
    names = [*alphabet, "<s>", "</s>", *(left + right for left, right in merges)]
    raw = Tokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=merges))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    raw.decoder = decoders.ByteLevel()
    raw.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 256)])
    marks = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=raw, padding_side="right", **marks)


def ids(texts: list[str]) -> list[list[int]]:
    """Return the ids of texts, without special tokens."""
    return [tokenizer()(text, add_special_tokens=False)["input_ids"] for text in texts]


def scores(
    seed: int, prompts: list[str], options: list[list[str]], batch_size: int
) -> dict[str, Any]:
    """Score options by the student's `mc_loglikelihood`; return scores and rows per forward."""
    scoring = importlib.import_module(f"{PACKAGE}.scoring")
    model, rows = build(seed), []

    def count(_module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        rows.append(int(ids.shape[0]))

    hook = model.register_forward_pre_hook(count, with_kwargs=True)
    try:
        found = scoring.mc_loglikelihood(model, tokenizer(), prompts, options, batch_size)
    finally:
        hook.remove()
    return {"scores": [[float(x) for x in row] for row in found], "rows": rows}


def refuses_normalization() -> bool:
    """Return whether the student's `choose` raises ValueError for a normalization unknown to it."""
    scoring = importlib.import_module(f"{PACKAGE}.scoring")
    try:
        scoring.choose([-1.0, -2.0], ["a", "b"], "letters")
    except ValueError:
        return True
    return False


def attribution(contexts: list[str], weights: list[float], pull: float) -> dict[str, Any]:
    """Attribute by the student's `leave_one_context_out`; return its values and what it asked.

    The score is the sum of the weights of the contexts that are shown, where a weight counts
    (1 + pull · place): with a pull, their order matters. Equal contexts have equal weights.
    """
    diagnosis = importlib.import_module(f"{PACKAGE}.diagnosis")
    known = dict(zip(contexts, weights, strict=True))
    asked: list[list[str]] = []

    def score(shown: list[str]) -> float:
        asked.append(list(shown))
        return sum(known[text] * (1 + pull * place) for place, text in enumerate(shown))

    given = list(contexts)
    found = diagnosis.leave_one_context_out(score, given)
    return {
        "values": [float(value) for value in found],
        "asked": asked,
        "kept": given == list(contexts),
    }
