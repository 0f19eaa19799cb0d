"""The experiment of seminar 7: one model, many ways to run it; then the prototype, with what won.

    python -m reference.seminar7_inference.run --out DIR --model DIR --data summaries=DIR \
        --data documentation=DIR

Every mode answers the same prompts – descriptions of Python objects, to be summed up – greedily and
with the same number of tokens. Times are the clock's and stay outside the hash; tokens, forwards,
bytes and quality are the model's. A ratio is taken of modes timed in one run, and the reading gives
its interval over prompts where there are several.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from ..common import device, dtype, load_model, seed_everything
from ..experiment import Report, Setting, interval, setting
from .cache import Int8KVCache, KVCache, kv_bytes
from .kernels import fused, widened
from .model import Llama, extend, from_transformers
from .modes import (
    Answers,
    Prompts,
    Trial,
    best_in_a_batch,
    continuous,
    engine_batch,
    engine_uncached,
    first_layers,
    one_by_one,
    speculative,
    transformers_generate,
)
from .quantize import Int4Weight, Int8Weight, quantized
from .speculative import expected_tokens

PROMPTS = 16  # of the batch
SINGLE = 4  # of them are also answered alone
NEW = 24  # tokens of an answer
PROMPT_TOKENS = 120  # at most
UNCACHED = 2  # prompts without a cache: each token reads the whole text again
UNEVEN = 24  # requests of the scheduler's trial, of 4 to 32 tokens
WIDTHS = (1, 2, 4, 8, 16)  # rows that run together
TEXTS, TEXT_TOKENS = 24, 96  # of perplexity
WIDENING = 3  # tokens by the products that widen weights in sight: they are slow
GUESSES = 4


@dataclass(frozen=True)
class Bench:
    """What all parts need."""

    report: Report
    setting: Setting
    theirs: Any  # the transformers model
    tokenizer: Any
    ours: Llama
    prompts: list[list[int]]

    @property
    def single(self) -> list[list[int]]:
        """Return the prompts that are answered one at a time."""
        return self.prompts[: self.setting.scaled(SINGLE, 2)]

    @property
    def new(self) -> int:
        """Return the tokens of an answer."""
        return self.setting.scaled(NEW, 6)


def prompts_of(chosen: Setting, tokenizer: Any, count: int) -> list[list[int]]:
    """Return chat prompts that ask for a summary, of different lengths."""
    text = (chosen.data["summaries"] / "public.jsonl").read_text(encoding="utf-8")
    items = [json.loads(line) for line in text.splitlines()]
    prompts = []
    for item in items[:: max(1, len(items) // count)][:count]:
        asked = f"Sum up in one line what this does:\n{item['document']}"
        message = [{"role": "user", "content": asked}]
        whole = tokenizer.apply_chat_template(message, add_generation_prompt=True, tokenize=False)
        ids = tokenizer.encode(whole, add_special_tokens=False)
        # A long description loses its middle: the question and the turn's end stay.
        half = PROMPT_TOKENS // 2
        prompts.append(ids if len(ids) <= PROMPT_TOKENS else [*ids[:half], *ids[-half:]])
    return prompts


def row(name: str, answers: Answers) -> list[object]:
    """Return a mode's row of a table: tokens a second, TTFT and TPOT."""
    return [name, answers.per_second, 1000 * answers.first, 1000 * answers.gap]


COLUMNS = ("mode", "tokens/s", "TTFT, ms", "TPOT, ms")


def caches(bench: Bench) -> dict[str, Answers]:
    """Compare no cache with every kind of cache, one prompt at a time."""
    bench.report.step("one prompt at a time: no cache, and every kind of cache")
    theirs, ours, new = bench.theirs, bench.ours, bench.new

    def alone(mode: Callable[[Prompts], Answers], prompts: Prompts = bench.single) -> Answers:
        mode(prompts[:1])  # warm: the first call pays for what all share
        return one_by_one(mode, prompts)

    few = bench.single[:UNCACHED]
    found = {
        "generate, no cache": one_by_one(
            lambda p: transformers_generate(theirs, p, new, use_cache=False), few
        ),
        "engine, no cache": one_by_one(lambda p: engine_uncached(ours, p, new), few),
        "generate, dynamic cache": alone(lambda p: transformers_generate(theirs, p, new)),
        "engine, own cache": alone(lambda p: engine_batch(ours, p, new)),
        "generate, static cache": alone(
            lambda p: transformers_generate(theirs, p, new, cache_implementation="static")
        ),
        "engine, cache in int8": alone(lambda p: engine_batch(ours, p, new, Int8KVCache)),
    }
    rows = [row(name, answers) for name, answers in found.items()]
    bench.report.table("caches", COLUMNS, rows, "One prompt at a time", timed=True)
    plain = found["engine, own cache"]
    shape, tokens = ours.shape, max(map(len, bench.single)) + new
    sizes = {
        kind.__name__: kind(shape, 1, tokens, ours.embed.dtype, "cpu").bytes
        for kind in (KVCache, Int8KVCache)
    }
    bench.report.table(
        "cache_sizes",
        ("cache", "bytes for the longest text", "tokens as with the own cache"),
        [
            ["own", sizes["KVCache"], 1.0],
            ["own, int8", sizes["Int8KVCache"], found["engine, cache in int8"].agreement(plain)],
            ["generate, dynamic", None, found["generate, dynamic cache"].agreement(plain)],
            ["generate, static", None, found["generate, static cache"].agreement(plain)],
        ],
        f"What caches take, and whether they change words ({tokens} tokens)",
    )
    assert sizes["KVCache"] == kv_bytes(shape, tokens, ours.embed.dtype)
    bench.report.result("kv_bytes_a_token", kv_bytes(shape, 1, ours.embed.dtype))
    bench.report.result("quantized_cache_of_transformers", _quantized_cache(bench))
    return found


