"""The experiment: LoRA and QLoRA on satirical headlines, against the base and against TF-IDF.

    python -m reference.seminar3_lora.run --out DIR --model DIR --data sarcasm=DIR

Everything that is chosen is chosen on held-out training headlines; the test headlines are answered
once by each system. The budget is in examples and steps, so it is the same on every machine.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .experiment import Report, Setting, interval, setting
from . import reading, views
from .comparison import Comparison, compare_with_base, forgetting
from .errors import by_confidence, confident_errors, slices
from .lora import merge
from .nf4 import BLOCK, GROUP, bits_per_weight
from .qlora import memory, quantize_linears
from .task import Example, encode
from .training import Plan
from .trials import (
    EVERYWHERE,
    Recipe,
    Trial,
    answers,
    english,
    fresh,
    scores,
    tfidf_answers,
    tried,
)

TRAIN, HELD_OUT, CHOICE, TEST = 640, 48, 120, 300  # headlines
STEPS, BATCH = 40, 16  # one pass over the training headlines
SWEEP_STEPS, SWEEP_BATCH = 16, 8
FEW, FEW_STEPS = 32, 20  # ten passes over very few headlines: how overfitting looks
RATE = 2e-3
MERGED = 48  # test headlines that the merged model answers too
LORA = Recipe("LoRA", EVERYWHERE)
QLORA = Recipe("QLoRA", EVERYWHERE, four_bits=True)
SWEEP = (
    Recipe("rank 2", EVERYWHERE, rank=2),
    Recipe("rank 8", EVERYWHERE),
    Recipe("rank 8, attention"),
)
OVERFIT = Recipe("few examples", EVERYWHERE, rank=32, dropout=0.0)


class Lesson:
    """The run's data and what it has found so far.

    Args:
        asked: What the run was asked to do.
    """

    def __init__(self, asked: Setting) -> None:
        self.asked = asked
        self.report = Report(3, "LoRA and QLoRA against the base model and TF-IDF", asked)
        rows = read(asked.data["sarcasm"] / "train.jsonl")
        random.Random(asked.seed).shuffle(rows)
        train, held = asked.scaled(TRAIN, 2 * BATCH), asked.scaled(HELD_OUT, 16)
        choice = asked.scaled(CHOICE, 32)
        self.train, rest = rows[:train], rows[train:]
        self.held_out, self.choice = rest[:held], rest[held : held + choice]
        self.test = read(asked.data["sarcasm"] / "public.jsonl")[: asked.scaled(TEST, 60)]
        self.gold = [row["label"] for row in self.test]
        self.steps = asked.scaled(STEPS, 4)
        model, self.tokenizer = fresh(asked.model, asked.seed)
        self.base = model
        self.report.budget(
            train=train,
            held_out=held,
            choice=choice,
            test=len(self.test),
            batch=BATCH,
            steps=self.steps,
            sweep_steps=asked.scaled(SWEEP_STEPS, 2),
            sweep_batch=SWEEP_BATCH,
            overfit_steps=asked.scaled(FEW_STEPS, 4),
        )

    def coded(self, rows: Sequence[dict[str, Any]]) -> list[Example]:
        """Return rows as examples."""
        return encode(self.tokenizer, rows)

    def plan(self, steps: int, **changes: int) -> Plan:
        """Return the plan of a training run of so many steps."""
        usual = {"batch": BATCH, "every": max(1, steps // 3), "warmup": max(1, steps // 8)}
        return Plan(steps, rate=RATE, seed=self.asked.seed, **{**usual, **changes})

    def trial(self, recipe: Recipe, plan: Plan, rows: Sequence[dict[str, Any]]) -> Trial:
        """Train a recipe on a fresh base model."""
        model, _ = fresh(self.asked.model, self.asked.seed)
        parts = (self.coded(rows), self.coded(self.held_out))
        found = tried(model, recipe, parts, plan)
        self.report.timing(f"training: {recipe.name}", found.seconds, "s")
        return found


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def compare(lesson: Lesson) -> dict[str, Any]:
    """Train LoRA and QLoRA; answer the test with every system; keep what the rest needs."""
    report, coded = lesson.report, lesson.coded(lesson.test)
    report.step("base model and TF-IDF")
    margins = {"base model": scores(lesson.base, lesson.tokenizer, coded)}
    told = {
        "base model": answers(margins["base model"]),
        "TF-IDF": tfidf_answers(lesson.train, lesson.test),
    }
    trials: dict[str, Trial] = {}
    plain = {"base model": english(lesson.base, lesson.tokenizer)}
    for recipe in (LORA, QLORA):
        report.step(f"{recipe.name}: {lesson.steps} steps")
        if recipe.four_bits:
            four, _ = fresh(lesson.asked.model, lesson.asked.seed)
            quantize_linears(four)
            plain["base model in NF4"] = english(four, lesson.tokenizer)
        found = trials[recipe.name] = lesson.trial(recipe, lesson.plan(lesson.steps), lesson.train)
        margins[recipe.name] = scores(found.model, lesson.tokenizer, coded)
        told[recipe.name] = answers(margins[recipe.name])
        plain[recipe.name] = english(found.model, lesson.tokenizer)
    report.result("base_unchanged", {name: t.base_unchanged for name, t in trials.items()})
    pairs = {
        f"{second} against {first}": compare_with_base(lesson.gold, told[first], told[second])
        for first, second in (
            ("base model", "TF-IDF"),
            ("base model", "LoRA"),
            ("base model", "QLoRA"),
            ("TF-IDF", "LoRA"),
            ("LoRA", "QLoRA"),
        )
    }
    views.quality(report, pairs)
    return {"margins": margins, "told": told, "trials": trials, "plain": plain, "pairs": pairs}


def merged(lesson: Lesson, found: dict[str, Any]) -> tuple[float, float]:
    """Merge the LoRA model, for good; return how many answers stay, and a margin's largest move."""
    model = found["trials"]["LoRA"].model
    some = lesson.coded(lesson.test[:MERGED])
    merge(model)
    after = scores(model, lesson.tokenizer, some)
    before = found["margins"]["LoRA"][: len(some)]
    same = sum(a == b for a, b in zip(answers(before), answers(after), strict=True)) / len(some)
    moved = max(abs(a - b) for a, b in zip(before, after, strict=True))
    lesson.report.result("merged", {"same_answers": same, "largest_change_of_a_margin": moved})
    return same, moved


