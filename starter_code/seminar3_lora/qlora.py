"""QLoRA (Dettmers et al. 2023): the frozen weights in four bits, the factors in full precision.

A frozen weight is only ever read, so it may be stored coarsely and unpacked when it is needed. The
gradient still passes through it to the adapters below, so it is unpacked a second time in the
backward pass. Keeping the unpacked copy between the two passes would be the whole model again in
full precision, and the memory would be lost where it was to be saved.

Left out: paged optimizers, the third idea of the paper, which need a GPU to make sense.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import nn

from .lora import trainable
from .nf4 import BLOCK, GROUP, dequantize_scales, nf4_dequantize, nf4_quantize, quantize_scales


class NF4Linear(nn.Module):
    """A frozen linear layer whose weight is stored in NF4, doubly quantized.

    Attributes:
        in_features: I.
        out_features: O.
        packed: Codes, two in a byte.
        codes: The blocks' scales, one byte each, with `steps` and `mean` (`nf4.quantize_scales`).
        bias: As it was, or None.
    """

    packed: torch.Tensor
    codes: torch.Tensor
    steps: torch.Tensor
    mean: torch.Tensor

    def __init__(self, linear: nn.Linear, block: int = BLOCK, group: int = GROUP) -> None:
        """Quantize the weight of `linear`; the layer itself is not kept."""
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.block, self.group, self.dtype = block, group, linear.weight.dtype
        packed, absmax = nf4_quantize(linear.weight, block)
        self.register_buffer("packed", packed)
        for name, tensor in zip(
            ("codes", "steps", "mean"), quantize_scales(absmax, group), strict=True
        ):
            self.register_buffer(name, tensor)
        self.bias = linear.bias

    def dense(self, dtype: torch.dtype) -> torch.Tensor:
        """Return the unpacked weight, (O, I): made anew by each call."""
        absmax = dequantize_scales(self.codes, self.steps, self.mean, self.group)
        shape = (self.out_features, self.in_features)
        return nf4_dequantize(self.packed, absmax, shape, self.block, dtype)

    @property
    def weight(self) -> torch.Tensor:
        """The weight that the layer stands for, in the dtype of the layer that it replaced."""
        return self.dense(self.dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``x Wᵀ + b`` for the unpacked W; x (…, I) → (…, O)."""
        raise NotImplementedError("write your solution here")


class _Unpacked(torch.autograd.Function):
    """A product with a weight that is unpacked for each pass and kept for neither."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, layer: NF4Linear) -> torch.Tensor:
        """Return x Wᵀ and remember the layer, which holds nothing but its four bits."""
        raise NotImplementedError("write your solution here")

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Return the gradient of x, (…, I): grad (…, O) times W. The weight itself gets none."""
        raise NotImplementedError("write your solution here")


def quantize_linears(model: nn.Module, keep: Collection[str] = ("lm_head",)) -> list[str]:
    """Replace every linear layer by an `NF4Linear`, in place; return the layers' names.

    Embeddings, norms and the layers named in `keep` stay as they are: the output layer decides
    between near words, and often shares its weight with the embeddings.
    """
    raise NotImplementedError("write your solution here")


@dataclass(frozen=True)
class Memory:
    """What training a model takes, in bytes, but for what its activations take.

    Args:
        weights: Parameters and buffers that stay as they are.
        adapters: Parameters that train.
        gradients: One number for each of those.
        optimizer: Two for each of those, in float32: AdamW's first and second moment.
    """

    weights: int
    adapters: int
    gradients: int
    optimizer: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.adapters + self.gradients + self.optimizer


def memory(model: nn.Module) -> Memory:
    """Count a model's bytes from its tensors; a tensor that two layers share counts once."""
    training = trainable(model)
    own = {tensor.data_ptr(): tensor.nbytes for tensor in training.values()}
    every = {tensor.data_ptr(): tensor.nbytes for tensor in (*model.parameters(), *model.buffers())}
    count = sum(tensor.numel() for tensor in training.values())
    return Memory(
        weights=sum(size for place, size in every.items() if place not in own),
        adapters=sum(own.values()),
        gradients=sum(own.values()),
        optimizer=2 * 4 * count,
    )


def saved_bytes(model: nn.Module, forward: Callable[[], torch.Tensor]) -> int:
    """Return the bytes that one forward pass keeps for the backward pass, weights aside.

    Counted, not timed: every tensor that autograd saves goes through a hook. Views of one storage
    count once.
    """
    known = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    kept: dict[int, torch.UntypedStorage] = {}  # the storages too: an address may be used again

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = forward()
    del result
    return sum(storage.nbytes() for storage in kept.values())
