"""Run seminar 1: take the model apart, then put sampling against beam search on real prompts.

    python -m reference.seminar1_decoding.run --out DIR --model DIR --data summaries=DIR

Two questions. What is this model made of: parameters, tokens, doubt? And what does a decoder
change: quality against human summaries, diversity of several answers to one prompt, stability over
seeds, each with the chat template and without it? Every interval resamples *prompts*, for those
are what the run drew from the world; seeds are averaged first.

Left out: a sweep over temperatures, and people's judgement. ROUGE-L rewards the words of one human
summary; a good answer in other words scores low.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import torch

from .common import dtype, load_model, seed_everything
from .experiment import Report, interval, setting
from .bench import BEAM, BEAMS, DECODERS, GREEDY, NEW_TOKENS, SAMPLERS, Bench, timed
from .conclusions import (
    FORMS,
    Found,
    Interval,
    against_lead,
    readings,
    same_in_a_batch,
    span,
)
from .dissect import NOTICE, next_token_entropy, parameter_parts, token_costs
from .measures import distinct_n, self_bleu
from .task import Item, lead, left_padded, load_items, rouge_l

PROMPTS = 18
SEEDS = 4  # draws of each sampler
ENTROPY_TEXTS = 24
ENTROPY_TOKENS = 64

QUALITY = ("prompt", "decoder", "ROUGE-L", "95 %", "gain", "95 %", "nats/token", "ended %")
DIVERSITY = (
    "prompt",
    "decoder",
    "distinct-2",
    "self-BLEU",
    "95 %",
    "SD seeds",
    "SD prompt",
    "same",
)


def dissect(report: Report, model: Any, tokenizer: Any, items: Sequence[Item]) -> None:
    """Show what the model is made of: parameters, tokens by language, doubt by position."""
    parts = parameter_parts(model)
    whole = sum(parts.values())
    report.table(
        "parameters",
        ["part", "parameters", "share, %"],
        [[part, count, 100 * count / whole] for part, count in parts.items()],
        f"Where {whole / 1e6:.1f} million parameters are (the head shares the embedding's)",
    )
    with report.figure("parameters", "Parameters by part", height=2.6) as (_, axes):
        axes.barh(list(parts)[::-1], [count / 1e6 for count in parts.values()][::-1])
        axes.set_xlabel("parameters, millions")
    costs = token_costs(tokenizer, NOTICE)
    english = costs["English"]["tokens"]
    report.table(
        "tokens",
        ["text", "tokens", "characters", "UTF-8 bytes", "tokens per character", "times English"],
        [[name, *cost.values(), cost["tokens"] / english] for name, cost in costs.items()],
        "One notice in several languages, in tokens",
    )
    with report.figure("tokens", "The same notice in tokens", height=3.2) as (_, axes):
        axes.barh(list(costs)[::-1], [cost["tokens"] for cost in costs.values()][::-1])
        axes.set_xlabel("tokens")
    entropy(report, model, tokenizer, items)


def entropy(report: Report, model: Any, tokenizer: Any, items: Sequence[Item]) -> None:
    """Show how the doubt about the next token falls as the context grows."""
    texts = [item["document"] for item in items[: report.setting.scaled(ENTROPY_TEXTS, 4)]]
    rows = [
        tokenizer(text, add_special_tokens=False)["input_ids"][:ENTROPY_TOKENS] for text in texts
    ]
    ids, mask = left_padded(rows, tokenizer.pad_token_id)
    bits = next_token_entropy(model, ids.to(model.device), mask.to(model.device)).cpu()
    by_place: list[list[float]] = [[] for _ in range(ENTROPY_TOKENS)]
    for row, doubt in zip(rows, bits.tolist(), strict=True):
        for place, value in enumerate(doubt[-len(row) :]):
            by_place[place].append(value)
    groups = [(1, 1), (2, 4), (5, 8), (9, 16), (17, 32), (33, ENTROPY_TOKENS)]
    cells = []
    for first, last in groups:
        values = [value for place in by_place[first - 1 : last] for value in place]
        if values:
            cells.append([f"{first}-{last}", fmean(values), len(values)])
    report.table(
        "entropy",
        ["tokens read", "bits", "positions"],
        cells,
        f"Entropy of the next token in documentation (at most {_log2(len(tokenizer)):.1f} bits)",
    )
    several = [values for values in by_place if len(values) > 2]  # an interval of two says nothing
    edges = [interval(values, report.setting.seed) for values in several]
    with report.figure("entropy", "Doubt about the next token") as (_, axes):
        places = range(1, len(several) + 1)
        axes.plot(places, [fmean(values) for values in several], label="mean over texts")
        low, high = zip(*edges, strict=True)
        axes.fill_between(places, low, high, alpha=0.25, label="95 % interval")
        axes.set_xlabel("tokens read")
        axes.set_ylabel("entropy, bits")
        axes.legend()


def _log2(number: int) -> float:
    return float(torch.log2(torch.tensor(float(number))))


def quality(report: Report, found: Found, items: Sequence[Item]) -> dict[str, Interval]:
    """Show quality by decoder and form; return each decoder's gain on greedy, as intervals."""
    seed = report.setting.seed
    rows, gains, marks = [], {}, []
    for form, decoders in found.items():
        base = decoders[GREEDY].quality
        for name in DECODERS:
            answers = decoders[name]
            low, high = interval(answers.quality, seed)
            gain = [a - b for a, b in zip(answers.quality, base, strict=True)]
            gains[f"{name}, {form}"] = interval(gain, seed)
            ended = fmean(share for run in answers.ended for share in run)
            scores = [fmean(answers.quality), span((low, high))]
            scores += (
                [fmean(gain), span(gains[f"{name}, {form}"])] if name != GREEDY else [None] * 2
            )
            rows.append([form, name, *scores, fmean(answers.nats), round(100 * ended)])
            report.result(f"rouge_l, {name}, {form}", answers.quality)
            marks.append((f"{name}, {form}", fmean(answers.quality), low, high))
    first = [rouge_l(lead(item), item["summary"]) for item in items]
    rows.append(["", "first 10 words", fmean(first), span(interval(first, seed)), *[None] * 4])
    report.result("rouge_l, first 10 words", first)
    report.table(
        "quality",
        QUALITY,
        rows,
        f"Quality on {len(items)} prompts; gain on greedy, paired; 95 % intervals over prompts",
    )
    with report.figure("quality", "Quality by decoder", height=4.6) as (_, axes):
        for place, (_, mean, low, high) in enumerate(reversed(marks)):
            axes.errorbar(
                mean, place, xerr=[[mean - low], [high - mean]], fmt="o", capsize=3,
                color=f"C{place < len(DECODERS):d}",
            )  # fmt: skip
        axes.axvline(fmean(first), linestyle="--", linewidth=1, color="C2", label="first 10 words")
        axes.set_yticks(range(len(marks)), [label for label, *_ in reversed(marks)], fontsize=7)
        axes.set_xlabel("ROUGE-L F1 with 95 % interval")
        axes.legend(loc="lower right")
    return gains