def forgot(lesson: Lesson, plain: dict[str, Any]) -> dict[str, tuple[float, tuple[float, float]]]:
    """Return how many times each model's perplexity on plain English is the base model's."""
    before, counts, _ = plain["base model"]
    grown = {
        name: forgetting(before, after, counts, seed=lesson.asked.seed)
        for name, (after, _, _) in plain.items()
        if name != "base model"
    }
    views.english(lesson.report, {name: found[2] for name, found in plain.items()}, grown)
    return grown


def sweep(lesson: Lesson) -> list[tuple[Recipe, int, float, tuple[float, float]]]:
    """Train each rank and choice of layers for the same few steps; judge on held-out headlines."""
    steps = lesson.asked.scaled(SWEEP_STEPS, 2)
    coded, gold = lesson.coded(lesson.choice), [row["label"] for row in lesson.choice]
    found = []
    for recipe in SWEEP:
        lesson.report.step(f"sweep: {recipe.name}")
        trial = lesson.trial(
            recipe, lesson.plan(steps, batch=SWEEP_BATCH, every=steps), lesson.train
        )
        told = answers(scores(trial.model, lesson.tokenizer, coded))
        right = [float(a == b) for a, b in zip(gold, told, strict=True)]
        bounds = interval(right, lesson.asked.seed)
        found.append((recipe, trial.parameters, sum(right) / len(right), bounds))
    views.sweep(lesson.report, found)
    return found


def overfit(lesson: Lesson) -> Trial:
    """Train a large adapter on very few headlines for many passes."""
    steps = lesson.asked.scaled(FEW_STEPS, 4)
    few = lesson.train[: max(BATCH, lesson.asked.scaled(FEW))]
    lesson.report.step(f"overfitting on purpose: {len(few)} headlines")
    return lesson.trial(OVERFIT, lesson.plan(steps, every=max(1, steps // 4)), few)


def analyse(lesson: Lesson, found: dict[str, Any]) -> None:
    """Show where LoRA's errors are."""
    told, margins = found["told"], found["margins"]["LoRA"]
    views.errors(
        lesson.report,
        slices(lesson.test, told["base model"], told["LoRA"]),
        by_confidence(lesson.gold, margins),
        confident_errors(lesson.test, margins, 8),
    )
    wrong = [
        (gold, guess)
        for gold, guess in zip(lesson.gold, told["LoRA"], strict=True)
        if gold != guess
    ]
    lesson.report.result(
        "errors",
        {
            "news_called_satire": sum(gold == 0 for gold, _ in wrong),
            "satire_called_news": sum(gold == 1 for gold, _ in wrong),
        },
    )


def main(argv: Sequence[str] | None = None) -> Path:
    """Make the experiment and return the file of its results."""
    lesson = Lesson(setting(__doc__.splitlines()[0], argv))
    report = lesson.report
    found = compare(lesson)
    grown = forgot(lesson, found["plain"])
    analyse(lesson, found)
    takes = {name: (trial.memory, trial.activations) for name, trial in found["trials"].items()}
    # The base as it was loaded: nothing is frozen, so all of it would train.
    views.memory(report, {"full fine-tuning": (memory(lesson.base), None), **takes})
    bits = {"NF4": bits_per_weight(BLOCK), "NF4, scales doubly": bits_per_weight(BLOCK, GROUP)}
    report.result("bits_per_weight", bits)
    same = merged(lesson, found)
    curves = {name: trial.history for name, trial in found["trials"].items()}
    tried_recipes = sweep(lesson)
    curves["few examples, many passes"] = overfit(lesson).history
    views.losses(report, curves)
    pairs: dict[str, Comparison] = found["pairs"]
    report.reading(
        *reading.quality(pairs),
        *reading.sweep(tried_recipes),
        *reading.forgetting(grown),
        *reading.overfitting(curves),
        *reading.memory(takes, same),
    )
    return report.finish()


if __name__ == "__main__":
    main()
