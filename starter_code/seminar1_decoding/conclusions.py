"""What the run may say: sentences chosen by intervals, never written beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .experiment import Report, interval
from .bench import BEAM, GREEDY, SAMPLERS, Answers, Bench, timed
from .task import Item, lead, rouge_l

ALONE = 8  # prompts that greedy decoding also answers one at a time
FORMS = {True: "chat", False: "plain"}  # with the chat template and without it

Found = Mapping[str, Mapping[str, Answers]]  # by form, by decoder
Interval = tuple[float, float]


def span(edges: Interval) -> str:
    """Return an interval as a table shows it."""
    return f"{edges[0]:.3f} to {edges[1]:.3f}"


def readings(
    report: Report, found: Found, gains: Mapping[str, Interval], worse: Mapping[str, int]
) -> None:
    """Choose what may be said by the intervals."""
    tried = {name: edges for name, edges in gains.items() if not name.startswith(GREEDY)}
    better = [name for name, (low, _) in tried.items() if low > 0]
    lower = [name for name, (_, high) in tried.items() if high < 0]
    count = len(found[FORMS[True]][GREEDY].quality)
    report.reading(
        f"Better than greedy with 95 % confidence each: {'; '.join(better) or 'none'}. Worse: "
        f"{'; '.join(lower) or 'none'}. Of the other {len(tried) - len(better) - len(lower)} of "
        f"{len(tried)} comparisons {count} prompts tell nothing."
    )
    for name in (GREEDY, BEAM):
        pairs = zip(*(found[form][name].quality for form in FORMS.values()), strict=True)
        edges = interval([a - b for a, b in pairs], report.setting.seed)
        report.reading(
            f"{name}: the chat template {verdict(edges)} (ROUGE-L {span(edges)}, paired)."
        )
    lost = sum(worse.values())
    report.reading(
        f"In {lost} of {2 * count} searches {BEAM} ended with an answer that is less likely by "
        "length than the greedy one"
        + (": «beam is at least greedy» is no theorem." if lost else "; it may, and did not here.")
    )
    noise, where = max(
        (found[form][name].stable["between_seeds"], f"{name}, {form}")
        for form in found
        for name in SAMPLERS
    )
    report.reading(
        f"Another seed alone moves a mean score by up to {noise:.3f} (standard deviation, "
        f"{where}): a smaller difference between two single runs is not the decoder's."
    )


def verdict(edges: Interval) -> str:
    """Say which way an interval of a gain lies."""
    if edges[0] > 0:
        return "helps"
    return "hurts" if edges[1] < 0 else "makes no difference that shows"


def against_lead(report: Report, found: Found, items: Sequence[Item]) -> None:
    """Say whether the model beats the first words of what it summarizes."""
    first = [rouge_l(lead(item), item["summary"]) for item in items]
    for name in (GREEDY, BEAM):
        quality = found[FORMS[True]][name].quality
        edges = interval([a - b for a, b in zip(quality, first, strict=True)], report.setting.seed)
        report.reading(
            f"Answering by {name} with the template instead of by the description's first 10 words "
            f"{verdict(edges)} (ROUGE-L {span(edges)}, paired)."
        )


def same_in_a_batch(report: Report, bench: Bench) -> str:
    """Answer some prompts alone and in a batch, and say how many answers are the same."""
    with timed(report, "greedy, one prompt at a time"):
        alone = [bench.greedy([row])[0] for row in bench.rows[:ALONE]]
        together = bench.greedy(bench.rows)[: len(alone)]
    same = sum(a == b for a, b in zip(alone, together, strict=True))
    report.result("greedy_alone_as_in_a_batch", {"same": same, "of": len(alone)})
    kind = str(bench.model.dtype).removeprefix("torch.")
    return f"Greedy answers to {same} of {len(alone)} prompts are the same alone and in a batch" + (
        f"; in {kind} they need not be."
        if same == len(alone)
        else f": in {kind} rounding depends on the batch's shape, and near ties turn on it."
    )
