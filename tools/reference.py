"""Train HW1's reference again and say what it is worth: `make reference`.

`python -m tools.reference hw1` trains the adapter from the pinned data within `STEPS` steps of
`BATCH` examples, measures it beside the base model and TF-IDF with logistic regression, prints a
table with bootstrap intervals, and writes `reference/hw1/artefacts/` and `build/reference.json`.
What was trained by the same settings is not trained again (`build/reference/`), so that an
interrupted call goes on behind the training. `python -m tools.reference weak` trains the sample
class's weak adapter. `python -m tools.reference hw2a` is the competition's
(`tools.reference_hw2a`). All need minutes, not a GPU.

The error labels and the report are people's work and are left alone; a label that no longer
stands on a mistake is named.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from graders.assets import ensure_data, ensure_model
from graders.core.canonical import digest_of
from graders.core.config import load_course

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "reference" / "hw1"
ARTEFACTS = REFERENCE / "artefacts"
WEAK = ROOT / "tests" / "classroom" / "artefacts" / "weak_adapter"
CACHE = ROOT / "build" / "reference"
STEPS, BATCH = 200, 16
LORA = {"rank": 8, "alpha": 16, "dropout": 0.05, "targets": ["q_proj", "v_proj"]}
CONFIG = {
    "steps": STEPS,
    "batch_size": BATCH,
    "microbatches": 1,
    "lr": 1e-3,
    "warmup": 20,
    "weight_decay": 0.01,
    "max_length": 96,
    "seed": 1,
}
WEAK_LORA = LORA | {"rank": 2, "alpha": 4}
WEAK_CONFIG = CONFIG | {"steps": 60, "warmup": 6}
VALIDATION_SHARE = 0.1
SPLIT_SEED = 1
RESAMPLES = 10_000
console = Console()
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Desk:
    """The reference's modules, the data and the base model's folder."""

    data: ModuleType
    training: ModuleType
    evaluation: ModuleType
    parts: dict[str, Rows]
    model: Path

    def base(self) -> tuple[Any, Any]:
        """Return a fresh base model in float32 and its tokenizer."""
        from transformers import AutoModelForCausalLM, AutoTokenizer

        model = AutoModelForCausalLM.from_pretrained(self.model, dtype="float32")
        # The name that an adapter remembers is the model's, not a folder of this machine.
        model.name_or_path = "SmolLM2-135M-Instruct"
        return model.eval(), AutoTokenizer.from_pretrained(self.model)


def open_desk() -> Desk:
    """Load everything; rows of `train` are split into train and validation by the reference."""
    sys.path.insert(0, str(REFERENCE.parent))
    from hw1 import data, evaluation, training

    course = load_course(ROOT / "assignments" / "course.toml")
    folder = ensure_data(course.assignment("hw1").data, console.print)
    parts = {name: _rows(folder / f"{name}.jsonl") for name in ("public", "hidden")}
    cleaned = data.deduplicate(_rows(folder / "train.jsonl"))
    parts |= data.split(cleaned, VALIDATION_SHARE, SPLIT_SEED)
    return Desk(data, training, evaluation, parts, ensure_model(course.base_model, console.print))


def trained(desk: Desk, name: str, lora: dict[str, Any], config: dict[str, Any]) -> Path:
    """Return the folder of an adapter trained by these settings, training it when needed."""
    sources = [(REFERENCE / f"{n}.py").read_text(encoding="utf-8") for n in ("data", "training")]
    settings = digest_of([name, lora, config, sources])
    folder = CACHE / f"{name}-{settings[:12]}"
    if (folder / "adapter_model.safetensors").is_file():
        console.print(f"{folder.relative_to(ROOT)} is trained already")
        return folder
    import torch

    model, tokenizer = desk.base()
    torch.manual_seed(config["seed"])  # of the factors A
    model = desk.training.add_lora(
        model, lora["rank"], lora["alpha"], lora["dropout"], lora["targets"]
    )
    with _progress("training", config["steps"]) as step:
        from torch.optim.optimizer import register_optimizer_step_post_hook

        hook = register_optimizer_step_post_hook(lambda *_: step())
        try:
            losses = desk.training.train(model, tokenizer, desk.parts["train"], config)
        finally:
            hook.remove()
    fresh = folder.with_suffix(".part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    desk.training.save_adapter(model, fresh)
    console.print(f"loss per target token: {losses[0]:.3f} at first, {losses[-1]:.3f} at last")
    fresh.rename(folder)
    return folder


class _progress:  # noqa: N801 - used as a context manager
    """A progress line with the time that is left; gives a function that advances it."""

    def __init__(self, what: str, total: int) -> None:
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console)
        self._total = total

    def __enter__(self) -> Callable[[], None]:
        task = self._bar.__enter__().add_task("", total=self._total)
        return lambda: self._bar.advance(task)

    def __exit__(self, *error: Any) -> None:
        self._bar.__exit__(*error)


def margins_of(desk: Desk, adapter: Path | None, names: Sequence[str]) -> dict[str, list[float]]:
    """Return the label margins of the base model, or with an adapter, on parts of the data."""
    model, tokenizer = desk.base()
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    found = {}
    for name in names:
        headlines = [row["headline"] for row in desk.parts[name]]
        found[name] = desk.evaluation.label_margins(model, tokenizer, headlines, 32)
    return found


def tfidf(desk: Desk, names: Sequence[str]) -> dict[str, list[int]]:
    """Return the answers of TF-IDF (words and pairs) with logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10.0)
    )
    train = desk.parts["train"]
    model.fit([row["headline"] for row in train], [row["label"] for row in train])
    return {
        name: model.predict([row["headline"] for row in desk.parts[name]]).tolist()
        for name in names
    }


