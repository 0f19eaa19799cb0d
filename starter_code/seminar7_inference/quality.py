"""Quality beside speed: weights of fewer bits, and drafts that change no word."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from .common import device, dtype
from .experiment import interval
from .bench import COLUMNS, Bench, row
from .kernels import fused, widened
from .model import Llama, extend
from .modes import (
    Answers,
    Prompts,
    Trial,
    engine_batch,
    first_layers,
    one_by_one,
    speculative,
)
from .quantize import Int4Weight, Int8Weight, quantized
from .speculative import expected_tokens

TEXTS, TEXT_TOKENS = 24, 96  # of perplexity
WIDENING = 3  # tokens by the products that widen weights in sight: they are slow
GUESSES = 4


@torch.inference_mode()
def surprise(model: Llama, texts: Prompts) -> tuple[list[float], list[torch.Tensor]]:
    """Return each text's mean negative log-probability a token, and its logits' choices."""
    losses, choices = [], []
    for text in texts:
        ids = torch.tensor([list(text)], device=model.embed.device)
        logits = extend(model, model.cache(1, len(text)), ids)[0, :-1].float()  # T - 1, V
        losses.append(float(F.cross_entropy(logits, ids[0, 1:])))
        choices.append(logits.argmax(-1))
    return losses, choices


def weight_bytes(model: Llama) -> int:
    """Return what the projections and the head take."""
    found = 0
    for layer in model.layers:
        for weight in (layer.qkv, layer.out, layer.gate_up, layer.down):
            found += weight.bytes if isinstance(weight, Int8Weight | Int4Weight) else weight.nbytes
    head = model.head
    return found + (head.bytes if isinstance(head, Int8Weight | Int4Weight) else head.nbytes)


def quantization(bench: Bench) -> list[Trial]:
    """Compare weights in 16, 8 and 4 bits: bytes, quality, speed."""
    bench.report.step("weights in 8 and 4 bits: quality beside speed")
    text = (bench.setting.data["summaries"] / "public.jsonl").read_text(encoding="utf-8")
    count = bench.setting.scaled(TEXTS, 4)
    items = [json.loads(line)["document"] for line in text.splitlines()][-count:]
    texts = [bench.tokenizer.encode(item)[:TEXT_TOKENS] for item in items]
    small = {bits: quantized(bench.ours, bits) for bits in (8, 4)}
    base, chosen = surprise(bench.ours, texts)
    rows: list[list[object]] = [
        ["plain", weight_bytes(bench.ours) / 2**20, math.exp(sum(base) / count), None, None, 1.0]
    ]
    kept = {}
    for bits, model in small.items():
        losses, own = surprise(widened(model), texts)
        worse = [mine - theirs for mine, theirs in zip(losses, base, strict=True)]
        low, high = map(math.exp, interval(worse, bench.setting.seed))
        kept[bits] = (low, high)
        same = [float((a == b).float().mean()) for a, b in zip(own, chosen, strict=True)]
        size, perplexity = weight_bytes(model) / 2**20, math.exp(sum(losses) / count)
        rows.append([f"int{bits}", size, perplexity, low, high, sum(same) / count])
    columns = ("weights", "MiB", "perplexity", "ratio, low", "ratio, high", "same choice")
    title = f"Quality of quantized weights ({count} texts, 95 % intervals over texts)"
    bench.report.table("quantization", columns, rows, title)
    return _speeds(bench, small, kept)


def _speeds(
    bench: Bench, small: dict[int, Llama], kept: dict[int, tuple[float, float]]
) -> list[Trial]:
    """Time quantized weights: by products in sight, and by torch's kernels where there are any."""
    told, trials = [], []

    def tried(name: str, bits: int, model: Llama) -> None:
        engine_batch(model, bench.single[:1], 2)
        alone = one_by_one(lambda p: engine_batch(model, p, bench.new), bench.single)
        together = engine_batch(model, bench.prompts, max(2, bench.new // 2))
        told.append([*row(name, alone), together.per_second])
        speeds = (alone.per_second, together.per_second)
        trials.append(Trial(bits, model, *speeds, kept.get(bits, (1.0, 1.0))))

    tried("plain", 16, bench.ours)
    for bits, model in small.items():
        shown = engine_batch(model, bench.single[:1], WIDENING)
        told.append([*row(f"int{bits}, widened in sight", shown), None])
        if device().type == "cpu" and dtype() is torch.bfloat16:  # where there are such kernels
            tried(f"int{bits}, torch's kernel", bits, fused(model))
    columns = (*COLUMNS, f"tokens/s, {len(bench.prompts)} rows")
    _picture(bench, trials)
    title = "Speed of quantized weights, one prompt at a time and together"
    bench.report.table("quantization_speed", columns, told, title, timed=True)
    return trials


def _picture(bench: Bench, trials: Sequence[Trial]) -> None:
    """Draw quality beside speed: one point for each number of bits."""
    with bench.report.figure("quality_and_speed", "Weights: quality beside speed") as (_, axes):
        for trial in trials:
            low, high = trial.kept
            middle = (low * high) ** 0.5
            spread = [[middle - low], [high - middle]]
            label = f"{trial.bits} bits"
            axes.errorbar([trial.alone], [middle], yerr=spread, marker="o", capsize=4, label=label)
        axes.axhline(1.0, linewidth=1, linestyle=":")
        axes.set_xlabel("throughput of one prompt at a time, tokens/s")
        axes.set_ylabel("perplexity, times that of plain weights")
        axes.set_xlim(left=0)
        axes.legend()


def speculation(bench: Bench) -> list[tuple[str, float, float]]:
    """Compare drafts: acceptance, forwards and speed; return (name, acceptance, ratio)."""
    bench.report.step("speculative decoding: drafts against plain decoding")
    ours, new, prompts = bench.ours, bench.new, bench.single
    layers = ours.shape.layers
    drafts: dict[str, Llama | None] = {
        f"first {layers // 2} layers": first_layers(ours, layers // 2),
        f"first {layers - 3} layers": first_layers(ours, layers - 3),
        "prompt lookup": None,
    }
    if device().type == "cpu" and dtype() is torch.bfloat16:
        drafts["itself in int4, torch's kernel"] = fused(quantized(ours, 4))
    plain = one_by_one(lambda p: engine_batch(ours, p, new), prompts)
    counts: list[list[object]] = []
    speeds: list[list[object]] = []
    found = []
    for name, draft in drafts.items():
        told, seconds = speculative(ours, draft, prompts, new, GUESSES)
        proposed, accepted = sum(t.proposed for t in told), sum(t.accepted for t in told)
        share = accepted / proposed if proposed else 0.0
        forwards = sum(t.forwards for t in told)
        tokens = sum(len(t.tokens) for t in told)
        said = Answers([t.tokens for t in told], plain.times, plain.arrivals)
        counts.append(
            [name, proposed, share, tokens / forwards, expected_tokens(share, GUESSES),
             said.agreement(plain)]
        )  # fmt: skip
        ratio = tokens / seconds / plain.per_second
        speeds.append([name, tokens / seconds, ratio])
        found.append((name, share, ratio))
    columns = (
        "draft",
        "guesses",
        "acceptance",
        "tokens a forward",
        "(1-a^(K+1))/(1-a)",
        "same words",
    )
    bench.report.table(
        "speculation", columns, counts, f"Speculative decoding, K = {GUESSES}, greedy"
    )
    bench.report.table(
        "speculation_speed",
        ("draft", "tokens/s", "ratio to plain decoding"),
        [["none", plain.per_second, 1.0], *speeds],
        "The same, on the clock",
        timed=True,
    )
    return found
