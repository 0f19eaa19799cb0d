"""Driver: what transformers' own Llama says, for tests that run it where no student code is.

Both sides build the same tiny random model from a seed, in float64, where a batch's width and a
product's order round nothing that could change a choice.
"""

from __future__ import annotations

from typing import Any

import torch

from graders.sandbox import warm

VOCABULARY = 260  # every byte, and four special ids


def build(seed: int) -> Any:
    """Return a random two-layer Llama with grouped queries, in float64 and eval mode."""
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
    with torch.no_grad():  # norms of ones would hide a forgotten weight
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.uniform_(0.5, 1.5)
    return model


def logits(seed: int, ids: list[int]) -> torch.Tensor:
    """Return the logits after each token of one row, (T, V), computed without a cache."""
    with torch.no_grad():
        return build(seed)(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def greedy(seed: int, prompts: list[list[int]], limits: list[int]) -> list[list[int]]:
    """Return each prompt's greedy answer, one at a time, with no end of answer."""
    model = build(seed)
    answers = []
    for prompt, limit in zip(prompts, limits, strict=True):
        out = model.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=limit,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=259,
        )
        answers.append(out[0, len(prompt) :].tolist())
    return answers
