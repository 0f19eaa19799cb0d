"""HW2A's reference: train it again, answer the test set, and say what it is worth.

`python -m tools.reference hw2a` trains the submitted adapter and the variants of the ablations,
lets each answer, prints ROUGE-L with bootstrap intervals beside every baseline and the paired
gains over them, and writes `reference/hw2a/artefacts/` and `build/reference_hw2a.json`. What was
trained or answered by the same settings is not done again (`build/reference/`), and answers are
kept piece by piece, so an interrupted call goes on where it was.

The report is a person's work and is left alone.
"""

from __future__ import annotations

import ast
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

from graders.assets import ensure_data, ensure_model
from graders.core.canonical import digest_of
from graders.core.config import load_course

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "reference" / "hw2a"
ARTEFACTS = REFERENCE / "artefacts"
CACHE = ROOT / "build" / "reference"
PIECE = 32  # answers that are kept together
BATCH = 32
HELD_OUT = 100  # items of the ablations
LEVEL, RESAMPLES, SEED = 0.95, 10_000, 1
console = Console()
Rows = list[dict[str, Any]]
NAMES = ("data", "training", "generation", "evaluation", "baselines", "pipeline")


@dataclass(frozen=True)
class Variant:
    """One trained system: how long, on what labels, and what it is compared with."""

    name: str
    change: str
    share: float
    masked: bool
    against: str | None


VARIANTS = (
    Variant("full", "the submitted recipe", 1.0, True, None),
    Variant("quarter", "a quarter of the training steps", 0.25, True, "full"),
    Variant("unmasked", "a quarter of the steps, the prompt a target", 0.25, False, "quarter"),
)
BASE = Variant("zero_shot", "no training: the base model on the same prompt", 0.0, True, "full")


@dataclass(frozen=True)
class Desk:
    """The reference's modules, the parts of the data and the base model's folder."""

    own: dict[str, ModuleType]
    parts: dict[str, Rows]
    folder: Path
    model: Path


def open_desk() -> Desk:
    """Load the reference and its data; `held_out` is the part of validation that is answered."""
    sys.path.insert(0, str(REFERENCE.parent))
    from importlib import import_module

    own = {name: import_module(f"hw2a.{name}") for name in NAMES}
    course = load_course(ROOT / "assignments" / "course.toml")
    folder = ensure_data(course.assignment("hw2a").data, console.print)
    read = own["data"].read_rows
    parts = {name: read(folder / f"{name}.jsonl") for name in ("public", "private", "test")}
    pipeline = own["pipeline"]
    split = own["data"].split(read(folder / "train.jsonl"), pipeline.SHARE, pipeline.SPLIT_SEED)
    shuffled = sorted(split["validation"], key=lambda row: digest_of(row["id"]))
    parts |= {**split, "held_out": shuffled[:HELD_OUT]}
    return Desk(own, parts, folder, ensure_model(course.base_model, console.print))


def trained(desk: Desk, variant: Variant) -> Path:
    """Return the folder of a variant's adapter, training it when needed."""
    pipeline = desk.own["pipeline"]
    config = pipeline.CONFIG | {"steps": round(pipeline.CONFIG["steps"] * variant.share)}
    rows = digest_of([row["id"] for row in desk.parts["train"]])
    settings = digest_of([variant.masked, pipeline.LORA, config, _code("data", "training"), rows])
    folder = CACHE / f"hw2a-{variant.name}-{settings[:12]}"
    if (folder / "adapter_model.safetensors").is_file():
        console.print(f"{folder.relative_to(ROOT)} is trained already")
        return folder
    training = desk.own["training"]
    masked = training.encode_example

    def unmasked(*args: Any) -> dict[str, Any]:
        ids = masked(*args)["input_ids"]
        return {"input_ids": ids, "labels": [desk.own["data"].IGNORED, *ids[1:]]}

    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    training.encode_example = masked if variant.masked else unmasked
    try:
        pipeline.fit(desk.model, desk.parts["train"], config, part, console.print)
    finally:
        training.encode_example = masked
    part.rename(folder)
    return folder


def answered(desk: Desk, name: str, adapter: Path | None, part: str) -> list[str]:
    """Return a system's answers to a part, answering what is not kept yet."""
    rows = desk.parts[part]
    settings = [adapter.name if adapter else "", _code("data", "generation"), digest_of(rows)]
    kept = CACHE / f"hw2a-{name}-{part}-{digest_of(settings)[:12]}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    found: list[str] = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else []
    if len(found) == len(rows):
        return found
    model, tokenizer = desk.own["pipeline"].load(desk.model)
    if adapter is not None:
        model = desk.own["training"].load_adapter(model, adapter)
    else:
        model = model.bfloat16()  # nobody runs this baseline again, so it may round
    while len(found) < len(rows):
        piece = rows[len(found) : len(found) + PIECE]
        found += desk.own["generation"].summarize(model, tokenizer, piece, BATCH)
        kept.write_text(json.dumps(found), encoding="utf-8")
        console.print(f"{name}, {part}: {len(found)} of {len(rows)} answers")
    return found


