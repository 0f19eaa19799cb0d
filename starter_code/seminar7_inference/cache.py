"""The key/value cache: one slab for all layers, allocated once, and how much of each row counts.

A decoder never changes its mind about a past token: its keys and values stay what they were (the
attention is causal), so they are computed once. What is kept is 2 · L · H_kv · d numbers a token.

Truth is in `lengths`. To forget tokens (`crop`) is to move a number; what stands behind it is
overwritten before anything reads it. Rows in use are kept side by side from row 0, so that a batch
is a view: `move` closes the gap that a finished row leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Shape:
    """What of a model's shape its cache depends on."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    positions: int  # the longest sequence the model was made for


def kv_bytes(shape: Shape, tokens: int, dtype: torch.dtype) -> int:
    """Return the bytes that keys and values of so many tokens take: 2 · L · H_kv · d · T · size."""
    raise NotImplementedError("write your solution here")


class KVCache:
    """Keys and values of several sequences.

    Args:
        shape: Of the model.
        rows: Sequences it can hold.
        capacity: Tokens that each row can hold.
        dtype: Of the stored numbers.
        device: Where they are.
    """

    def __init__(
        self, shape: Shape, rows: int, capacity: int, dtype: torch.dtype, device: torch.device | str
    ) -> None:
        size = (shape.layers, rows, shape.kv_heads, capacity, shape.head_dim)
        self.keys = torch.zeros(size, dtype=dtype, device=device)  # L, R, H_kv, C, d
        self.values = torch.zeros(size, dtype=dtype, device=device)
        self.lengths = [0] * rows
        self.capacity = capacity

    @property
    def bytes(self) -> int:
        """Return what the slab takes, used or not."""
        return 2 * self.keys.numel() * self.keys.element_size()

    def positions(self, first: int, rows: int, new: int) -> Tensor:
        """Return where each row's new tokens stand, (B, T).

        Raises:
            ValueError: A row cannot hold that many more.
        """
        starts = self.lengths[first : first + rows]
        if max(starts) + new > self.capacity:
            raise ValueError(f"{max(starts)} + {new} tokens in a cache for {self.capacity}")
        device = self.keys.device
        return torch.tensor(starts, device=device)[:, None] + torch.arange(new, device=device)

    def span(self, first: int, rows: int, new: int) -> int:
        """Return how far the longest row reaches with its new tokens."""
        return max(self.lengths[first : first + rows]) + new

    def level(self, first: int, rows: int, new: int) -> bool:
        """Return whether one new token a row sees all there is: then nothing needs a mask."""
        return new == 1 and len(set(self.lengths[first : first + rows])) == 1

    def write(
        self, layer: int, first: int, positions: Tensor, k: Tensor, v: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Store one layer's new keys and values; return those rows' keys and values whole.

        Args:
            layer: Its number.
            first: The first row.
            positions: Where the tokens stand, (B, T).
            k: (B, T, H_kv, d).
            v: The same.

        Returns:
            Views, (B, H_kv, C, d) each.
        """
        raise NotImplementedError("write your solution here")

    def advance(self, first: int, counts: Sequence[int]) -> None:
        """Let each row's next tokens count."""
        for row, count in enumerate(counts, start=first):
            self.lengths[row] += count

    def crop(self, row: int, length: int) -> None:
        """Forget a row's tokens from `length` on.

        Raises:
            ValueError: The row does not hold that many.
        """
        raise NotImplementedError("write your solution here")

    def move(self, source: int, target: int) -> None:
        """Let row `target` hold what row `source` holds, and empty `source` if it is another."""
        raise NotImplementedError("write your solution here")


class Int8KVCache(KVCache):
    """The same in one byte a number, with one scale for each token's key or value in each head.

    Half of what bfloat16 takes, and one more rounding. It widens what it holds at every read, so on
    a CPU it buys room and not time. Keys have outlying channels (Liu et al. 2024, KIVI), which a
    scale for each channel would treat better; a scale for each token can be written as it comes.
    """

    def __init__(
        self, shape: Shape, rows: int, capacity: int, dtype: torch.dtype, device: torch.device | str
    ) -> None:
        super().__init__(shape, rows, capacity, torch.int8, device)
        size = (*self.keys.shape[:-1], 1)  # L, R, H_kv, C, 1
        self.key_scales = torch.zeros(size, dtype=dtype, device=device)
        self.value_scales = torch.zeros(size, dtype=dtype, device=device)

    @property
    def bytes(self) -> int:
        """Return what the slab and its scales take."""
        return super().bytes + 2 * self.key_scales.nbytes

    def write(
        self, layer: int, first: int, positions: Tensor, k: Tensor, v: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Store one layer's new keys and values; return those rows' widened, up to the longest."""
        end = int(positions.max()) + 1
        rows = torch.arange(len(positions), device=positions.device)[:, None]
        slabs = ((k, self.keys, self.key_scales), (v, self.values, self.value_scales))
        wide = []
        for new, codes, scales in slabs:
            top = new.float().abs().amax(-1, keepdim=True)  # B, T, H_kv, 1
            scale = (top / 127).clamp(min=1e-8).to(scales.dtype)
            # A scale that was rounded down would carry the largest number past 127.
            code = (new.float() / scale.float()).round().clamp(-127, 127).to(torch.int8)
            held = slice(first, first + len(positions))
            codes[layer, held].transpose(1, 2)[rows, positions] = code
            scales[layer, held].transpose(1, 2)[rows, positions] = scale
            wide.append(codes[layer, held, :, :end].to(scales.dtype) * scales[layer, held, :, :end])
        return wide[0], wide[1]

    def move(self, source: int, target: int) -> None:
        """Let row `target` hold what row `source` holds, and empty `source` if it is another."""
        for scales in (self.key_scales, self.value_scales):
            scales[:, target] = scales[:, source].clone()
        super().move(source, target)
