"""Second part of the run: fine-tune the small model, and look at what it writes before and after.

The test set comes from packages that nobody trained on. Both models answer the same items, so the
difference is taken item by item and resampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .cleaning import Row
from .sequences import collate_packed, pack
from .supervised import (
    LENGTH,
    encode,
    generate,
    learn,
    mean_loss,
    packed_batches,
    question,
    train_upper,
)
from .taxonomy import LABELS, Answer, count, diagnose, examples

if TYPE_CHECKING:
    from .experiment import Report

BLOCKS = 10  # of 30, from the top
ROWS = 4  # packed rows of a step, about eight conversations
RATE = 3e-4
SHOWN = 5  # answers printed before and after


def fine_tune(
    report: Report,
    model: Any,
    tokenizer: Any,
    parts: dict[str, Sequence[Row]],
    config: dict[str, Any],
) -> dict[str, list[tuple[int, float]]]:
    """Train the model's upper blocks on ``parts["train"]``; draw and return the loss curves.

    Args:
        report: Gets the figure.
        model: The base model in float32; trained in place.
        tokenizer: Its tokenizer.
        parts: ``train`` and ``validation`` rows.
        config: ``steps`` and ``dtype``.
    """
    encoded = {name: [encode(tokenizer, row) for row in parts[name]] for name in parts}
    # A text of few long words may have many tokens. It is left out, and that is told.
    learned, examined = (
        [example for example in encoded[name] if len(example["input_ids"]) <= LENGTH]
        for name in ("train", "validation")
    )
    left_out = sum(map(len, encoded.values())) - len(learned) - len(examined)
    report.result("sft_left_out_too_long", left_out)
    pad = tokenizer.pad_token_id
    checks = pack(examined, LENGTH)
    checking = [
        {n: t.to(model.device) for n, t in collate_packed(checks[at : at + ROWS], pad).items()}
        for at in range(0, len(checks), ROWS)
    ]
    trained = train_upper(model, BLOCKS)
    report.result("sft_trained_parameters", sum(p.numel() for p in trained))
    report.result(
        "sft_tokens",
        {
            "mean_example": sum(len(e["input_ids"]) for e in learned) / len(learned),
            "mean_targets": sum(label >= 0 for e in learned for label in e["labels"])
            / len(learned),
        },
    )
    curves = learn(
        model,
        packed_batches(learned, ROWS, pad, LENGTH, report.setting.seed),
        {
            **config,
            "lr": RATE,
            "weight_decay": 0.01,
            "microbatches": 1,
            "validate_every": max(1, config["steps"] // 4),
        },
        lambda: mean_loss(model, checking, config["dtype"]),
    )
    with report.figure("sft", "Fine-tuning on summaries") as (_, axes):
        axes.plot(*zip(*curves["train"], strict=True), linewidth=1, alpha=0.6, label="train")
        axes.plot(*zip(*curves["validation"], strict=True), marker="o", label="validation")
        axes.set_xlabel(f"steps of {ROWS} packed rows of {LENGTH} tokens")
        axes.set_ylabel("loss, nats per target token")
        axes.legend()
    report.result(
        "sft_curves", {name: [list(p) for p in points] for name, points in curves.items()}
    )
    return curves


def answers(model: Any, tokenizer: Any, rows: Sequence[Row]) -> list[Answer]:
    """Return the model's greedy answers with their ROUGE-L (Lin 2004), by the library."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"])
    made = generate(model, tokenizer, rows)
    return [
        Answer(
            text=text,
            ended=ended,
            source=question(row)[1]["content"],
            reference=row["summary"],
            rouge=float(scorer.score(row["summary"], text)["rougeL"].fmeasure),
        )
        for row, (text, ended) in zip(rows, made, strict=True)
    ]