def score(desk: Desk, name: str, answers: list[int]) -> dict[str, Any]:
    """Return accuracy with its interval, and macro F1."""
    gold = [row["label"] for row in desk.parts[name]]
    hits = [float(a == b) for a, b in zip(gold, answers, strict=True)]
    low, high = desk.evaluation.bootstrap_ci(hits, 0.95, RESAMPLES, 1)
    return {
        "n": len(gold),
        "accuracy": desk.evaluation.accuracy(gold, answers),
        "ci": [low, high],
        "macro_f1": desk.evaluation.macro_f1(gold, answers),
    }


def best_threshold(desk: Desk, margins: list[float]) -> float:
    """Return the threshold with the best accuracy on validation; the one nearest to 0 of equals."""
    gold = [row["label"] for row in desk.parts["validation"]]
    ordered = sorted(margins)
    cuts = [0.0, *((a + b) / 2 for a, b in pairwise(ordered))]
    rated = [(_accuracy_at(gold, margins, cut), -abs(cut), cut) for cut in cuts]
    return max(rated)[2]


def _accuracy_at(gold: list[int], margins: list[float], cut: float) -> float:
    return sum(int(m > cut) == g for m, g in zip(margins, gold, strict=True)) / len(gold)


def hw1() -> None:
    """Train, measure, print and write."""
    desk = open_desk()
    adapter = trained(desk, "hw1", LORA, CONFIG)
    with console.status("measuring"):
        base = margins_of(desk, None, ("public", "hidden"))
        ours = margins_of(desk, adapter, ("validation", "public", "hidden"))
        simple = tfidf(desk, ("public", "hidden"))
    results = {
        "base": {name: score(desk, name, _signs(base[name])) for name in base},
        "tfidf": {name: score(desk, name, simple[name]) for name in simple},
        "reference": {name: score(desk, name, _signs(ours[name])) for name in ours},
    }
    cut = best_threshold(desk, ours["validation"])
    gold = [row["label"] for row in desk.parts["public"]]
    before = results["reference"]["public"]["accuracy"]
    fix = {"before": before, "after": _accuracy_at(gold, ours["public"], cut), "threshold": cut}
    _print(results, fix)
    _write(desk, adapter, results, ours["public"], fix)


def _signs(margins: list[float]) -> list[int]:
    return [int(margin > 0) for margin in margins]


