"""A batch of texts goes through a model, piece by piece: padding, positions and the cache.

The next token of a row is read off at the row's last position, so texts of different lengths are
padded on the **left**: then position -1 is a real token in every row. Padding on the right gives
the logits that follow a pad token, and the model has no complaint to make.

Padding shifts a row's tokens to the right, so their positions are counted by the mask and given to
the model. A Llama would forgive that, for rotary attention sees differences only; a model with
learned positions (GPT-2) would not.

The cache is the library's. Seminar 7 writes one by hand and measures it.

Shapes: B rows, T tokens, V tokens of the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Stop:
    """Where a continuation ends.

    Args:
        max_new_tokens: Most tokens to add.
        eos_id: The token that ends a text; it is a part of the continuation.
        pad_id: Fills rows that ended before others.
    """

    max_new_tokens: int
    eos_id: int
    pad_id: int


class Reader:
    """Feeds a batch to a causal model and remembers what it has read.

    Args:
        model: A transformers causal language model.
        attention_mask: Shape (B, T): 1 on tokens, 0 on the padding to their left.

    Raises:
        ValueError: A row is padded on the right.
    """

    def __init__(self, model: Any, attention_mask: torch.Tensor) -> None:
        raise NotImplementedError("write your solution here")

    def read(self, tokens: torch.Tensor) -> torch.Tensor:
        """Read more tokens and return float32 logits (B, V) of the one that follows.

        Args:
            tokens: Shape (B, T) at first, padded as the mask says; (B, 1) afterwards.
        """
        raise NotImplementedError("write your solution here")

    def select(self, rows: torch.Tensor) -> None:
        """Go on with these rows, in this order; a row may be named more than once.

        Args:
            rows: Shape (B',), numbers of rows.
        """
        raise NotImplementedError("write your solution here")
