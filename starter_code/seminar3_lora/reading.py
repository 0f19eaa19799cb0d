"""What the numbers say. Every sentence is chosen by an interval, none was written beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .comparison import Comparison, Interval
from .qlora import Memory
from .training import History

if TYPE_CHECKING:
    from .trials import Recipe

MEGA = 2**20


def quality(pairs: Mapping[str, Comparison]) -> list[str]:
    """Say of each comparison which one is better, or that these items cannot tell."""
    told = []
    for title, pair in pairs.items():
        low, high = pair.difference_interval
        bounds = f"{100 * low:+.1f} … {100 * high:+.1f}"
        if low > 0:
            verdict = f"better by {100 * pair.difference:.1f} points"
        elif high < 0:
            verdict = f"worse by {-100 * pair.difference:.1f} points"
        else:
            verdict = f"not told apart by {pair.n} headlines ({100 * pair.difference:+.1f} points)"
        told.append(
            f"{title}: {verdict} (95 % interval {bounds}); "
            f"{pair.fixed} answers fixed, {pair.broken} broken, p = {pair.p:.2g}."
        )
    return told


def sweep(found: Sequence[tuple[Recipe, int, float, Interval]]) -> list[str]:
    """Say whether the best recipe stands out from the others."""
    best = max(found, key=lambda one: one[2])
    apart = [one[0].name for one in found if one is not best and one[3][1] < best[3][0]]
    start = f"In the sweep {best[0].name} ({best[0].kinds}) comes out first with {best[2]:.3f}"
    if len(apart) == len(found) - 1:
        return [f"{start}, and its interval lies above all others."]
    if apart:
        return [f"{start}; its interval lies above {', '.join(apart)} only."]
    return [
        f"{start}, but the intervals of all recipes overlap: so few steps and headlines do not "
        "tell rank or layers apart, and the smallest adapter is the sensible choice."
    ]


def forgetting(grown: Mapping[str, tuple[float, Interval]]) -> list[str]:
    """Say of each model whether it is worse at plain English than the base model."""
    told = []
    for name, (ratio, (low, high)) in grown.items():
        bounds = f"{low:.3f} … {high:.3f}"
        if low > 1:
            verdict = "has grown: something was forgotten, or rounded away"
        elif high < 1:
            verdict = "has even fallen"
        else:
            verdict = "has not measurably changed"
        told.append(
            f"{name}: perplexity on plain English {verdict}, {ratio:.3f} times the base model's "
            f"({bounds})."
        )
    return told


def overfitting(curves: Mapping[str, History]) -> list[str]:
    """Say where the gap opened, and what keeping the best adapter saved."""
    told = []
    for name, history in curves.items():
        best, last = history.best, history.looks[-1]
        gap = f"the gap at the end is {last.gap:.2f} nats"
        if best.step < last.step and last.held_out > 1.05 * best.held_out:
            told.append(
                f"{name}: held-out loss is lowest at step {best.step} ({best.held_out:.2f}) and "
                f"{last.held_out:.2f} at the end; {gap}. The adapter of step {best.step} was kept."
            )
        else:
            told.append(f"{name}: no overfitting seen in {last.step} steps; {gap}.")
    return told


def memory(takes: Mapping[str, tuple[Memory, int]], same: tuple[float, float]) -> list[str]:
    """Say what QLoRA saves, and what it does not."""
    (lora, kept), (qlora, kept_by_qlora) = takes["LoRA"], takes["QLoRA"]
    saved, share = (lora.total - qlora.total) / MEGA, qlora.weights / lora.weights
    told = [
        f"QLoRA needs {saved:.0f} MiB less than LoRA: its frozen weights take {share:.0%} of the "
        "room, with the embeddings, which stay as they are."
    ]
    sizes = f"{kept / MEGA:.0f} MiB with LoRA and {kept_by_qlora / MEGA:.0f} MiB with QLoRA"
    verdict = "more than all the rest of QLoRA" if kept_by_qlora > qlora.total else "less than that"
    told.append(f"Activations of one batch take {sizes}: {verdict}.")
    share_same, moved = same
    told.append(
        f"Merged into plain weights, LoRA gives the same answer on {share_same:.0%} of the "
        f"headlines tried; rounding moves a margin by {moved:.2f} at most."
    )
    return told