def leading_words(rows: Sequence[Row], number: int = 10) -> list[float]:
    """Return ROUGE-L of a baseline without any model: the document's first words."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"])
    heads = (" ".join(row["text"].split()[:number]) for row in rows)
    return [
        float(scorer.score(row["summary"], head)["rougeL"].fmeasure)
        for row, head in zip(rows, heads, strict=True)
    ]


def compare(
    report: Report, before: Sequence[Answer], after: Sequence[Answer], lead: Sequence[float]
) -> list[str]:
    """Tabulate quality and errors of both models; return what to say of them."""
    from .experiment import interval

    seed = report.setting.seed
    scores = {
        "first 10 words": list(lead),
        "before": [answer.rouge for answer in before],
        "after": [answer.rouge for answer in after],
    }
    table = []
    for name, own in scores.items():
        low, high = interval(own, seed)
        table.append([name, len(own), sum(own) / len(own), f"[{low:.3f}, {high:.3f}]"])
    report.table(
        "rouge", ["system", "items", "ROUGE-L", "95 % CI"], table, "Quality on new packages"
    )
    gains = {
        name: interval([a - b for a, b in zip(scores["after"], scores[name], strict=True)], seed)
        for name in ("before", "first 10 words")
    }
    report.result("rouge_gain", {name: list(ends) for name, ends in gains.items()})
    labels = {"before": [diagnose(a) for a in before], "after": [diagnose(a) for a in after]}
    counts = {name: count(own) for name, own in labels.items()}
    report.table(
        "errors",
        ["label", "before", "after", "meaning"],
        [
            [label, counts["before"][label], counts["after"][label], LABELS[label]]
            for label in LABELS
        ],
        f"What is wrong with {len(before)} answers (an answer may have several labels)",
    )
    worst = [
        [f"{a.rouge:.2f}", ", ".join(diagnose(a)), a.text[:90], a.reference]
        for a in examples(after, SHOWN)
    ]
    report.table("worst", ["ROUGE-L", "labels", "answer", "reference"], worst, "Read these first")
    with report.figure("errors", "What is wrong with the answers", height=4.5) as (_, axes):
        for shift, name in ((0.2, "before"), (-0.2, "after")):
            values = [counts[name][label] for label in LABELS]
            axes.barh(
                [len(LABELS) - k + shift for k in range(len(LABELS))], values, 0.38, label=name
            )
        axes.set_yticks([len(LABELS) - k for k in range(len(LABELS))], list(LABELS))
        axes.set_xlabel(f"answers of {len(before)}")
        axes.legend()
    return [*(_read(name, *ends) for name, ends in gains.items()), _read_errors(labels, seed)]


def _read(name: str, low: float, high: float) -> str:
    if low > 0:
        verdict = "is better than"
    elif high < 0:
        verdict = "is worse than"
    else:
        verdict = "cannot be told from"
    return (
        f"ROUGE-L after training {verdict} {name!r}: the difference is {low:+.3f} to {high:+.3f}."
    )


def _read_errors(labels: dict[str, list[list[str]]], seed: int) -> str:
    """Say which labels became rarer and which more frequent, with 95 % intervals clear of 0."""
    from .experiment import interval

    moved: dict[str, list[str]] = {"rarer": [], "more frequent": []}
    for label in LABELS:
        pairs = zip(labels["before"], labels["after"], strict=True)
        changes = [float((label in new) - (label in old)) for old, new in pairs]
        if not any(changes):
            continue
        low, high = interval(changes, seed)
        if high < 0:
            moved["rarer"].append(label)
        elif low > 0:
            moved["more frequent"].append(label)
    told = "; ".join(f"{how}: {', '.join(own) or 'none'}" for how, own in moved.items())
    return f"Labels that moved by more than chance: {told}."


def read_curves(curves: dict[str, list[tuple[int, float]]]) -> str:
    """Say what the curves show about overfitting; a hundredth of the loss is taken for noise."""
    losses = [loss for _, loss in curves["validation"]]
    best = min(losses)
    if losses[-1] > 1.01 * best:
        at = curves["validation"][losses.index(best)][0]
        return (
            f"Validation loss was lowest, {best:.2f}, after {at} steps and {losses[-1]:.2f} at the "
            "end: the last steps overfit."
        )
    return (
        f"Validation loss fell from {losses[0]:.2f} to {losses[-1]:.2f} and did not rise again: "
        "with this budget the model does not overfit."
    )
