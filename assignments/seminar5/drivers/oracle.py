"""Driver: what the tiny model itself says, in a jailed child where no student code runs.

Staff only: it holds a solution of the scoring.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM


def _build(seed: int) -> Any:
    """Return the same random Llama as the driver beside the student's code builds."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=262,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        initializer_range=0.2,
        tie_word_embeddings=False,
        bos_token_id=256,
        eos_token_id=257,
        pad_token_id=257,
    )
    return LlamaForCausalLM(config).eval()


def scores(seed: int, rows: list[Any]) -> list[dict[str, float]]:
    """Return ln P of the target ids after the prompt's, each row alone and without padding.

    Beside the right sum stand those of usual mistakes: one position late, the mean, the prompt
    counted in.
    """
    model = _build(seed)
    found = []
    with torch.no_grad():
        for prompt, target in rows:
            ids = torch.tensor([prompt + target])
            logps = model(input_ids=ids).logits[0].log_softmax(dim=-1)  # T, V
            own = logps[:-1].gather(1, ids[0, 1:, None])[:, 0]  # T - 1
            start = len(prompt) - 1
            late = logps[start + 1 :].gather(1, torch.tensor(target)[:, None])[:, 0]
            found.append(
                {
                    "right": float(own[start:].sum()),
                    "mean": float(own[start:].mean()),
                    "whole": float(own.sum()),
                    "late": float(late.sum()),
                    "first": float(own[start]),
                }
            )
    return found
