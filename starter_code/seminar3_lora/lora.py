"""LoRA (Hu et al. 2021): a frozen linear layer plus a trained product of two thin matrices.

    y = W x + (alpha / r) · B A x,    A: r × in,  B: out × r

A starts at random and B at zero, so the adapted model is the base model until the first step; and
the gradient of A is a product with B, so the first step moves B alone. Both are tests, and both
find real bugs.

Shapes: B examples, T tokens, I inputs and O outputs of a layer, R the rank.
Left out: DoRA, rsLoRA, biases that train, convolutions. Each is a small change of `forward` once
this one is understood.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import nn


class LoRALinear(nn.Module):
    """A frozen linear layer with a trainable low-rank update beside it.

    The factors are float32 whatever the base holds: the step of an optimizer is far smaller than
    the spacing of bfloat16, and in bfloat16 most of it would round away.

    Attributes:
        base: The layer as it was, frozen: `nn.Linear`, or anything with ``in_features``,
            ``out_features`` and ``weight`` (O, I).
        lora_a: Shape (R, I), Kaiming-uniform with slope √5, as in the paper's own code.
        lora_b: Shape (O, R), zero.
        scaling: ``alpha / rank`` (paper, section 4.1): with it, another rank needs no other rate.
        dropout: Applied to the update's input alone, and in training mode alone.
    """

    def __init__(
        self,
        base: nn.Module,
        rank: int,
        alpha: float,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        """Wrap `base`; `generator` makes the start of A repeatable.

        Raises:
            ValueError: The rank is less than 1.
        """
        super().__init__()
        raise NotImplementedError("write your solution here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the base's output plus the scaled update; x (…, I) → (…, O), dtype of the base.

        The update is computed as two thin products, never as the matrix B A: that one has O · I
        entries, which is what LoRA exists to avoid.
        """
        raise NotImplementedError("write your solution here")

    def delta(self) -> torch.Tensor:
        """Return what the update adds to the weight: shape (O, I), float32, no gradient."""
        raise NotImplementedError("write your solution here")


def inject(
    model: nn.Module,
    targets: Collection[str],
    rank: int,
    alpha: float,
    *,
    dropout: float = 0.0,
    seed: int = 0,
) -> list[str]:
    """Freeze the model, put a `LoRALinear` around every target layer; return their names.

    A layer is a target when the last piece of its name is one of `targets`, whole: "proj" does not
    choose "q_proj". The training mode of the model stays what it was.

    Raises:
        ValueError: A target chooses no layer (a silent typo would train nothing), or the model has
            adapters already (two would add up unseen).
    """
    raise NotImplementedError("write your solution here")


def merge(model: nn.Module) -> list[str]:
    """Fold every update into a plain `nn.Linear` of the base's dtype; return the layers' names.

    The merged model is as fast as the base and answers like the adapted one up to rounding. The
    weight is a new tensor: writing into the old one would also change whatever shares it, such as
    an embedding tied to the output layer.
    """
    raise NotImplementedError("write your solution here")


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters that an optimizer may change, by name: after `inject`, A and B."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def lora_size(model: nn.Module, targets: Collection[str], rank: int) -> int:
    """Return how many parameters LoRA would train: the sum of R · (I + O) over target layers.

    `model` is one without adapters. The answer must equal the count after `inject`, exactly.
    """
    raise NotImplementedError("write your solution here")


def fingerprint(model: nn.Module) -> str:
    """Return a SHA-256 over everything in the model that is not an adapter.

    The names are those before `inject`, so the base model, the adapted and the trained one have one
    fingerprint, or something has written into weights that were to stay as they are.
    """
    digest = hashlib.sha256()
    for name, tensor in _frozen(model):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _frozen(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the weights and buffers of the base by their own names, sorted."""
    adapters = {name for name, m in model.named_modules() if isinstance(m, LoRALinear)}
    plain = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        owner = next((a for a in adapters if name.startswith(f"{a}.")), None)
        if owner is None:
            plain[name] = tensor
        elif name.startswith(f"{owner}.base."):
            plain[f"{owner}.{name.removeprefix(f'{owner}.base.')}"] = tensor
    yield from sorted(plain.items())
