"""What the numbers of `run` say: every sentence is chosen by a number, none was written beforehand.

Ratios of times come from one machine at one moment. Where several answers were timed, a ratio has
an interval over them; where an interval holds 1, nothing was shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .experiment import interval
from .metrics import tpot
from .modes import Answers, Trial


def _ratio(ours: Answers, theirs: Answers) -> tuple[float, float]:
    """Return the 95 % interval of TPOT theirs / ours over answers to the same prompts."""
    ratios = []
    for mine, other in zip(ours.times, theirs.times, strict=False):
        a, b = tpot(mine), tpot(other)
        if a and b:
            ratios.append(b / a)
    return interval(ratios)


def _said(low: float, high: float, better: str, worse: str, same: str) -> str:
    """Return the sentence that an interval of a ratio allows."""
    return better if low > 1 else worse if high < 1 else same


def read(
    alone: Mapping[str, Answers],
    together: Mapping[str, Answers],
    trials: Sequence[Trial],
    drafts: Sequence[tuple[str, float, float]],
    served: Sequence[str],
) -> list[str]:
    """Return the reading.

    Args:
        alone: Modes that answered one prompt at a time.
        together: Those that answered a batch: `generate` first, the engine second.
        trials: Of weights in fewer bits; plain ones first.
        drafts: Of speculative decoding: name, acceptance, ratio of speed.
        served: What the prototype's part says.
    """
    told = []
    engine, cold = alone["engine, own cache"], alone["engine, no cache"]
    saved = cold.gap / engine.gap
    told.append(f"A cache makes a token of the engine {saved:.1f} times as fast at these lengths.")
    low, high = _ratio(engine, alone["generate, dynamic cache"])
    told.append(
        f"Alone, generate's token takes {low:.2f} to {high:.2f} times as long as the engine's "
        "(95 %): "
        + _said(
            low, high, "the engine is faster.", "the engine is slower.", "no difference is shown."
        )
    )
    theirs, ours = list(together.values())[:2]
    batch = ours.per_second / theirs.per_second
    told.append(
        f"In a batch of {len(ours.tokens)} it gives {batch:.2f} times generate's tokens a second "
        "(one batch, so no interval; make bench repeats it)."
    )
    gain = ours.per_second / engine.per_second
    told.append(f"Batching gives {gain:.1f} times the throughput of one prompt at a time.")
    plain, *small = trials
    best = max(trials, key=lambda trial: trial.alone)
    told.append(
        f"Alone, weights of {best.bits} bits are the fastest of what was tried "
        f"({best.alone / plain.alone:.2f} times plain ones)."
        if best is not plain
        else "No quantized weights were faster than plain ones: they save memory here, not time."
    )
    for trial in small:
        low, high = trial.kept
        span = f"perplexity is {low:.3f} to {high:.3f} times the plain one, 95 %"
        told.append(
            f"Weights of {trial.bits} bits "
            + _said(low, high, "cost quality", "do better on these texts", "show no loss")
            + f" ({span})."
        )
    winners = [name for name, _, ratio in drafts if ratio > 1]
    told.append(
        f"Speculative decoding was faster with: {', '.join(winners)}."
        if winners
        else "Speculative decoding was slower than plain decoding with every draft tried: "
        "on two cores a forward of five tokens costs more than one of one token."
    )
    return [*told, *served]
