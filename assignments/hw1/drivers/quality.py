"""Driver: measures a submitted adapter on the base model, in a child where no student code runs.

Staff only. The adapter is data from a stranger: its configuration and its tensors are checked
before anything is computed from them, and it is merged into the base model's weights by hand, so
that nothing that it names is ever imported. No label comes here and no verdict leaves: the answer
is logit margins, losses and sizes, and the tests judge them outside.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch

from graders.sandbox import warm

BATCH = 16
HEADER_BYTES = 1_000_000
TENSORS = 10_000
RANK = 64
MODULES = {
    "self_attn": ("q_proj", "k_proj", "v_proj", "o_proj"),
    "mlp": ("gate_proj", "up_proj", "down_proj"),
}
PREFIX = "base_model.model."
# What peft can do beyond plain LoRA; each changes what the two factors mean.
PLAIN: dict[str, tuple[Any, ...]] = {
    "bias": ("none", None),
    "use_dora": (False, None),
    "use_rslora": (False, None),
    "use_qalora": (False, None),
    "fan_in_fan_out": (False, None),
    "lora_bias": (False, None),
    "modules_to_save": (None, []),
    "rank_pattern": ({}, None),
    "alpha_pattern": ({}, None),
    "trainable_token_indices": (None, []),
    "target_parameters": (None, []),
    "layer_replication": (None, []),
}


class _RefusedError(Exception):
    """The adapter cannot be measured: a catalogue key and its arguments."""

    def __init__(self, key: str, **args: Any) -> None:
        super().__init__(key)
        self.told = [key, args]


def fingerprint() -> str:
    """Return a digest of the base model: its configuration and a sample of every weight."""
    model, _ = warm.base_model()
    found = hashlib.sha256(model.config.to_json_string().encode())
    for name, weight in model.named_parameters():
        found.update(name.encode())
        found.update(weight.detach().flatten()[:64].float().numpy().tobytes())
    return found.hexdigest()


def task_problem(template: str, labels: list[str], longest: int) -> list[Any]:
    """Return what is wrong with a prompt template and its label words; empty when nothing is."""
    _, own = warm.base_model()
    frame = len(own(template.replace("{headline}", ""), add_special_tokens=False)["input_ids"])
    if frame > longest:
        return ["hw1.quality.template_long", {"n": frame, "limit": longest}]
    for word in labels:
        ids = own(word, add_special_tokens=False)["input_ids"]
        if len(ids) != 1:
            return ["hw1.quality.label_word_long", {"word": word, "n": len(ids)}]
    return []


def base(task: dict[str, Any], headlines: list[str], plain: list[str]) -> dict[str, Any]:
    """Measure the base model alone: margins of the answers, and perplexity on plain text."""
    return {"margins": _margins(task, headlines), "perplexity": _perplexity(plain)}


def adapted(
    folder: str, task: dict[str, Any], headlines: list[str], plain: list[str]
) -> dict[str, Any]:
    """Measure the base model with an adapter, which stays merged into it in this process.

    Args:
        folder: The folder of the adapter.
        task: Its template and label words.
        headlines: What to answer.
        plain: Plain sentences, for perplexity.
    """
    try:
        largest = _merge(Path(folder))
    except _RefusedError as error:
        return {"problem": error.told}
    margins = _margins(task, headlines)
    perplexity = _perplexity(plain)
    if not all(map(math.isfinite, [*margins, perplexity])):
        return {"problem": ["hw1.quality.not_finite", {}]}
    return {"problem": [], "margins": margins, "perplexity": perplexity, "largest": largest}


def _margins(task: dict[str, Any], headlines: list[str]) -> list[float]:
    """Return the second label's logit less the first's after every prompt.

    Prompts of one length share a batch, so nothing is padded and the order never matters.
    """
    model, own = warm.base_model()
    no, yes = (own(word, add_special_tokens=False)["input_ids"][0] for word in task["labels"])
    by_length = defaultdict(list)
    for place, headline in enumerate(headlines):
        prompt = task["template"].replace("{headline}", headline)
        ids = own(prompt, add_special_tokens=False)["input_ids"]
        by_length[len(ids)].append((place, ids))
    margins = [0.0] * len(headlines)
    with torch.inference_mode():
        for _, group in sorted(by_length.items()):
            for start in range(0, len(group), BATCH):
                places, rows = zip(*group[start : start + BATCH], strict=True)
                out = model(input_ids=torch.tensor(rows), use_cache=False, logits_to_keep=1)
                last = out.logits[:, -1].float()  # B, V
                for place, value in zip(places, (last[:, yes] - last[:, no]).tolist(), strict=True):
                    margins[place] = value
    return margins


def _perplexity(sentences: list[str]) -> float:
    """Return the perplexity per token of sentences, each read on its own."""
    model, own = warm.base_model()
    total, count = 0.0, 0
    with torch.no_grad():
        for sentence in sentences:
            ids = torch.tensor([own(sentence, add_special_tokens=False)["input_ids"]])  # 1, T
            logits = model(input_ids=ids, use_cache=False).logits[0, :-1].float()  # T - 1, V
            total += float(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum"))
            count += ids.shape[1] - 1
    return math.exp(min(total / count, 700.0))


def _merge(folder: Path) -> float:
    """Add `scaling · B A` to the base model's weights; return the largest change of a weight."""
    scaling, rank, targets = _config(folder / "adapter_config.json")
    model, _ = warm.base_model()
    weights = dict(model.named_parameters())
    factors = _factors(folder / "adapter_model.safetensors")
    modules = sorted({name.rsplit(".lora_", 1)[0] for name in factors})
    if not modules:
        raise _RefusedError("hw1.quality.adapter_keys", name="-")
    changes = {}
    for module in modules:
        weight = weights.get(f"{module.removeprefix(PREFIX)}.weight")
        if not module.startswith(PREFIX) or weight is None or not _adaptable(module, targets):
            raise _RefusedError("hw1.quality.adapter_keys", name=module)
        pair = [factors.pop(f"{module}.lora_{letter}.weight", None) for letter in "AB"]
        for letter, factor, shape in zip(
            "AB", pair, ((rank, weight.shape[1]), (weight.shape[0], rank)), strict=True
        ):
            name = f"{module}.lora_{letter}"
            if factor is None:
                raise _RefusedError("hw1.quality.adapter_keys", name=name)
            if tuple(factor.shape) != shape:
                got, want = (" × ".join(map(str, size)) for size in (factor.shape, shape))
                raise _RefusedError("hw1.quality.adapter_shape", name=name, got=got, want=want)
        changes[module] = (weight, pair)
    if factors:
        raise _RefusedError("hw1.quality.adapter_keys", name=min(factors))
    largest = 0.0
    with torch.no_grad():
        for weight, (a, b) in changes.values():
            change = scaling * (b @ a)  # out, in
            largest = max(largest, float(change.abs().max()))
            weight.add_(change)
    return largest