def _print(results: dict[str, dict[str, dict[str, Any]]], fix: dict[str, float]) -> None:
    examples = f"{STEPS} steps of {BATCH} examples"
    table = Table(title=f"HW1's reference, {examples}: accuracy [95 % bootstrap interval]")
    for name in ("system", "public", "hidden", "macro F1, hidden"):
        table.add_column(name)
    for system, parts in results.items():
        cells = [
            f"{part['accuracy']:.3f} \\[{part['ci'][0]:.3f}, {part['ci'][1]:.3f}]"
            for part in (parts["public"], parts["hidden"])
        ]
        table.add_row(system, *cells, f"{parts['hidden']['macro_f1']:.3f}")
    console.print(table)
    console.print(
        f"threshold {fix['threshold']:.3f} chosen on validation instead of 0: public accuracy"
        f" {fix['before']:.3f} -> {fix['after']:.3f}"
    )


def _write(
    desk: Desk,
    adapter: Path,
    results: dict[str, dict[str, dict[str, Any]]],
    margins: list[float],
    fix: dict[str, float],
) -> None:
    """Write the artefacts that a machine makes, and check those that people make."""
    _install(adapter, ARTEFACTS / "adapter")
    public = desk.parts["public"]
    answers = dict(zip((row["id"] for row in public), _signs(margins), strict=True))
    lines = [json.dumps({"id": name, "answer": answers[name]}) for name in answers]
    (ARTEFACTS / "predictions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    claims = {
        "n": len(public),
        "accuracy": round(results["reference"]["public"]["accuracy"], 4),
        "macro_f1": round(results["reference"]["public"]["macro_f1"], 4),
        "base_accuracy": round(results["base"]["public"]["accuracy"], 4),
        "fix": {name: round(fix[name], 4) for name in ("before", "after")},
    }
    _json(ARTEFACTS / "claims.json", claims)
    confidence = dict(zip(answers, map(abs, margins), strict=True))
    _json(
        ROOT / "build" / "reference.json",
        {"results": results, "fix": fix, "config": CONFIG, "lora": LORA, "margins": confidence},
    )
    _check_labels({row["id"] for row in public if answers[row["id"]] != row["label"]})
    console.print(f"wrote {ARTEFACTS.relative_to(ROOT)} and build/reference.json")


def _check_labels(wrong: set[str]) -> None:
    path = ARTEFACTS / "error_labels.csv"
    if not path.is_file():
        console.print(f"{path.relative_to(ROOT)} is missing: {len(wrong)} mistakes to label")
        return
    with path.open(encoding="utf-8", newline="") as file:
        stale = [row["id"] for row in csv.DictReader(file) if row["id"] not in wrong]
    if stale:
        console.print(f"{path.relative_to(ROOT)}: no mistakes any more: {', '.join(stale)}")


def weak() -> None:
    """Train the weak adapter of the sample class: tiny, short, and on the prompt as well."""
    desk = open_desk()
    whole = desk.training.encode_example

    def unmasked(*args: Any) -> dict[str, Any]:
        ids = whole(*args)["input_ids"]
        return {"input_ids": ids, "labels": list(ids)}

    desk.training.encode_example = unmasked
    adapter = trained(desk, "weak", WEAK_LORA, WEAK_CONFIG)
    _install(adapter, WEAK)
    found = margins_of(desk, adapter, ("public", "hidden"))
    for name, margins in found.items():
        console.print(name, score(desk, name, _signs(margins)))


def _install(adapter: Path, target: Path) -> None:
    """Replace the files of an adapter's folder."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(adapter, target)
    for path in target.iterdir():
        path.chmod(0o644)  # safetensors writes for its owner alone


def _rows(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    from tools.reference_hw2a import hw2a

    commands = {"hw1": hw1, "weak": weak, "hw2a": hw2a}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(f"usage: python -m tools.reference {{{','.join(commands)}}}")
    try:
        commands[sys.argv[1]]()
    except KeyboardInterrupt:
        sys.exit("interrupted: run the same command again to go on")
