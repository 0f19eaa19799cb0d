"""Greedy decoding and sampling: one loop, and two ways to choose the next token.

Both add a token to every row until all rows have ended. What differs is the choice: the likeliest
token, or one drawn from the warped distribution. So greedy decoding is sampling at temperature 0.

Left out: repetition penalties and bad-word lists, which are further functions on logits; several
EOS ids.

Shapes: B rows, T tokens of the prompts, N new tokens, V tokens of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .filters import Sampling, warp
from .reading import Reader, Stop

Choice = Callable[[torch.Tensor], torch.Tensor]  # logits (B, V) → tokens (B,)


@torch.no_grad()
def greedy(
    model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, stop: Stop
) -> torch.Tensor:
    """Continue each prompt by the likeliest token at each step.

    Args:
        model: A transformers causal language model.
        input_ids: Prompts of shape (B, T), padded on the left.
        attention_mask: Shape (B, T): 1 on tokens, 0 on padding.
        stop: Where continuations end.

    Returns:
        The new tokens alone, of shape (B, N): a row that ended holds `pad_id` after its EOS, and N
        is no larger than the longest row needs.

    Raises:
        ValueError: A row is padded on the right.
    """
    # zachetka: solution
    return _continued(Reader(model, attention_mask), input_ids, stop, lambda x: x.argmax(dim=-1))
    # zachetka: end


@torch.no_grad()
def sample(
    model: Any,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    stop: Stop,
    settings: Sampling,
    *,
    generator: torch.Generator,
) -> torch.Tensor:
    """Continue each prompt by tokens drawn from the warped distribution.

    All chance comes from `generator`: the same state gives the same tokens, whatever else the
    program draws meanwhile.

    Args:
        model: A transformers causal language model.
        input_ids: Prompts of shape (B, T), padded on the left.
        attention_mask: Shape (B, T): 1 on tokens, 0 on padding.
        stop: Where continuations end.
        settings: Temperature and filters.
        generator: The source of chance.

    Returns:
        The new tokens alone, of shape (B, N), as `greedy` returns them.

    Raises:
        ValueError: A row is padded on the right, or a setting makes no sense.
    """

    # zachetka: solution
    def drawn(logits: torch.Tensor) -> torch.Tensor:
        probabilities = warp(logits, settings).softmax(dim=-1)  # B, V
        # On the generator's device: a seed means the same tokens on a GPU, up to its rounding.
        chosen = torch.multinomial(probabilities.to(generator.device), 1, generator=generator)
        return chosen.squeeze(-1).to(logits.device)

    return _continued(Reader(model, attention_mask), input_ids, stop, drawn)
    # zachetka: end


# zachetka: staff
def _continued(reader: Reader, prompts: torch.Tensor, stop: Stop, choose: Choice) -> torch.Tensor:
    """Return new tokens (B, N), chosen one step after another until every row has ended."""
    ended = torch.zeros(len(prompts), dtype=torch.bool, device=prompts.device)  # B
    new: list[torch.Tensor] = []
    tokens = prompts
    while len(new) < stop.max_new_tokens and not ended.all():
        chosen = choose(reader.read(tokens)).masked_fill(ended, stop.pad_id)  # B
        new.append(chosen)
        ended = ended | (chosen == stop.eos_id)
        tokens = chosen[:, None]  # B, 1
    return torch.stack(new, dim=-1) if new else prompts[:, :0]


# zachetka: end
