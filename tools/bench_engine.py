"""What seminar 7's own engine buys over transformers' `generate`, and what speculation gives.

`rows` gives what `tools/bench.py` writes; run alone (``python -m tools.bench_engine``) it prints
the same rows. Both sides are the same weights in the same number format, greedy, with the same
number of new tokens; they take turns, and each ratio is of the medians. Answers are compared: where
a float32 run differs, the program ends; in bfloat16 the share of equal words is told.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graders.assets import ensure_data, ensure_model
from reference.common import PRESETS, device, dtype, load_model
from reference.experiment import Setting
from reference.seminar7_inference.bench import prompts_of
from reference.seminar7_inference.kernels import fused
from reference.seminar7_inference.model import from_transformers
from reference.seminar7_inference.modes import (
    Answers,
    engine_batch,
    first_layers,
    speculative,
    transformers_generate,
)
from reference.seminar7_inference.quantize import quantized

TIMES = 5  # each side, in turns
NEW = {1: 32, 16: 24}  # tokens of an answer by rows
GUESSES = 2
SPOKEN = 4  # prompts of the speculation


def _seconds(answers: Answers) -> float:
    return answers.times[0][-1] - answers.start


def _medians(*sides: Callable[[], float]) -> list[float]:
    """Return each side's median over turns, after one that warms up."""
    for side in sides:
        side()
    turns = [[side() for side in sides] for _ in range(TIMES)]
    return [statistics.median(column) for column in zip(*turns, strict=True)]


def _row(name: str, ours: float, other: float, unit: str, against: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours": round(ours, 3),
        "other": round(other, 3),
        "ratio": round(other / ours, 2),
        "unit": unit,
        "against": against,
        "command": "make bench",
    }


def rows() -> list[dict[str, Any]]:
    """Measure, and return the rows of the engine and of speculative decoding."""
    folder = ensure_model(PRESETS["cpu"].model, print)
    theirs, tokenizer = load_model(folder)
    ours = from_transformers(theirs)
    data = {"summaries": ensure_data("summaries", print)}
    setting = Setting(folder, data, None, Path(), 20, 1.0)
    prompts = prompts_of(setting, tokenizer, max(NEW))
    kind = str(dtype()).removeprefix("torch.")
    found = []
    for size, new in NEW.items():
        some = prompts[:size]
        width = sum(map(len, some)) // size
        same = engine_batch(ours, some, new).agreement(transformers_generate(theirs, some, new))
        if same < 1 and kind == "float32":
            sys.exit(f"bench: only {same:.0%} of the engine's words are those of generate")
        mine, other = _medians(
            lambda some=some, new=new: _seconds(engine_batch(ours, some, new)),
            lambda some=some, new=new: _seconds(transformers_generate(theirs, some, new)),
        )
        scale = 1000 / (size * new)
        told = (
            f"transformers' generate in {kind} on {device().type}: milliseconds a token, prefill "
            f"included; {size} prompts of about {width} tokens, {new} new tokens each; {same:.0%} "
            f"of words before the first difference; medians of {TIMES} turns"
        )
        name = f"engine_vs_generate_b{size}"
        found.append(_row(name, mine * scale, other * scale, "ms", told))
    return [*found, *_speculation(ours, prompts[:SPOKEN], kind)]


def _speculation(ours: Any, prompts: list[list[int]], kind: str) -> list[dict[str, Any]]:
    """Return the rows of speculative decoding against plain decoding by the same engine."""
    quick = device().type == "cpu" and kind == "bfloat16"
    # Where torch has kernels for four bits, the best draft is the model itself in four bits.
    draft = fused(quantized(ours, 4)) if quick else first_layers(ours, ours.shape.layers - 3)
    name = "itself in int4 (torch's kernel)" if quick else "its own layers but the last three"
    new = NEW[1]

    def plain() -> float:
        return sum(_seconds(engine_batch(ours, [prompt], new)) for prompt in prompts)

    mine, other = _medians(lambda: speculative(ours, draft, prompts, new, GUESSES)[1], plain)
    told, _ = speculative(ours, draft, prompts, new, GUESSES)
    tokens = sum(len(one.tokens) for one in told)
    proposed, accepted = sum(one.proposed for one in told), sum(one.accepted for one in told)
    forwards = sum(one.forwards for one in told)
    what = f"draft: {name}, K = {GUESSES}, greedy, {len(prompts)} prompts of {new} new tokens"
    ratio = _row(
        "speculative_ratio",
        1000 * mine / tokens,
        1000 * other / tokens,
        "ms",
        f"the same engine without a draft, milliseconds a token; {what}",
    )
    share = {
        **_row("speculative_acceptance", proposed, accepted, "n", ""),
        "against": f"guesses made (ours) and kept (other); {tokens / forwards:.2f} tokens for each "
        f"forward of the target; {what}",
    }
    return [ratio, share]


def main() -> None:
    """Print the rows."""
    print(json.dumps(rows(), indent=2))


if __name__ == "__main__":
    main()
