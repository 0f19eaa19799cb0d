"""NF4: four bits for a weight, chosen for weights that look normal (Dettmers et al. 2023, QLoRA).

Sixteen values cannot lie evenly: most weights are near zero. NF4 puts them at quantiles of the
normal distribution, scaled to [-1, 1], and gives each block of 64 weights one scale, its largest
magnitude. So one outlier spoils 64 weights and not a matrix.

Shapes: N weights, taken row by row; S the size of a block; ceil(N / S) blocks.
Left out: kernels that multiply without ever unpacking. They save time, this saves memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

BLOCK = 64  # weights that share one scale (QLoRA, section 3)
GROUP = 256  # scales that share one scale of their own


def nf4_codebook() -> torch.Tensor:
    """Return the 16 values of NF4, ascending: shape (16,), float32.

    QLoRA, section 3, asks for values that are equally likely under N(0, 1) and for an exact zero,
    since padding and pruned weights are zeros. Its published values (appendix E) follow from this
    rule: eight quantiles above zero and seven below, each side evenly spaced in probability from
    the outermost one to ½ (which is zero itself and stands there once), all divided by the largest.
    The outermost probability is ``1 - (1/32 + 1/30) / 2``, half a step inside of 1, where the
    quantile is infinite (Yoshida 2023). Below zero there is one value less, so steps are wider
    there; both sides begin at the same quantile, so the ends are exactly -1 and 1.
    """
    raise NotImplementedError("write your solution here")


def nf4_quantize(weight: torch.Tensor, block: int = BLOCK) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the codes of a weight, two in a byte, and each block's largest magnitude.

    Each weight, divided by its block's `absmax`, becomes the number of the nearest codebook value.
    The earlier of two neighbours is in the high half of the byte. The last block may be short; an
    odd number of codes is filled up by the code of zero. A block of zeros has scale 0 and the code
    of zero: no NaN.

    Args:
        weight: Any shape with N entries, any float type.
        block: How many weights share a scale.

    Returns:
        The bytes, (ceil(N / 2),) uint8, and the scales, (ceil(N / block),) float32.
    """
    raise NotImplementedError("write your solution here")


def nf4_dequantize(
    packed: torch.Tensor,
    absmax: torch.Tensor,
    shape: Sequence[int],
    block: int = BLOCK,
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """Return the weight that the codes stand for.

    Args:
        packed: Bytes of `nf4_quantize`.
        absmax: Its scales.
        shape: Of the weight.
        block: As it was quantized.
        dtype: Of the result.
    """
    raise NotImplementedError("write your solution here")


def quantize_scales(
    absmax: torch.Tensor, group: int = GROUP
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Double quantization (QLoRA, section 3): one byte a scale instead of four.

    Scales are positive and much alike, so their mean is taken off first; what is left is stored in
    steps of ``largest / 127`` within each group of `group` scales. The paper, and bitsandbytes, use
    an 8-bit float here, finer near zero. Even steps take the same room and have a plain bound.

    Args:
        absmax: Scales of `nf4_quantize`, (M,) float32.
        group: How many scales share a step.

    Returns:
        Codes (M,) int8, steps (ceil(M / group),) float32, and the mean, () float32.
    """
    raise NotImplementedError("write your solution here")


def dequantize_scales(
    codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int = GROUP
) -> torch.Tensor:
    """Return the scales that `quantize_scales` stored, (M,) float32: off by half a step at most."""
    raise NotImplementedError("write your solution here")


def bits_per_weight(block: int = BLOCK, group: int | None = None) -> float:
    """Return what a weight costs in bits: its code and its share of the scales.

    Args:
        block: Weights that share a scale of 32 bits, or of 8 with double quantization.
        group: Scales that share a step of 32 bits; None without double quantization.
    """
    raise NotImplementedError("write your solution here")
