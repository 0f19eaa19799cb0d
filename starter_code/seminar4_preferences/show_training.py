"""What the training half of the run shows: tables, figures and what the numbers say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .experiment import COLOURS, Report, interval
from .pairs import PairSet
from .run_training import (
    DPO_WEIGHTS,
    MENDED,
    ODDS,
    OVERDONE,
    RAW,
    TAUGHT,
    Aftermath,
    Lab,
    Trained,
    disturbed,
)


def show_pairs(report: Report, sets: Mapping[str, PairSet]) -> None:
    """Show how many pairs there are, why others are none, and the gap in length."""
    rows = [
        [name, len(s.pairs), *s.dropped.values(), s.length.mean, s.length.chosen_longer]
        for name, s in sets.items()
    ]
    reasons = list(next(iter(sets.values())).dropped)
    columns = ["rejected is by", "pairs", *reasons, "gap, words", "chosen longer, share"]
    report.table("pairs", columns, rows, "Pairs: a person's summary against the model's own")


def show_steps(report: Report, trained: Mapping[str, Trained]) -> None:
    """Show the losses and margins on the way, in a table and two figures."""
    rows = []
    for name, one in trained.items():
        if not one.checks:
            continue
        places = sorted({0, len(one.steps) // 2, len(one.steps) - 1})
        rows += [
            [name, s.step, s.loss, s.accuracy, s.margin, s.chosen_logp, s.rejected_logp]
            for s in (one.steps[place] for place in places)
        ]
        report.result(f"steps: {name}", [[s.loss, s.margin, s.chosen_worth] for s in one.steps])
    columns = ["training", "step", "loss", "accuracy", "margin", "log p chosen", "log p rejected"]
    title = "On the way (ORPO's log p are per token; means of a batch)"
    report.table("steps", columns, rows, title)
    with report.figure("margins", "Order of the pairs and quality of the text") as (_, axes):
        for colour, (name, one) in zip(COLOURS, trained.items(), strict=False):
            if one.checks:
                done, values = zip(*one.checks, strict=True)
                axes.plot(done, values, "o-", color=colour, label=f"ROUGE-L: {name}")
                seen = [np.mean([s.accuracy for s in one.steps[max(0, i - 3) : i + 1]])
                        for i in range(len(one.steps))]  # fmt: skip
                axes.plot(range(len(seen)), seen, ":", color=colour, label=f"accuracy: {name}")
        axes.set(xlabel="optimizer steps", ylabel="ROUGE-L; accuracy, mean of 4 steps")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(fontsize="x-small", ncols=2)
    title = "What DPO does to the log-probability of an answer"
    with report.figure("logps", title) as (_, axes):
        for colour, (name, beta) in zip(COLOURS, DPO_WEIGHTS.items(), strict=False):
            steps = trained[name].steps
            x = [s.step for s in steps]
            chosen = [s.chosen_worth / beta for s in steps]
            rejected = [(s.chosen_worth - s.margin) / beta for s in steps]
            axes.plot(x, chosen, color=colour, label=f"chosen: {name}")
            axes.plot(x, rejected, ":", color=colour, label=f"rejected: {name}")
        axes.set(xlabel="optimizer steps", ylabel="log π − log π_ref, nats, mean of a batch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(fontsize="small")


def _difference(lab: Lab, name: str, other: str) -> tuple[float, float, float]:
    """Return the mean paired difference in ROUGE-L of two models and its interval."""
    gaps = [a - b for a, b in zip(lab.scores[name], lab.scores[other], strict=True)]
    return (float(np.mean(gaps)), *interval(gaps, lab.setting.seed))


def show_quality(report: Report, lab: Lab, trained: Mapping[str, Trained]) -> None:
    """Show ROUGE-L on the test rows, with each model against the raw one."""
    rows = []
    for name, scores in lab.scores.items():
        low, high = interval(scores, lab.setting.seed)
        against = (None, None, None) if name == RAW else _difference(lab, name, RAW)
        kept = trained[name].kept if name in trained else 0
        rows.append([name, kept, float(np.mean(scores)), low, high, *against, lab.words[name]])
    human = float(np.mean([len(row["summary"].split()) for row in lab.rows.test]))
    rows.append(["(people)", None, None, None, None, None, None, None, human])
    columns = ["model", "steps", "ROUGE-L", "low", "high", "to raw", "low ", "high ", "words"]
    title = f"ROUGE-L on {len(lab.rows.test)} rows of unseen packages, 95 % intervals"
    report.table("quality", columns, rows, title)


def show_aftermath(report: Report, lab: Lab, after: Mapping[str, Aftermath]) -> None:
    """Show what the two DPO trainings did to their own pairs."""
    rows = []
    for name, found in after.items():
        rows.append(
            [
                name,
                found.accuracy,
                float(np.mean(found.chosen)),
                *interval(found.chosen, lab.setting.seed),
                float(np.mean(found.rejected)),
                *(found.rho or (None, None, None)),
                lab.words[name] - lab.words[RAW],
            ]
        )
    columns = ["model", "accuracy", "log p chosen", "low", "high", "log p rejected",
               "rho", "low ", "high ", "words more than raw"]  # fmt: skip
    title = (
        "DPO on its own pairs: change of log p in nats; rho: rank correlation of margin and length"
    )
    report.table("aftermath", columns, rows, title)


def show_robustness(report: Report, lab: Lab) -> None:
    """Ask the mended model, which is the one in memory, otherwise; then show what it costs."""
    found = disturbed(lab, MENDED)
    rows = []
    for name, scores in found.items():
        gaps = [a - b for a, b in zip(scores, found["as it is"], strict=True)]
        ends = (None, None) if name == "as it is" else interval(gaps, lab.setting.seed)
        rows.append([name, float(np.mean(scores)), float(np.mean(gaps)), *ends])
    columns = ["the prompt", "ROUGE-L", "difference", "low", "high"]
    report.table("robustness", columns, rows, f"Robustness of «{MENDED}» to how it is asked")


def read_training(
    report: Report, lab: Lab, trained: Mapping[str, Trained], after: Mapping[str, Aftermath]
) -> None:
    """Say what the training half's numbers say."""
    over = after[OVERDONE]
    mean, low, high = _difference(lab, OVERDONE, RAW)
    chosen = interval(over.chosen, lab.setting.seed)
    report.reading(
        f"DPO from the raw model starts at a loss of {trained[OVERDONE].steps[0].loss:.3f} (ln 2 = "
        f"0.693, and rounding) and ends with {over.accuracy:.0%} of its pairs in the right order. "
        f"ROUGE-L on unseen packages changes by {mean:+.3f} [{low:+.3f}, {high:+.3f}]: "
        f"{_direction(low, high)}.",
        f"Meanwhile the chosen answers' log-probability changes by {np.mean(over.chosen):+.1f} "
        f"[{chosen[0]:+.1f}, {chosen[1]:+.1f}] nats and the rejected ones' by "
        f"{np.mean(over.rejected):+.1f}: "
        + (
            "DPO rewards the gap, and the chosen answer pays for it, too."
            if chosen[1] < 0
            else "here the chosen answers did not pay for the gap."
        ),
    )
    for name, other in ((TAUGHT, RAW), (MENDED, TAUGHT), (MENDED, OVERDONE), (ODDS, RAW)):
        mean, low, high = _difference(lab, name, other)
        report.reading(
            f"«{name}» against «{other}»: {mean:+.3f} [{low:+.3f}, {high:+.3f}], "
            f"{_direction(low, high)}."
        )
    kept = trained[MENDED]
    report.reading(
        f"The stopped DPO kept the state after step {kept.kept}, of {len(kept.steps)} done"
        + (": by its checks it was best not to have begun." if kept.kept == 0 else ".")
    )
    for name, found in after.items():
        if found.rho is None:
            report.reading(f"«{name}» moved no pair apart, so length has nothing to go with.")
            continue
        rho, low, high = found.rho
        report.reading(
            f"Length and margin after «{name}»: rho {rho:+.2f} [{low:+.2f}, {high:+.2f}], "
            + ("length goes with it." if low > 0 or high < 0 else "no link is shown.")
        )


def _direction(low: float, high: float) -> str:
    """Return what an interval of a difference says."""
    return "a gain" if low > 0 else "a loss" if high < 0 else "no difference is shown"
