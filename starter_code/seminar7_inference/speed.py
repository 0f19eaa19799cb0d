"""The clock's part of the experiment: caches, batches, and answers of uneven length."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .bench import COLUMNS, Bench, row
from .cache import Int8KVCache, KVCache, kv_bytes
from .modes import (
    Answers,
    Prompts,
    continuous,
    engine_batch,
    engine_uncached,
    one_by_one,
    transformers_generate,
)

UNCACHED = 2  # prompts without a cache: each token reads the whole text again
UNEVEN = 24  # requests of the scheduler's trial, of 4 to 32 tokens
WIDTHS = (1, 2, 4, 8, 16)  # rows that run together


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
    _bars(bench, found)
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


def _bars(bench: Bench, found: dict[str, Answers]) -> None:
    """Draw each mode's time per token beside its time to the first one."""
    names = list(found)[::-1]
    with bench.report.figure("modes", "One prompt at a time: latency by mode") as (figure, axes):
        for shift, (label, seconds) in enumerate(
            (
                ("per token after it (TPOT)", [found[name].gap for name in names]),
                ("to the first token (TTFT)", [found[name].first for name in names]),
            )
        ):
            places = [place + 0.4 * shift - 0.2 for place in range(len(names))]
            axes.barh(places, [1000 * value for value in seconds], height=0.38, label=label)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("time, ms")
        figure.legend(loc="outside lower center", ncols=2)


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
