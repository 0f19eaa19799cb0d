"""What the safety half of the run shows: tables, a figure and what the numbers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .experiment import Report, Setting
from .data import read_rows
from .red_team import PLAIN, bypass_rates, success_rates
from .refusals import Share, refusal_rate
from .run_safety import Verdicts, examine_classifier, flips
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
    report.result("typos_flip_verdict", float(np.mean(flips(found[RAW]))))
    with report.figure("refusals", "What is refused", height=3.2) as (_, axes):
        for turn, (name, kinds) in enumerate(rates.items()):
            places = [place + 0.25 * turn for place in range(len(kinds))]
            values = [s.value for s in kinds.values()]
            spread = [[s.value - s.low for s in kinds.values()],
                      [s.high - s.value for s in kinds.values()]]  # fmt: skip
            axes.errorbar(values, places, xerr=spread, fmt="o", capsize=3, label=name)
        kinds = rates[RAW]
        axes.set_yticks([place + 0.125 for place in range(len(kinds))], list(kinds))
        axes.set(xlabel="share refused, 95 % interval", xlim=(-0.03, 1.03))
        axes.invert_yaxis()
        axes.legend(fontsize="small")
    return rates


def show_attacks(report: Report, base: Verdicts, ids: Sequence[str]) -> None:
    """Show what the attacks bring, and the red team's log."""
    success, bypass = success_rates(base.harmful), bypass_rates(base.harmful)
    nothing = Share(0.0, 0.0, 1.0, 0)
    rows = [[name, *_cells(share), *_cells(bypass.get(name, nothing))]
            for name, share in success.items()]  # fmt: skip
    columns = ["attack", "answered", "low", "high", "of", "of those refused plainly",
               "low ", "high ", "of "]  # fmt: skip
    report.table("attacks", columns, rows, "Attacks on the raw model: answered means not refused")
    log = [[ids[a.prompt], a.attack, a.verdict, " ".join(a.reply.split())[:60]]
           for a in base.harmful]  # fmt: skip
    columns = ["prompt's id", "attack", "verdict", "how the reply begins"]
    report.table("red_team_log", columns, log, "The red team's log; the prompts stay in the data")


def read_safety(report: Report, base: Verdicts, rates: Mapping[str, Mapping[str, Share]]) -> None:
    """Say what the safety half's numbers say."""
    raw = rates[RAW]
    apart = raw["harmful"].low > raw["benign look-alikes"].high
    report.reading(
        f"The raw model refuses {_told(raw['harmful'])} of the harmful prompts and "
        f"{_told(raw['benign look-alikes'])} of the look-alikes: "
        + ("it tells them apart." if apart else "the intervals overlap, so it is not shown to tell "
           "them apart.")
        + f" Typos change the verdict on {np.mean(flips(base)):.0%} of the harmful prompts."
    )  # fmt: skip
    tuned = rates[MENDED]["harmful"]
    moved = tuned.high < raw["harmful"].low or tuned.low > raw["harmful"].high
    report.reading(
        f"After training on summaries alone it refuses {_told(tuned)}: "
        + ("training elsewhere moved its refusals." if moved else "no shift is shown.")
    )
    worst = max(bypass_rates(base.harmful).items(), key=lambda one: (one[1].low, one[0]))
    report.reading(
        f"Of what it refuses plainly, the attack «{worst[0]}» gets {_told(worst[1])} of "
        f"{worst[1].count} answered. "
        "Answered is not harmful: a model of this size mostly rambles, and nobody judged the use "
        "of its replies."
    )
