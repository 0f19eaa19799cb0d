"""The run's tables and figures. Each shows an interval where a number has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .comparison import Comparison, Interval
from .errors import Slice
from .qlora import Memory
from .training import History

if TYPE_CHECKING:
    from .experiment import Report
    from .trials import Recipe

MEGA = 2**20


def span(bounds: Interval, digits: int = 3) -> str:
    """Return an interval as text."""
    return f"{bounds[0]:.{digits}f} … {bounds[1]:.{digits}f}"


def quality(report: Report, pairs: Mapping[str, Comparison]) -> None:
    """Show accuracies, and each comparison of two systems."""
    first = pairs["LoRA against base model"]
    systems = {"base model": (first.base, first.base_interval)}
    for title, pair in pairs.items():
        systems.setdefault(title.partition(" against ")[0], (pair.adapted, pair.adapted_interval))
    report.table(
        "accuracy",
        ["system", "accuracy", "95 % interval"],
        [[name, share, span(bounds)] for name, (share, bounds) in systems.items()],
        f"Accuracy on {first.n} test headlines",
    )
    report.table(
        "comparison",
        ["comparison", "difference", "95 % interval, paired", "fixed", "broken", "p (McNemar)"],
        [
            [title, p.difference, span(p.difference_interval), p.fixed, p.broken, f"{p.p:.2g}"]
            for title, p in pairs.items()
        ],
        "Compared on the same headlines",
    )
    with report.figure("accuracy", "Accuracy on test headlines, 95 % intervals", height=3.2) as (
        _,
        axes,
    ):
        for place, (share, bounds) in enumerate(systems.values()):
            axes.errorbar(share, place, xerr=_arms(share, bounds), fmt="o", capsize=4)
        axes.set_yticks(range(len(systems)), list(systems))
        axes.invert_yaxis()
        axes.set_xlabel("share of right answers")


def _arms(value: float, bounds: Interval) -> list[list[float]]:
    """Return the lengths of an error bar's arms."""
    return [[max(0.0, value - bounds[0])], [max(0.0, bounds[1] - value)]]


def english(
    report: Report,
    perplexities: Mapping[str, float],
    grown: Mapping[str, tuple[float, Interval]],
) -> None:
    """Show the perplexity on plain English, and how many times the base model's it is."""
    rows: list[list[object]] = []
    for name, value in perplexities.items():
        ratio = grown.get(name)
        rows.append(
            [name, value, ratio[0] if ratio else None, span(ratio[1]) if ratio else "reference"]
        )
    report.table(
        "forgetting",
        ["model", "perplexity", "times the base model's", "95 % interval"],
        rows,
        "What is forgotten: perplexity on plain English sentences",
    )


def sweep(report: Report, found: Sequence[tuple[Recipe, int, float, tuple[float, float]]]) -> None:
    """Show the sweep over ranks and layers."""
    report.table(
        "sweep",
        ["recipe", "layers", "rank", "trainable", "accuracy", "95 % interval"],
        [
            [recipe.name, recipe.kinds, recipe.rank, count, share, span(bounds)]
            for recipe, count, share, bounds in found
        ],
        "Rank and layers, a few steps each, on held-out headlines",
    )
    with report.figure("sweep", "Rank and layers: accuracy after a few steps") as (_, axes):
        for recipe, count, share, bounds in found:
            axes.errorbar(
                count,
                share,
                yerr=_arms(share, bounds),
                fmt="o",
                capsize=4,
                label=f"r = {recipe.rank}: {recipe.kinds}",
            )
        axes.set_xscale("log")
        axes.set_xlabel("trainable parameters")
        axes.set_ylabel("accuracy, 95 % interval")
        axes.legend()


def losses(report: Report, curves: Mapping[str, History]) -> None:
    """Show both losses over the steps, and what the best look saves."""
    report.table(
        "gap",
        ["training", "step", "train loss", "held-out loss", "gap"],
        [
            [name, look.step, look.train, look.held_out, look.gap]
            for name, history in curves.items()
            for look in history.looks
        ],
        "Train and held-out loss (nats an answer), both in eval mode",
    )
    with report.figure("losses", "Learning, and learning by heart") as (_, axes):
        for place, (name, history) in enumerate(curves.items()):
            steps = [look.step for look in history.looks]
            colour = f"C{place}"
            axes.plot(steps, [look.train for look in history.looks], "--", color=colour)
            axes.plot(
                steps, [look.held_out for look in history.looks], "-", color=colour, label=name
            )
            best = history.best
            axes.plot(best.step, best.held_out, "o", color=colour)
        axes.set_xlabel("steps of the optimizer (dashed: train, solid: held-out, dot: kept)")
        axes.set_ylabel("loss, nats an answer")
        axes.set_yscale("log")
        axes.legend()


def memory(report: Report, takes: Mapping[str, tuple[Memory, int | None]]) -> None:
    """Show what training takes, in MiB; activations of one batch where they were counted."""
    columns = [
        "training",
        "frozen weights",
        "trainable",
        "gradients",
        "AdamW",
        "sum",
        "activations",
    ]
    rows: list[list[Any]] = []
    for name, (taken, activations) in takes.items():
        parts = (taken.weights, taken.adapters, taken.gradients, taken.optimizer, taken.total)
        kept = None if activations is None else round(activations / MEGA, 1)
        rows.append([name, *(round(part / MEGA, 2) for part in parts), kept])
    report.table("memory", columns, rows, "Memory of training, MiB (activations: one batch)")
    with report.figure("memory", "Memory of training, without activations", height=3.2) as (
        _,
        axes,
    ):
        left = [0.0] * len(rows)
        for place, part in enumerate(columns[1:5], start=1):
            sizes = [float(row[place]) for row in rows]
            axes.barh([row[0] for row in rows], sizes, left=left, label=part)
            left = [a + b for a, b in zip(left, sizes, strict=True)]
        axes.invert_yaxis()
        axes.set_xlabel("MiB")
        axes.legend()


def errors(
    report: Report,
    parts: Sequence[Slice],
    confidence: Sequence[tuple[str, int, float]],
    worst: Sequence[tuple[str, str, float]],
) -> None:
    """Show where LoRA errs, how sure it is, and what it was surest and wrong about."""
    report.table(
        "slices",
        ["headlines with", "n", "satire", "base", "LoRA", "95 % interval"],
        [[s.name, s.n, s.sarcastic, s.base, s.adapted, span(s.interval)] for s in parts],
        "Accuracy by what the headline looks like, the worst first",
    )
    report.table(
        "confidence",
        ["margin of LoRA", "n", "accuracy"],
        [list(row) for row in confidence],
        "Is it right when it is sure?",
    )
    report.table(
        "worst",
        ["headline", "is", "margin for satire"],
        [list(row) for row in worst],
        "The surest errors",
    )
