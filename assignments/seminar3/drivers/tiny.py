"""Driver: runs a student's LoRA, NF4 and training on tiny random Llamas.

It runs beside the student's code and students may read it, so it holds no expected value: it
builds models, calls the student's functions and returns what came out as plain data and tensors.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
from typing import Any

import torch
from torch import nn

from graders.sandbox import warm

VOCABULARY = 96
PACKAGE = "seminar3_lora"


def build(seed: int, tied: bool = False) -> Any:
    """Return a random two-layer Llama in eval mode; equal seeds give equal weights."""
    return warm.tiny_llama(
        seed,
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=96,
        num_attention_heads=4,
        max_position_embeddings=128,
        tie_word_embeddings=tied,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )


def _module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


def _adapters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the factors by name."""
    return {n: p for n, p in model.named_parameters() if n.rpartition(".")[2] in FACTORS}


FACTORS = ("lora_a", "lora_b")


def _inject(model: Any, lora: dict[str, Any]) -> list[str]:
    options = {name: lora[name] for name in ("dropout", "seed") if name in lora}
    return _module("lora").inject(model, lora["targets"], lora["rank"], lora["alpha"], **options)


def _logits(model: Any, ids: list[list[int]]) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor(ids)).logits.float()  # B, T, V


def _fill(model: Any, seed: int) -> None:
    """Give every factor, B too, random values."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in sorted(_adapters(model).items()):
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)


def _digests(model: Any) -> dict[str, str]:
    """Return a hash of every weight that is no factor, by its name without the wrapper's."""
    found = {}
    for name, tensor in model.state_dict().items():
        if name.rpartition(".")[2] not in FACTORS:
            data = tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes()
            found[name.replace(".base.", ".")] = hashlib.sha256(data).hexdigest()
    return found


# ---- one layer -----------------------------------------------------------------------------------


def layer(given: dict[str, Any], x: torch.Tensor, training: bool = False) -> dict[str, Any]:
    """Wrap one linear layer with known weights and factors; return what it gives.

    `given` holds ``weight`` (O, I), ``bias`` (O,) or None, ``rank``, ``alpha``, ``dropout`` and,
    when the factors are to be set, ``a`` (R, I) and ``b`` (O, R).
    """
    base = _linear(given["weight"], given["bias"])
    torch.manual_seed(int(given.get("seed", 0)))
    wrapped = _module("lora").LoRALinear(base, given["rank"], given["alpha"], given["dropout"])
    wrapped.train(training)
    start = {name: getattr(wrapped, name).detach().clone() for name in FACTORS}
    with torch.no_grad():
        if "a" in given:
            wrapped.lora_a.copy_(given["a"])
            wrapped.lora_b.copy_(given["b"])
        plain = _linear(given["weight"], given["bias"])(x)
        outputs = [wrapped(x) for _ in range(2)]
    delta = wrapped.delta()
    return {
        "outputs": outputs,
        "plain": plain,
        "start": start,
        "scaling": float(wrapped.scaling),
        "dtypes": {name: str(getattr(wrapped, name).dtype) for name in FACTORS},
        "delta": delta.detach(),
        "delta_grad": bool(delta.requires_grad),
        "frozen": not any(p.requires_grad for p in wrapped.base.parameters()),
    }


def _linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, dtype=weight.dtype)
    with torch.no_grad():
        made.weight.copy_(weight)
        if bias is not None:
            made.bias.copy_(bias)
    return made


