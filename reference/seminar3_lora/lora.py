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
        # zachetka: solution
        if rank < 1:
            raise ValueError(f"the rank is at least 1, not {rank}")
        self.base = base.requires_grad_(False)
        inputs, outputs, device = base.in_features, base.out_features, base.weight.device
        self.lora_a = nn.Parameter(torch.empty(rank, inputs, device=device))  # R, I
        self.lora_b = nn.Parameter(torch.zeros(outputs, rank, device=device))  # O, R
        nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5), generator=generator)
        self.scaling = alpha / rank
        self.dropout = nn.Dropout(dropout)
        # zachetka: end

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the base's output plus the scaled update; x (…, I) → (…, O), dtype of the base.

        The update is computed as two thin products, never as the matrix B A: that one has O · I
        entries, which is what LoRA exists to avoid.
        """
        # zachetka: solution
        out = self.base(x)
        low = F.linear(self.dropout(x).to(self.lora_a.dtype), self.lora_a)  # …, R
        update = self.scaling * F.linear(low, self.lora_b)  # …, O
        return out + update.to(out.dtype)
        # zachetka: end

    def delta(self) -> torch.Tensor:
        """Return what the update adds to the weight: shape (O, I), float32, no gradient."""
        # zachetka: solution
        return (self.scaling * (self.lora_b @ self.lora_a)).detach()
        # zachetka: end


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
    # zachetka: solution
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already: merge them first")
    chosen = [name for name, _ in model.named_modules() if name.rpartition(".")[2] in targets]
    missing = set(targets) - {name.rpartition(".")[2] for name in chosen}
    if missing:
        raise ValueError(f"the model has no layer named {', '.join(sorted(missing))}")
    model.requires_grad_(False)
    generator = torch.Generator(_device(model)).manual_seed(seed)
    for name in chosen:
        base = model.get_submodule(name)
        adapted = LoRALinear(base, rank, alpha, dropout, generator).train(base.training)
        model.set_submodule(name, adapted)
    return chosen
    # zachetka: end


def merge(model: nn.Module) -> list[str]:
    """Fold every update into a plain `nn.Linear` of the base's dtype; return the layers' names.

    The merged model is as fast as the base and answers like the adapted one up to rounding. The
    weight is a new tensor: writing into the old one would also change whatever shares it, such as
    an embedding tied to the output layer.
    """
    # zachetka: solution
    names = [name for name, module in model.named_modules() if isinstance(module, LoRALinear)]
    for name in names:
        adapted = model.get_submodule(name)
        weight = adapted.base.weight  # O, I
        bias = adapted.base.bias
        plain = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, device="meta")
        merged = (weight.detach().float() + adapted.delta()).to(weight.dtype)
        plain.weight = nn.Parameter(merged, requires_grad=False)
        plain.bias = bias
        model.set_submodule(name, plain.train(adapted.training))
    return names
    # zachetka: end


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters that an optimizer may change, by name: after `inject`, A and B."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def lora_size(model: nn.Module, targets: Collection[str], rank: int) -> int:
    """Return how many parameters LoRA would train: the sum of R · (I + O) over target layers.

    `model` is one without adapters. The answer must equal the count after `inject`, exactly.
    """
    # zachetka: solution
    layers = (m for n, m in model.named_modules() if n.rpartition(".")[2] in targets)
    return sum(rank * (layer.in_features + layer.out_features) for layer in layers)
    # zachetka: end


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


# zachetka: staff
def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


# zachetka: end
