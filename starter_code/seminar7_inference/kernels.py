"""The same integers in torch's own CPU kernels, which widen weights in registers.

`quantize` multiplies by widened matrices, so that a reader sees the arithmetic; its products read
four times what a plain one does. These hand the very same codes and scales to fused kernels: what
is left of the difference is the kernel. The operators are torch's, private by name and pinned with
it; on another device than the CPU there are none here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .model import Llama, Weight
from .quantize import Int4Weight, Int8Weight


@dataclass(frozen=True)
class FusedInt8:
    """A matrix in 8 bits for `_weight_int8pack_mm`: one scale for each output channel."""

    q: Tensor
    scale: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return x Wᵀ for x (..., in) in bfloat16."""
        flat = torch._weight_int8pack_mm(x.reshape(-1, x.shape[-1]), self.q, self.scale)
        return flat.view(*x.shape[:-1], -1)


@dataclass(frozen=True)
class FusedInt4:
    """A matrix in 4 bits for `_weight_int4pack_mm_for_cpu`: scales and zeros by group."""

    packed: Tensor
    scales_and_zeros: Tensor
    group: int

    def __call__(self, x: Tensor) -> Tensor:
        """Return x Wᵀ for x (..., in) in bfloat16."""
        product = torch.ops.aten._weight_int4pack_mm_for_cpu
        flat = product(x.reshape(-1, x.shape[-1]), self.packed, self.group, self.scales_and_zeros)
        return flat.view(*x.shape[:-1], -1)


def kernel(weight: Weight) -> Weight:
    """Return a quantized matrix for torch's kernel.

    Raises:
        TypeError: It is not quantized.
    """
    if isinstance(weight, Int8Weight):
        return FusedInt8(weight.q, weight.scale.squeeze(1).bfloat16())
    if not isinstance(weight, Int4Weight):
        raise TypeError("only quantized weights have a fused kernel")
    out, groups = weight.scale.shape
    codes = torch.stack([weight.packed & 15, weight.packed >> 4], dim=-1).view(out, -1)
    packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(codes.int(), 1)
    # The kernel's value is (code - 8) · scale + zero; ours has no zero.
    pair = torch.stack([weight.scale, torch.zeros_like(weight.scale)], dim=-1)
    pair = pair.transpose(0, 1).contiguous().bfloat16()  # groups, out, 2
    return FusedInt4(packed, pair, codes.shape[1] // groups)


def fused(model: Llama) -> Llama:
    """Return a quantized model whose products are torch's; it computes in bfloat16."""
    layers = [
        replace(
            layer,
            qkv=kernel(layer.qkv),
            out=kernel(layer.out),
            gate_up=kernel(layer.gate_up),
            down=kernel(layer.down),
        )
        for layer in model.layers
    ]
    return replace(model, layers=layers, head=kernel(model.head))


def widened(model: Llama) -> Llama:
    """Return a quantized model with plain matrices again: the same numbers, faster to measure.

    Quality is a property of the numbers and not of how they are stored.
    """

    def plain(weight: Weight) -> Weight:
        return (
            weight.plain().to(model.embed)
            if isinstance(weight, Int8Weight | Int4Weight)
            else weight
        )

    layers = [
        replace(
            layer,
            qkv=plain(layer.qkv),
            out=plain(layer.out),
            gate_up=plain(layer.gate_up),
            down=plain(layer.down),
        )
        for layer in model.layers
    ]
    return replace(model, layers=layers, head=plain(model.head))