def _quantized_cache(bench: Bench) -> str:
    """Try transformers' own quantized cache, and say what came of it."""
    try:
        transformers_generate(
            bench.theirs,
            bench.single[:1],
            2,
            cache_implementation="quantized",
            cache_config={"backend": "quanto", "nbits": 4},
        )
    except ImportError:
        return "needs optimum-quanto or hqq, which are not installed"
    return "runs"


def batches(bench: Bench) -> dict[str, Answers]:
    """Compare static batches, and show what the number of rows trades."""
    bench.report.step("batches: generate against the engine, and one to sixteen rows")
    theirs, ours, new, prompts = bench.theirs, bench.ours, bench.new, bench.prompts
    transformers_generate(theirs, prompts[:2], 2)
    found = {
        f"generate, {len(prompts)} rows": transformers_generate(theirs, prompts, new),
        f"engine, {len(prompts)} rows": engine_batch(ours, prompts, new),
    }
    same = found[f"engine, {len(prompts)} rows"].agreement(found[f"generate, {len(prompts)} rows"])
    bench.report.result("batch_same_words_as_generate", same)
    curve = {
        width: continuous(ours, prompts, [max(4, new // 2)] * len(prompts), width)[0]
        for width in WIDTHS
        if width <= len(prompts)
    }
    rows = [row(name, answers) for name, answers in found.items()]
    rows += [row(f"scheduler, {width} rows", answers) for width, answers in curve.items()]
    bench.report.table(
        "batches", COLUMNS, rows, f"{len(prompts)} requests that arrive at once", timed=True
    )
    with bench.report.figure("tradeoff", "What batching trades") as (_, axes):
        axes.plot(
            [1000 * answers.gap for answers in curve.values()],
            [answers.per_second for answers in curve.values()],
            marker="o",
        )
        for width, answers in curve.items():
            axes.annotate(
                f"{width} row{'s' * (width > 1)}",
                (1000 * answers.gap, answers.per_second),
                textcoords="offset points",
                xytext=(8, -10),
            )
        axes.set_xlabel("time per output token, ms")
        axes.set_ylabel("throughput, tokens/s")
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
    return found


def uneven(bench: Bench) -> None:
    """Compare a static batch with continuous batching on answers of different lengths."""
    bench.report.step("continuous batching on uneven answers")
    count = bench.setting.scaled(UNEVEN, 8)
    made = torch.Generator().manual_seed(bench.setting.seed)
    limits = torch.randint(4, bench.setting.scaled(32, 8) + 1, (count,), generator=made).tolist()
    prompts = [bench.prompts[place % len(bench.prompts)] for place in range(count)]
    rows = max(2, min(8, count // 2))
    groups = [range(start, min(start + rows, count)) for start in range(0, count, rows)]
    static_forwards = sum(max(limits[place] for place in group) for group in groups)
    static_rows = sum(len(group) * max(limits[place] for place in group) for group in groups)
    static = 0.0
    for group in groups:
        longest = max(limits[place] for place in group)
        answers = engine_batch(bench.ours, [prompts[place] for place in group], longest)
        static += answers.times[0][-1] - answers.start
    told, scheduler = continuous(bench.ours, prompts, limits, rows)
    useful = sum(limits)
    bench.report.table(
        "uneven_counts",
        ("batching", "forwards", "rows computed", "tokens wanted"),
        [
            ["static", static_forwards, static_rows, useful],
            ["continuous", scheduler.forwards, useful, useful],
        ],
        f"{count} answers of {min(limits)} to {max(limits)} tokens, {rows} rows",
    )
    bench.report.table(
        "uneven",
        ("batching", "wanted tokens/s"),
        [["static", useful / static], ["continuous", told.per_second]],
        "The same, on the clock",
        timed=True,
    )


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
    title = "Speed of quantized weights, one prompt at a time and together"
    bench.report.table("quantization_speed", columns, told, title, timed=True)
    return trials


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


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and write the report."""
    # Of `generate` about flags that this seminar sets on purpose.
    warnings.filterwarnings("ignore", module="transformers")
    chosen = setting(__doc__ or "", argv)
    seed_everything(chosen.seed)
    report = Report(7, "inference: latency, throughput and what they cost", chosen)
    theirs, tokenizer = load_model(chosen.model)
    prompts = prompts_of(chosen, tokenizer, chosen.scaled(PROMPTS, 4))
    bench = Bench(report, chosen, theirs, tokenizer, from_transformers(theirs), prompts)
    report.budget(prompts=len(prompts), single=len(bench.single), new_tokens=bench.new)
    report.result("dtype", str(dtype()).removeprefix("torch."))
    alone = caches(bench)
    together = batches(bench)
    uneven(bench)
    trials = quantization(bench)
    drafts = speculation(bench)
    from .prototype import optimize  # needs seminar 6; everything above does not

    served = optimize(bench, best_in_a_batch(trials))
    from .reading import read

    report.reading(*read(alone, together, trials, drafts, served))
    report.finish()


if __name__ == "__main__":
    main()