def diversity(report: Report, found: Found) -> None:
    """Show how answers to one prompt differ, and how far scores depend on the seed."""
    rows = []
    with report.figure("diversity", "Quality against diversity") as (_, axes):
        for form, decoders in found.items():
            points = []
            for name in SAMPLERS:
                answers = decoders[name]
                by_prompt = list(zip(*answers.texts, strict=True))
                alike = [self_bleu(texts) for texts in by_prompt]
                distinct = fmean(distinct_n(texts, 2) for texts in by_prompt)
                stable = answers.stable
                edges = interval(alike, report.setting.seed)
                spread = [stable[key] for key in ("between_seeds", "within_prompt", "agreement")]
                rows.append([form, name, distinct, fmean(alike), span(edges), *spread])
                points.append((1 - fmean(alike), fmean(answers.quality), name))
            axes.scatter(*zip(*((x, y) for x, y, _ in points), strict=True), label=form)
            for x, y, name in points:
                axes.annotate(name, (x, y), textcoords="offset points", xytext=(4, 4), fontsize=7)
        axes.set_xlabel("1 - self-BLEU of the answers to one prompt")
        axes.set_ylabel("ROUGE-L F1")
        axes.margins(x=0.25)
        axes.legend()
    report.table(
        "diversity",
        DIVERSITY,
        rows,
        "Answers to one prompt: diversity, and how far ROUGE-L depends on the seed: standard "
        "deviation of means between seeds, and of one prompt's score (greedy and beam have none)",
    )


def likelihood(report: Report, found: Found) -> dict[str, int]:
    """Show whether beam search found likelier answers than greedy; return where it found less."""
    worse, rows = {}, []
    for form, decoders in found.items():
        beam, plain = decoders[BEAM], decoders[GREEDY]
        gains = [b - g for b, g in zip(beam.nats, plain.nats, strict=True)]
        worse[form] = sum(gain < -1e-3 for gain in gains)
        equal = sum(abs(gain) <= 1e-3 for gain in gains)
        edges = span(interval(gains, report.setting.seed))
        rows.append([form, fmean(gains), edges, equal, worse[form]])
    report.table(
        "likelihood",
        ["prompt", "nats/token", "95 %", "as greedy", "less likely"],
        rows,
        f"Log-probability by length, beam {BEAMS} less greedy: what the search maximizes",
    )
    return worse


def main(argv: Sequence[str] | None = None) -> None:
    """Run the experiment within its budget."""
    told = setting("Seminar 1: sampling against beam search.", argv)
    report = Report(1, "Dissecting a ready model; sampling against beam search", told)
    seed_everything(told.seed)
    prompts, count = told.scaled(PROMPTS, 3), told.scaled(SEEDS, 2)
    report.budget(prompts=prompts, seeds=count, new_tokens=NEW_TOKENS, beams=BEAMS)
    model, tokenizer = load_model(told.model)
    report.result("precision", str(dtype()).removeprefix("torch."))
    items = load_items(told.data["summaries"], max(prompts, ENTROPY_TEXTS), told.seed)
    with timed(report, "dissection"):
        dissect(report, model, tokenizer, items)
    items = items[:prompts]
    seeds = [told.seed + i for i in range(count)]
    found = {}
    for templated, form in FORMS.items():
        bench = Bench(model, tokenizer, items, templated)
        found[form] = bench.answers(seeds, report, form)
        if templated:
            about_batches = same_in_a_batch(report, bench)
    gains = quality(report, found, items)
    diversity(report, found)
    worse = likelihood(report, found)
    report.table(
        "examples",
        ["decoder", "answer"],
        [
            ["human", items[0]["summary"]],
            *([name, found[FORMS[True]][name].texts[0][0]] for name in DECODERS),
        ],
        f"Answers about {items[0]['package']}.{items[0]['name']}, chat template",
    )
    readings(report, found, gains, worse)
    against_lead(report, found, items)
    report.reading(about_batches)
    report.finish()


if __name__ == "__main__":
    main()