def layer_products(inputs: int, outputs: int, rank: int, tokens: int) -> dict[str, Any]:
    """Return the largest tensor that a forward pass of one adapter keeps or makes."""
    from torch.utils._python_dispatch import TorchDispatchMode

    sizes: list[int] = []

    class Sizes(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = func(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor) and "mm" in str(func):
                sizes.append(result.numel())
            return result

    torch.manual_seed(0)
    wrapped = _module("lora").LoRALinear(nn.Linear(inputs, outputs), rank, rank).eval()
    x = torch.randn(tokens, inputs)
    with Sizes():
        wrapped(x)
    return {"largest": max(sizes), "products": len(sizes)}


# ---- a whole model -------------------------------------------------------------------------------


def injected(seed: int, lora: dict[str, Any], ids: list[list[int]]) -> dict[str, Any]:
    """Inject adapters; tell what became trainable and what happened to the logits."""
    model = build(seed)
    before = _logits(model, ids)
    state = _digests(model)
    size = _module("lora").lora_size(model, lora["targets"], lora["rank"])
    names = _inject(model, lora)
    after = _logits(model, ids)
    return {
        "names": list(names),
        "size": int(size),
        "before": before,
        "after": after,
        "trainable": {n: list(p.shape) for n, p in model.named_parameters() if p.requires_grad},
        "first": {n: p.detach().clone() for n, p in _adapters(model).items()},
        "training": any(m.training for m in model.modules()),
        "moved": [name for name, hashed in _digests(model).items() if state.get(name) != hashed],
    }


def training_kept(seed: int, lora: dict[str, Any]) -> list[bool]:
    """Inject into a model in training mode; tell the modes of its modules."""
    model = build(seed).train()
    _inject(model, lora)
    return [module.training for module in model.modules()]


def attempt(seed: int, lora: dict[str, Any], times: int = 1) -> str:
    """Return the class of the error that injecting so many times raises, or an empty string."""
    model = build(seed)
    try:
        for _ in range(times):
            _inject(model, lora)
    except Exception as error:  # the student's code may raise anything
        return type(error).__name__
    return ""


def gradients(seed: int, lora: dict[str, Any], ids: list[list[int]], filled: bool) -> dict:
    """Return the norm of every parameter's gradient after one backward pass; None without one."""
    model = build(seed)
    _inject(model, lora)
    if filled:
        _fill(model, seed)
    tokens = torch.tensor(ids)
    logits = model(input_ids=tokens).logits[:, :-1].flatten(0, 1)
    nn.functional.cross_entropy(logits, tokens[:, 1:].flatten()).backward()
    return {
        n: None if p.grad is None else float(p.grad.norm()) for n, p in model.named_parameters()
    }


def dropped(seed: int, lora: dict[str, Any], ids: list[list[int]]) -> dict[str, Any]:
    """Return the logits of filled adapters with dropout: twice in eval mode, twice in training."""
    model = build(seed)
    _inject(model, lora)
    _fill(model, seed)
    evaluated = [_logits(model.eval(), ids) for _ in range(2)]
    trained = [_logits(model.train(), ids) for _ in range(2)]
    return {"eval": evaluated, "train": trained, "factors": _factors(model)}


def _factors(model: Any) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in _adapters(model).items()}


def merged(seed: int, lora: dict[str, Any], ids: list[list[int]], tied: bool) -> dict[str, Any]:
    """Merge filled adapters; return the logits on both sides and what is left in the model."""
    module = _module("lora")
    model = build(seed, tied)
    _inject(model, lora)
    _fill(model, seed)
    before = _logits(model, ids)
    embeddings = model.get_input_embeddings().weight.detach().clone()
    names = module.merge(model)
    moved = not torch.equal(embeddings, model.get_input_embeddings().weight)
    return {
        "before": before,
        "after": _logits(model, ids),
        "names": list(names),
        "left": [n for n, m in model.named_modules() if isinstance(m, module.LoRALinear)],
        "kinds": sorted({type(model.get_submodule(n)).__name__ for n in names}),
        "embeddings_moved": moved,
        "training": any(m.training for m in model.modules()),
        "trainable": sum(p.requires_grad for p in model.parameters()),
        "again": list(module.merge(model)),
    }


