"""The seminar's experiment: clean documentation, fine-tune the small model, train a tiny one.

    python -m reference.seminar2_data_and_sft.run --out DIR --model DIR --data summaries=DIR

Everything is a fixed budget of rows, steps and items. The conclusions at the end are chosen by
the intervals of the numbers, not written beforehand.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from .common import device, dtype, load_model, seed_everything
from .experiment import Report, setting
from . import cleaning_part, scratch_part, sft_part

ROWS = 3000  # real rows that are cleaned
FAULTS = 80  # planted of each kind
ITEMS = 64  # of the test set, answered before and after
SFT_STEPS = 40
SFT_VALIDATION = 24  # rows
SCRATCH_STEPS = 900


def read_rows(path: Path, number: int) -> list[dict[str, Any]]:
    """Return the first rows of a JSON Lines file, the document being their text.

    Ids are random, and files are sorted by them: the first rows are a random sample.
    """
    lines = path.read_text(encoding="utf-8").splitlines()[:number]
    return [{**row, "text": row.pop("document")} for row in map(json.loads, lines)]


def main(argv: Sequence[str] | None = None) -> Path:
    """Run the experiment and return its `results.json`."""
    told = setting("Seminar 2: clean data, fine-tune, look at errors; a tiny model.", argv)
    seed_everything(told.seed)
    report = Report(seminar=2, title="From raw text to a trained model", setting=told)
    rows, items = told.scaled(ROWS, 200), told.scaled(ITEMS, 8)
    budget = {"rows": rows, "faults": told.scaled(FAULTS, 10), "items": items}
    budget |= {"sft_steps": told.scaled(SFT_STEPS, 4), "tiny_steps": told.scaled(SCRATCH_STEPS, 10)}
    report.budget(**budget)
    data = told.data["summaries"]
    test = read_rows(data / "public.jsonl", 10_000)

    report.step("cleaning")
    began = time.perf_counter()
    train = read_rows(data / "train.jsonl", rows)
    parts = cleaning_part.clean(report, train, [row["text"] for row in test], budget["faults"])
    report.timing("cleaning", time.perf_counter() - began, "s")
    lines = list(parts.pop("reading"))

    report.step("answers of the base model")
    began = time.perf_counter()
    fast = dtype()
    model, tokenizer = load_model(told.model)
    before = sft_part.answers(model, tokenizer, test[:items])
    del model
    report.step("fine-tuning")
    model, _ = load_model(told.model, dtype=torch.float32)
    parts["validation"] = parts["validation"][: told.scaled(SFT_VALIDATION, 8)]
    config = {"steps": budget["sft_steps"], "dtype": fast}
    curves = sft_part.fine_tune(report, model, tokenizer, parts, config)
    report.step("answers of the trained model")
    after = sft_part.answers(model.to(fast).eval(), tokenizer, test[:items])
    lines += [sft_part.read_curves(curves)]
    lines += sft_part.compare(report, before, after, sft_part.leading_words(test[:items]))
    report.timing("sft", time.perf_counter() - began, "s")
    del model

    report.step("a tiny model from nothing")
    began = time.perf_counter()
    lines += scratch_part.from_scratch(
        report, parts["train"], parts["validation"], budget["tiny_steps"], device()
    )
    report.timing("scratch", time.perf_counter() - began, "s")
    report.reading(*lines)
    return report.finish()


if __name__ == "__main__":
    main()