def _code(*names: str) -> list[str]:
    """Return what modules do, however they are laid out and commented."""
    trees = (ast.parse((REFERENCE / f"{name}.py").read_text(encoding="utf-8")) for name in names)
    return [ast.unparse(_Undocumented().visit(tree)) for tree in trees]


class _Undocumented(ast.NodeTransformer):
    """Takes the docstrings and other loose strings out."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        loose = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if loose else node


def hw2a() -> None:
    """Train, answer, print and write."""
    desk = open_desk()
    full = trained(desk, VARIANTS[0])
    ids = [row["id"] for row in desk.parts["test"]]
    ours = answered(desk, "full", full, "test")
    told = {
        "zero_shot": answered(desk, "zero_shot", None, "test"),
        "lead10": desk.own["baselines"].lead(desk.parts["test"]),
        "tfidf": desk.own["baselines"].nearest(
            desk.own["data"].read_rows(desk.folder / "train.jsonl"), desk.parts["test"]
        ),
        "reference": ours,
    }
    answers = {name: dict(zip(ids, given, strict=True)) for name, given in told.items()}
    results = measure(desk, answers)
    _print(results)
    _write(desk, full, answers, results)
    _ablate(desk, results)


def measure(desk: Desk, answers: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return means with intervals per system and part, and the reference's paired gains."""
    evaluation = desk.own["evaluation"]
    means: dict[str, Any] = {}
    gains: dict[str, Any] = {}
    for part in ("public", "private"):
        rows = desk.parts[part]
        scores = {
            name: [evaluation.rouge_l(given[row["id"]], row["summary"]) for row in rows]
            for name, given in answers.items()
        }
        means[part] = {
            name: [sum(own) / len(own), *evaluation.bootstrap_ci(own, LEVEL, RESAMPLES, SEED)]
            for name, own in scores.items()
        }
        gains[part] = {
            name: evaluation.paired_bootstrap(scores["reference"], own, LEVEL, RESAMPLES, SEED)
            for name, own in scores.items()
            if name != "reference"
        }
    return {"means": means, "gains": gains, "counts": {p: len(desk.parts[p]) for p in means}}


def _print(results: dict[str, Any]) -> None:
    counts = results["counts"]
    table = Table(title="HW2A's reference: ROUGE-L [95 % bootstrap interval]")
    for name in (
        "system",
        f"public, {counts['public']}",
        f"private, {counts['private']}",
        "reference's paired gain on private",
    ):
        table.add_column(name)
    for name in results["means"]["public"]:
        cells = [_cell(*results["means"][part][name]) for part in ("public", "private")]
        gain = results["gains"]["private"].get(name)
        cells.append(_cell(gain["difference"], gain["low"], gain["high"]) if gain else "")
        table.add_row(name, *cells)
    console.print(table)
    for part, gains in results["gains"].items():
        beaten = [name for name, gain in gains.items() if gain["low"] > 0]
        console.print(
            f"{part}: the interval of the gain lies above zero for {len(beaten)} of"
            f" {len(gains)} baselines ({', '.join(beaten)})"
        )


def _cell(value: float, low: float, high: float) -> str:
    return f"{value:.3f} \\[{low:.3f}, {high:.3f}]"


def _write(
    desk: Desk, adapter: Path, answers: dict[str, dict[str, str]], results: dict[str, Any]
) -> None:
    """Write the adapter, its answers and the base model's, and the numbers."""
    target = ARTEFACTS / "adapter"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(adapter, target)
    (ARTEFACTS / "baselines").mkdir(parents=True, exist_ok=True)
    for path, name in (
        (ARTEFACTS / "submission.jsonl", "reference"),
        (ARTEFACTS / "baselines" / "zero_shot.jsonl", "zero_shot"),
    ):
        given = list(answers[name].values())
        desk.own["generation"].write_submission(path, desk.parts["test"], given)
    _json(ROOT / "build" / "reference_hw2a.json", results)
    console.print(f"wrote {ARTEFACTS.relative_to(ROOT)} and build/reference_hw2a.json")


def _ablate(desk: Desk, results: dict[str, Any]) -> None:
    """Train the variants, let them answer held-out rows, and write the table of ablations."""
    rows = desk.parts["held_out"]
    variants = []
    for variant in (*VARIANTS, BASE):
        adapter = trained(desk, variant) if variant.share else None
        answers = answered(desk, variant.name, adapter, "held_out")
        told = {"name": variant.name, "change": variant.change, "against": variant.against}
        variants.append({**told, "answers": answers})
    table = desk.own["evaluation"].ablation_table(
        [row["id"] for row in rows], [row["summary"] for row in rows], variants
    )
    _json(ARTEFACTS / "ablations.json", table)
    shown = [
        {key: value for key, value in one.items() if key not in ("scores", "answers")}
        for one in table["variants"]
    ]
    for one in shown:
        console.print(one)
    _json(ROOT / "build" / "reference_hw2a.json", {**results, "ablations": shown})
    console.print(f"wrote {(ARTEFACTS / 'ablations.json').relative_to(ROOT)}")


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