def _adaptable(module: str, targets: list[str]) -> bool:
    """Tell whether a module is a linear layer that its configuration names as adapted."""
    *_, block, name = module.split(".")
    return name in MODULES.get(block, ()) and name in targets


def _config(path: Path) -> tuple[float, int, list[str]]:
    """Return the scaling, the rank and the adapted modules of a plain LoRA's configuration."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_not_json)
    except FileNotFoundError:
        raise _RefusedError("hw1.quality.adapter_missing", name=path.name) from None
    except (OSError, ValueError, RecursionError):
        raise _RefusedError("hw1.quality.config_unreadable") from None
    if not isinstance(found, dict) or found.get("peft_type") != "LORA":
        raise _RefusedError("hw1.quality.config_not_lora")
    # SECURITY: test_a_configuration_beyond_plain_lora_is_refused
    if found.get("auto_map") or any(
        found.get(n) not in ok for n, ok in PLAIN.items() if n in found
    ):
        odd = [n for n, ok in PLAIN.items() if n in found and found[n] not in ok]
        raise _RefusedError("hw1.quality.config_not_plain", name=(odd or ["auto_map"])[0])
    rank, alpha, targets = found.get("r"), found.get("lora_alpha"), found.get("target_modules")
    if type(rank) is not int or not 1 <= rank <= RANK:
        raise _RefusedError("hw1.quality.config_rank", limit=RANK)
    if type(alpha) not in (int, float) or not 0 < alpha <= 64 * RANK:
        raise _RefusedError("hw1.quality.config_alpha")
    known = {name for names in MODULES.values() for name in names}
    if targets == "all-linear":
        targets = sorted(known)
    if not isinstance(targets, list) or not targets or not known.issuperset(map(str, targets)):
        raise _RefusedError("hw1.quality.config_targets")
    return alpha / rank, rank, [str(name) for name in targets]


def _not_json(token: str) -> None:
    raise ValueError(token)


def _factors(path: Path) -> dict[str, Any]:
    """Return the tensors of a safetensors file in float32, its header checked before its body."""
    from safetensors.torch import load_file

    try:
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
            # SECURITY: test_weights_that_are_no_sound_safetensors_are_refused
            if not 2 <= header <= HEADER_BYTES:
                raise _RefusedError("hw1.quality.weights_unreadable")
            entries = json.loads(file.read(header))
        if not isinstance(entries, dict) or len(entries) > TENSORS:
            raise _RefusedError("hw1.quality.weights_unreadable")
        tensors = load_file(path)
    except FileNotFoundError:
        raise _RefusedError("hw1.quality.adapter_missing", name=path.name) from None
    except _RefusedError:
        raise
    except Exception:  # safetensors raises errors of its own for a malformed file
        raise _RefusedError("hw1.quality.weights_unreadable") from None
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or not bool(torch.isfinite(tensor.float()).all()):
            raise _RefusedError("hw1.quality.weights_not_numbers", name=name)
    return {name: tensor.float() for name, tensor in tensors.items()}