def merged_half(weight: torch.Tensor, bias: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> Any:
    """Merge one bfloat16 layer inside a container; return its weight and bias."""
    module = _module("lora")
    holder = nn.Sequential(_linear(weight, bias))
    module.inject(holder, ["0"], a.shape[0], 2 * a.shape[0])
    with torch.no_grad():
        holder[0].lora_a.copy_(a)
        holder[0].lora_b.copy_(b)
    module.merge(holder)
    return {"weight": holder[0].weight.detach(), "bias": holder[0].bias.detach()}


# ---- four bits -----------------------------------------------------------------------------------


def dequantized_low(packed: Any, absmax: Any, shape: list[int], block: int) -> torch.Tensor:
    """Return what the student unpacks into bfloat16 (a dtype does not cross the wire)."""
    return _module("nf4").nf4_dequantize(packed, absmax, shape, block, torch.bfloat16)


def nf4_layer(given: dict[str, Any], x: torch.Tensor, grad: torch.Tensor) -> dict[str, Any]:
    """Run one quantized layer forward and backward, and count what it keeps between the two."""
    module = _module("qlora")
    layer = module.NF4Linear(_linear(given["weight"], given["bias"]))
    x = x.clone().requires_grad_(True)
    kept: list[int] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = layer(x)
    out.backward(grad)
    return {
        "out": out.detach(),
        "grad": x.grad,
        "weight": layer.weight.detach(),
        "kept": max(kept, default=0),
        "trainable": sum(p.requires_grad for n, p in layer.named_parameters() if n != "bias"),
    }


def quantized(seed: int, lora: dict[str, Any], ids: list[list[int]]) -> dict[str, Any]:
    """Quantize a model, put adapters on it and run a backward pass."""
    qlora = _module("qlora")
    model = build(seed)
    names = qlora.quantize_linears(model)
    kinds = {n: type(m).__name__ for n, m in model.named_modules()}
    before = _logits(model, ids)
    injected_names = _inject(model, lora)
    after = _logits(model, ids)
    tokens = torch.tensor(ids)
    logits = model(input_ids=tokens).logits[:, :-1].flatten(0, 1)
    nn.functional.cross_entropy(logits, tokens[:, 1:].flatten()).backward()
    factors = _adapters(model).items()
    return {
        "names": list(names),
        "kinds": {name: kinds[name] for name in [*names, "lm_head"]},
        "before": before,
        "after": after,
        "injected": list(injected_names),
        "norms": {n: float(p.grad.norm()) for n, p in factors if p.grad is not None},
    }


# ---- training ------------------------------------------------------------------------------------


def _examples(rows: list[Any]) -> list[Any]:
    return [_module("task").Example(tuple(prompt), answer) for prompt, answer in rows]


def evaluated(seed: int, lora: dict[str, Any], rows: list[Any], size: int) -> dict[str, Any]:
    """Evaluate filled adapters with dropout, from training mode and from eval mode."""
    training = _module("training")
    model = build(seed)
    _inject(model, lora)
    _fill(model, seed)
    examples = _examples(rows)
    model.train()
    found = [float(training.evaluate_loss(model, examples, size)) for _ in range(2)]
    modes = [model.training]
    model.eval()
    found.append(float(training.evaluate_loss(model, examples, size)))
    modes.append(model.training)
    with_grad: list[bool] = []
    hook = model.get_output_embeddings().register_forward_hook(
        lambda module, args, out: with_grad.append(bool(out.requires_grad))
    )
    training.evaluate_loss(model, examples, size)
    hook.remove()
    return {
        "losses": found,
        "modes": modes,
        "with_grad": any(with_grad),
        "factors": _factors(model),
    }


def trained(
    seed: int, lora: dict[str, Any], rows: list[Any], held_out: list[Any], plan: dict[str, Any]
) -> dict[str, Any]:
    """Run the student's loop; write down every step of the optimizer and what was left behind."""
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    training = _module("training")
    model = build(seed)
    _inject(model, lora)
    initial, frozen = _factors(model), _digests(model)
    steps: list[dict[str, Any]] = []
    hook = register_optimizer_step_pre_hook(
        lambda optimizer, *_: steps.append(_step(optimizer, model))
    )
    try:
        history = training.train_lora(
            model, _examples(rows), _examples(held_out), training.Plan(**plan)
        )
    finally:
        hook.remove()
    return {
        "losses": [float(loss) for loss in history.losses],
        "looks": [[look.step, float(look.train), float(look.held_out)] for look in history.looks],
        "steps": steps,
        "initial": initial,
        "final": _factors(model),
        "moved": [name for name, hashed in _digests(model).items() if frozen.get(name) != hashed],
        "training": any(m.training for m in model.modules()),
    }


def _step(optimizer: Any, model: Any) -> dict[str, Any]:
    """Describe one step: its settings, its gradients' norm and whose parameters it may change."""
    own = {id(p) for p in _adapters(model).values()}
    given = [p for group in optimizer.param_groups for p in group["params"]]
    grads = [p.grad for p in given if p.grad is not None]
    return {
        "optimizer": type(optimizer).__name__,
        "rate": max(float(group["lr"]) for group in optimizer.param_groups),
        "decay": max(float(group["weight_decay"]) for group in optimizer.param_groups),
        "norm": float(torch.stack([g.norm() for g in grads]).norm()) if grads else 0.0,
        "foreign": sum(id(p) not in own for p in given),
        "factors": len(own),
    }


def dead(seed: int, lora: dict[str, Any], rows: list[Any], how: str) -> str:
    """Train where nothing can be learned; return the class of the error, or an empty string."""
    training = _module("training")
    model = build(seed)
    if how == "nothing trainable":
        model.requires_grad_(False)
    else:
        _inject(model, lora)
        with torch.no_grad():  # both factors zero: a result, and no gradient
            for parameter in _adapters(model).values():
                parameter.zero_()
    examples = _examples(rows)
    try:
        training.train_lora(model, examples, examples, training.Plan(steps=2, batch=4))
    except Exception as error:  # the student's code may raise anything
        return type(error).__name__
    return ""


def impatient(losses: list[float], patience: int) -> bool:
    """Say whether the student's rule ends training after these held-out losses."""
    training = _module("training")
    looks = [training.Look(step, 0.0, loss) for step, loss in enumerate(losses)]
    return bool(training.out_of_patience(looks, patience))


# ---- comparison ----------------------------------------------------------------------------------


def compared(
    gold: list[int], base: list[int], adapted: list[int], resamples: int, seed: int
) -> Any:
    """Return the student's comparison as a dictionary."""
    found = _module("comparison").compare_with_base(gold, base, adapted, resamples, seed)
    return dataclasses.asdict(found)


def comparison_error(gold: list[int], base: list[int], adapted: list[int]) -> str:
    """Return the class of the error that comparing raises, or an empty string."""
    try:
        _module("comparison").compare_with_base(gold, base, adapted)
    except Exception as error:  # the student's code may raise anything
        return type(error).__name__
    return ""


def text_losses(seed: int, texts: list[list[int]]) -> list[list[float]]:
    """Return the student's losses and counts of texts on a tiny model."""
    losses, counts = _module("comparison").text_losses(build(seed), texts)
    return [[float(loss) for loss in losses], [int(count) for count in counts]]
