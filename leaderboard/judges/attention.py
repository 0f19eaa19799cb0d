"""Attention of a batch to a prefix that all its rows share, without copying the prefix.

softmax over (prefix, own tokens) is put together from two attentions by their log-sum-exp: all
queries of the batch against one set of the prefix's keys, and each row against its own tokens
(Hydragen, arXiv 2402.05099, §3.1–3.2). Exact up to rounding. It knows plain causal attention, with
grouped heads; windows, sinks and caps of logits are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch

from graders.core.errors import CourseError

NAME = "zachetka_shared"
UNKNOWN = ("sliding_window", "softcap", "s_aux")
Pair = tuple[torch.Tensor, torch.Tensor]  # keys and values of a layer: (1, heads, tokens, width)


@dataclass
class Common:
    """What a batch shares while it goes through the model.

    Args:
        layers: Keys and values of the prefix, by layer.
        pads: How many positions each row begins with that are padding.
        seen: The layers that have used it, to be compared with `layers`.
    """

    layers: Sequence[Pair]
    pads: torch.Tensor
    seen: set[int] = field(default_factory=set)
    masks: dict[int, torch.Tensor] = field(default_factory=dict)

    def mask(self, query: torch.Tensor, groups: int) -> torch.Tensor:
        """Return the additive mask of own tokens, shape (rows, 1, groups · length, length)."""
        if groups not in self.masks:
            length = query.shape[2]
            place = torch.arange(length)
            causal = place[None, :] <= place[:, None]  # query, key
            real = place[None, None, :] >= self.pads[:, None, None]  # row, 1, key
            # A padding sees itself, so that no row of the softmax is empty.
            allowed = (causal & real) | torch.eye(length, dtype=torch.bool)
            shut = torch.zeros(allowed.shape, dtype=query.dtype).masked_fill(~allowed, -torch.inf)
            self.masks[groups] = shut[:, None].repeat(1, 1, groups, 1)
        return self.masks[groups]


_CURRENT: ContextVar[Common | None] = ContextVar("common", default=None)


@contextmanager
def sharing(common: Common) -> Iterator[None]:
    """Let the model's attention see the prefix while the block runs.

    Raises:
        CourseError: Some layer of the model did not ask for it.
    """
    token = _CURRENT.set(common)
    try:
        yield
    finally:
        _CURRENT.reset(token)
    if common.seen != set(range(len(common.layers))):
        raise _refusal("some of its layers do not attend as others do")


def install(model: Any) -> None:
    """Give a model this attention; without a shared prefix it is the library's own.

    Raises:
        CourseError: The model cannot take it.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    try:
        model.set_attn_implementation(NAME)
    except ValueError as error:
        raise _refusal(str(error)) from error


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **words: Any,
) -> tuple[torch.Tensor, None]:
    """Attend as transformers asks it of an attention function.

    Args:
        module: The layer's attention.
        query: (rows, heads, length, width).
        key: (rows, key heads, length, width).
        value: As `key`.
        attention_mask: Of the library; not needed beside a shared prefix.
        words: `scaling`, and what this attention does not know.

    Returns:
        (rows, length, heads, width), and no weights.
    """
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    common = _CURRENT.get()
    if common is None:
        plain: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, **words
        )
        return plain
    if any(words.get(name) is not None for name in UNKNOWN):
        raise _refusal("its attention has windows, sinks or caps")
    common.seen.add(module.layer_idx)
    rows, heads, length, width = query.shape
    kept, groups = key.shape[1], heads // key.shape[1]
    scale = words.get("scaling") or width**-0.5
    grouped = query.reshape(rows, kept, groups * length, width)
    own, own_sum = _flash(grouped, (key, value), scale, common.mask(query, groups))
    # All rows at once: (1, key heads, rows · groups · length, width).
    together = grouped.transpose(0, 1).reshape(1, kept, -1, width)
    shared, shared_sum = _flash(together, common.layers[module.layer_idx], scale, None)
    shared = shared.view(kept, rows, -1, width).transpose(0, 1)
    shared_sum = shared_sum.view(kept, rows, -1).transpose(0, 1)
    weight = torch.sigmoid(shared_sum - own_sum)[..., None].to(own.dtype)
    merged = torch.lerp(own, shared, weight).reshape(rows, heads, length, width)
    return merged.transpose(1, 2).contiguous(), None


def _flash(
    query: torch.Tensor, known: Pair, scale: float, mask: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return attention, and the log of the sum of exponents by query: what SDPA hides."""
    found: tuple[torch.Tensor, torch.Tensor] = (
        torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, *known, attn_mask=mask, scale=scale
        )
    )
    return found


def _refusal(why: str) -> CourseError:
    return CourseError(
        f"this model cannot share a prompt's beginning ({why})",
        where="judge of kind local",
        todo="Serve it (for example with `transformers serve`) and use kind = endpoint",
    )
