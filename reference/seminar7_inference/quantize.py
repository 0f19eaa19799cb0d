"""Weights in eight and four bits, and the products that read them.

Decoding one token reads every weight once and does two operations with it: the memory bus sets the
pace, not the arithmetic. Fewer bits a weight are less to read – if the product reads the small form
itself. The products here are written for the eye: they widen the weights and multiply, so they show
what quantization costs in quality and saves in memory, and are slower for it. `kernels` hands
the same integers to torch's own CPU kernels, which widen in registers; that is where the speed is.

Symmetric, rounding to nearest (Jacob et al. 2018, section 2.1; Dettmers et al. 2022, section 2):
q = round(w / s) with s = max|w| / 127 of a row, or / 7 of a group in a row. The error of a weight
is then at most s / 2. Left out: activations in 8 bits, outlier columns, calibration (GPTQ, AWQ).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from .model import Llama, Weight

GROUP = 32  # weights that share a scale in four bits


def int8_quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Quantize a matrix to 8 bits with one scale for each output channel.

    Args:
        weight: (out, in).

    Returns:
        Integers -127..127 as int8, (out, in), and float32 scales, (out, 1).
    """
    # zachetka: solution
    wide = weight.float()
    top = wide.abs().amax(dim=1, keepdim=True)
    # A row of zeros has no scale; any will do, but not 0 / 0.
    scale = torch.where(top > 0, top / 127, torch.ones_like(top))
    return (wide / scale).round().to(torch.int8), scale
    # zachetka: end


def int8_dequantize(q: Tensor, scale: Tensor) -> Tensor:
    """Return the float32 matrix that the integers stand for."""
    # zachetka: solution
    return q.float() * scale
    # zachetka: end


def int8_linear(x: Tensor, q: Tensor, scale: Tensor) -> Tensor:
    """Return x Wᵀ in x's dtype, for x (..., in).

    The scale belongs to an output channel, so it can wait until after the product: `out` numbers
    are scaled, not `out` x `in`.
    """
    # zachetka: solution
    return F.linear(x, q.to(x.dtype)) * scale.squeeze(1).to(x.dtype)
    # zachetka: end


def int4_quantize(weight: Tensor, group: int = GROUP) -> tuple[Tensor, Tensor]:
    """Quantize a matrix to 4 bits with one scale for each `group` neighbours of a row.

    Two weights share a byte: column 2i is its low half, column 2i + 1 its high one, each stored as
    q + 8.

    Args:
        weight: (out, in).
        group: Divides `in`, and is even.

    Returns:
        Bytes as uint8, (out, in / 2), and float32 scales, (out, in / group).

    Raises:
        ValueError: Groups do not fill the rows.
    """
    # zachetka: solution
    out, width = weight.shape
    if width % group or group % 2:
        raise ValueError(f"groups of {group} do not fill rows of {width}")
    wide = weight.float().view(out, -1, group)
    top = wide.abs().amax(dim=2, keepdim=True)
    scale = torch.where(top > 0, top / 7, torch.ones_like(top))
    # -8 is left unused: a code that reaches further to one side would need a zero point.
    q = ((wide / scale).round() + 8).to(torch.uint8).view(out, width)
    return q[:, 0::2] | (q[:, 1::2] << 4), scale.squeeze(2)
    # zachetka: end


def int4_dequantize(packed: Tensor, scale: Tensor) -> Tensor:
    """Return the float32 matrix (out, in) that the bytes stand for."""
    # zachetka: solution
    out, groups = scale.shape
    q = torch.stack([packed & 15, packed >> 4], dim=-1).view(out, groups, -1)
    return ((q.float() - 8) * scale[:, :, None]).view(out, -1)
    # zachetka: end


def int4_linear(x: Tensor, packed: Tensor, scale: Tensor) -> Tensor:
    """Return x Wᵀ in x's dtype, for x (..., in)."""
    # zachetka: solution
    # Scales change along the summed axis, so they cannot wait.
    return F.linear(x, int4_dequantize(packed, scale).to(x.dtype))
    # zachetka: end


@dataclass(frozen=True)
class Int8Weight:
    """A quantized matrix that a layer can hold in the place of a plain one."""

    q: Tensor
    scale: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return x Wᵀ."""
        return int8_linear(x, self.q, self.scale)

    @property
    def bytes(self) -> int:
        """Return what it takes."""
        return self.q.nbytes + self.scale.nbytes

    def plain(self) -> Tensor:
        """Return the matrix it stands for."""
        return int8_dequantize(self.q, self.scale)


@dataclass(frozen=True)
class Int4Weight:
    """The same in four bits."""

    packed: Tensor
    scale: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return x Wᵀ."""
        return int4_linear(x, self.packed, self.scale)

    @property
    def bytes(self) -> int:
        """Return what it takes."""
        return self.packed.nbytes + self.scale.nbytes

    def plain(self) -> Tensor:
        """Return the matrix it stands for."""
        return int4_dequantize(self.packed, self.scale)


def quantized(model: Llama, bits: int, group: int = GROUP) -> Llama:
    """Return the model with every projection in 8 or 4 bits; it shares the rest.

    Norms stay (they are small), and so does the embedding, which is a table and no product. The
    head is tied to it, so quantizing the head saves reading, not room.

    Raises:
        ValueError: Neither 8 nor 4 bits.
    """
    if bits not in {8, 4}:
        raise ValueError(f"8 or 4 bits, not {bits}")

    def small(weight: Weight) -> Weight:
        if not isinstance(weight, Tensor):
            raise TypeError("this model is quantized already")
        if bits == 8:
            return Int8Weight(*int8_quantize(weight))
        return Int4Weight(*int4_quantize(weight, group))

    layers = [
        replace(
            layer,
            qkv=small(layer.qkv),
            out=small(layer.out),
            gate_up=small(layer.gate_up),
            down=small(layer.down),
        )
        for layer in model.layers
    ]
    return replace(model, layers=layers, head=small(model.head))
