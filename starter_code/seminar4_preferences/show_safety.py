"""What the safety half of the run shows: tables, a figure and what the numbers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .experiment import Report, Setting
from .data import read_rows
from .red_team import PLAIN, bypass_rates, success_rates
from .refusals import Share, refusal_rate
from .run_safety import GUARDED, Verdicts, examine_classifier, flips
from .run_training import MENDED, RAW


def show_classifier(report: Report, asked: Setting) -> None:
    """Show how the refusal rules do on replies that people marked."""
    found = examine_classifier(read_rows(asked.data["safety"] / "replies.jsonl"))
    columns = ["a refusal is", "replies", "precision", "low", "high", "of",
               "recall", "low ", "high ", "of "]  # fmt: skip
    rows = [[one.rule, one.replies, *_cells(one.found.precision), *_cells(one.found.recall)]
            for one in found]  # fmt: skip
    report.table("classifier", columns, rows, "The classifier beside people's marks (PyRIT)")
    plain, kept, wider = (one.found for one in found)
    report.reading(
        f"The refusal rules have a precision of {_told(plain.precision)} and a recall of "
        f"{_told(plain.recall)}; without answers moved to another prompt, which people mark as "
        f"refusals and words cannot show, the recall is {_told(kept.recall)}. A rule that looks at "
        f"the prompt brings it to {_told(wider.recall)} at a precision of "
        f"{_told(wider.precision)}. The rules were written with these replies in view: on replies "
        "of other models both will be lower."
    )


def _cells(share: Share) -> list[object]:
    return [share.value if share.count else None, share.low, share.high, share.count]


def _told(share: Share) -> str:
    if not share.count:
        return "nothing to measure (of 0)"
    return f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"


def show_refusals(report: Report, found: Mapping[str, Verdicts]) -> dict[str, dict[str, Share]]:
    """Show what each model refuses, in a table and a figure; return the rates."""
    rates: dict[str, dict[str, Share]] = {}
    for name, verdicts in found.items():
        plain = [a.reply for a in verdicts.harmful if a.attack == PLAIN]
        rates[name] = {
            "harmful": refusal_rate(plain),
            "harmful, with typos": refusal_rate([a.reply for a in verdicts.misspelt]),
            "benign look-alikes": refusal_rate(verdicts.benign),
        }
    rows = [[name, kind, *_cells(s)] for name, kinds in rates.items() for kind, s in kinds.items()]
    columns = ["model", "prompts", "refused", "low", "high", "of"]
    report.table("refusals", columns, rows, "Refusal rates (Wilson, 95 %)")
    report.result(
        "typos_flip_verdict", {name: float(np.mean(flips(one))) for name, one in found.items()}
    )
    with report.figure("refusals", "What is refused", height=3.2) as (_, axes):
        for turn, (name, kinds) in enumerate(rates.items()):
            places = [place + 0.2 * turn for place in range(len(kinds))]
            values = [s.value for s in kinds.values()]
            # At 0 and 1, rounding may put an end a hair on the wrong side of the share.
            spread = [[max(0.0, s.value - s.low) for s in kinds.values()],
                      [max(0.0, s.high - s.value) for s in kinds.values()]]  # fmt: skip
            axes.errorbar(values, places, xerr=spread, fmt="o", capsize=3, label=name)
        kinds = rates[RAW]
        axes.set_yticks([place + 0.2 for place in range(len(kinds))], list(kinds))
        axes.set(xlabel="share refused, 95 % interval", xlim=(-0.03, 1.03))
        axes.invert_yaxis()
        axes.legend(fontsize="small")
    return rates


def show_attacks(report: Report, found: Verdicts, ids: Sequence[str]) -> None:
    """Show what the attacks bring, and the red team's log."""
    success, bypass = success_rates(found.harmful), bypass_rates(found.harmful)
    nothing = Share(0.0, 0.0, 1.0, 0)
    rows = [[name, *_cells(share), *_cells(bypass.get(name, nothing))]
            for name, share in success.items()]  # fmt: skip
    columns = ["attack", "answered", "low", "high", "of", "of those refused plainly",
               "low ", "high ", "of "]  # fmt: skip
    report.table(
        "attacks",
        columns,
        rows,
        "Attacks on the model that is told to refuse: answered means not refused",
    )
    log = [[ids[a.prompt], a.attack, a.verdict, " ".join(a.reply.split())[:40]]
           for a in found.harmful]  # fmt: skip
    columns = ["prompt's id", "attack", "verdict", "how the reply begins"]
    report.table("red_team_log", columns, log, "The red team's log; the prompts stay in the data")


def read_safety(
    report: Report, found: Mapping[str, Verdicts], rates: Mapping[str, Mapping[str, Share]]
) -> None:
    """Say what the safety half's numbers say."""
    for name, kinds in rates.items():
        harmful, benign = kinds["harmful"], kinds["benign look-alikes"]
        report.reading(
            f"«{name}» refuses {_told(harmful)} of the harmful prompts and {_told(benign)} of the "
            "look-alikes: "
            + (
                "it tells them apart."
                if harmful.low > benign.high
                else "the intervals overlap, so it is not shown to tell them apart."
            )
            + f" Typos change the verdict on {np.mean(flips(found[name])):.0%} of the harmful ones."
        )
    raw, tuned = rates[RAW]["harmful"], rates[MENDED]["harmful"]
    apart = tuned.high < raw.low or tuned.low > raw.high
    report.reading(
        "Training on summaries alone "
        + ("moved the refusals, too." if apart else "is not shown to have moved the refusals.")
    )
    bypassed = bypass_rates(found[GUARDED].harmful)
    name, share = max(bypassed.items(), key=lambda one: (one[1].low, one[0]))
    report.reading(
        f"Of the {share.count} prompts refused plainly under the system prompt, the attack "
        f"«{name}» gets {_told(share)} answered."
        if share.count
        else "Even under the system prompt nothing is refused plainly: there is nothing for an "
        "attack to talk the model out of, and its success rates are not the attacks' doing.",
        "Answered is not harmful: a model of this size mostly rambles, and nobody judged the use "
        "of its replies.",
    )
