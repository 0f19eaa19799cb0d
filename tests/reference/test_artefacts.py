"""What lies in the repository beside the code agrees with itself, with the tools and the rules."""

import csv
import json
import re
from collections import Counter

import pytest
from safetensors import safe_open

from tools.reference import BATCH, CONFIG, LORA, STEPS, WEAK

from .conftest import FOLDER, module

analysis = module("analysis")
ARTEFACTS = FOLDER / "artefacts"
ADAPTERS = {"reference": ARTEFACTS / "adapter", "weak": WEAK}
CLAIMS = json.loads((ARTEFACTS / "claims.json").read_text(encoding="utf-8"))
REPORT = (ARTEFACTS / "report.md").read_text(encoding="utf-8")


def labels():
    with (ARTEFACTS / "error_labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(value: float, digits: int) -> str:
    """Return a number as a Russian text writes it."""
    return f"{value:.{digits}f}".replace(".", ",")


def test_predictions_answer_every_item_once():
    lines = (ARTEFACTS / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len({row["id"] for row in rows}) == len(rows) == CLAIMS["n"]
    assert {row["answer"] for row in rows} == {0, 1}
    assert all(set(row) == {"id", "answer"} for row in rows)


def test_error_labels_hold_no_text_of_the_data():
    rows = labels()
    assert set(rows[0]) == {"id", "category", "category_second_annotator", "note"}
    assert all(re.fullmatch(r"h[0-9a-f]{12}", row["id"]) for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)
    assert not any(re.search(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}", r["note"]) for r in rows)


def test_every_mistake_is_labelled():
    assert len(labels()) == round(CLAIMS["n"] * (1 - CLAIMS["accuracy"]))


def test_categories_divide_the_mistakes():
    counts = Counter(row["category"] for row in labels())
    assert 5 <= len(counts) <= 7
    assert max(counts.values()) < 0.5 * counts.total()
    assert min(counts.values()) > 1


def test_two_readings_agree_beyond_chance_without_being_copies():
    rows = labels()
    first = [row["category"] for row in rows]
    second = [row["category_second_annotator"] for row in rows]
    assert set(second) <= set(first)
    kappa = analysis.cohen_kappa(first, second)
    assert 0.45 < kappa < 0.95
    assert f"Каппа Коэна {number(kappa, 2)}" in REPORT


def test_the_report_tells_the_numbers_that_are_claimed():
    assert number(CLAIMS["accuracy"], 3) in REPORT
    assert number(CLAIMS["base_accuracy"], 3) in REPORT
    before, after = CLAIMS["fix"]["before"], CLAIMS["fix"]["after"]
    assert f"{number(before, 3)} → {number(after, 3)}" in REPORT.replace("\n", " ")
    for row in analysis.taxonomy(labels()):
        assert f"| {row['category']} | {row['count']} |" in REPORT


def test_the_report_tells_how_the_adapter_was_trained():
    text = " ".join(REPORT.split())
    assert f"{STEPS} шагов по {BATCH} примеров ({STEPS * BATCH} примеров" in text
    assert f"ранг {LORA['rank']}, α = {LORA['alpha']}" in text
    assert f"разогрев {CONFIG['warmup']} шагов" in text


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_is_small_and_holds_two_factors_of_two_layers_alone(name):
    path = ADAPTERS[name] / "adapter_model.safetensors"
    assert path.stat().st_size < 20_000_000
    with safe_open(path, "pt") as file:
        names = set(file.keys())
    parts = [re.fullmatch(r".*\.layers\.(\d+)\..*\.(\w+)\.(lora_[AB])\.weight", n) for n in names]
    assert all(parts)
    assert {found[2] for found in parts} == {"q_proj", "v_proj"}
    assert len(names) == 30 * 2 * 2


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_names_its_base_and_no_folder_of_a_machine(name):
    text = (ADAPTERS[name] / "adapter_config.json").read_text(encoding="utf-8")
    told = json.loads(text)
    assert told["base_model_name_or_path"] == "SmolLM2-135M-Instruct"
    assert sorted(told["target_modules"]) == ["q_proj", "v_proj"]
    assert not re.search(r'"[^"]*[/\\][^"]*"', text)


def test_both_adapters_ask_the_question_that_the_code_asks():
    training = module("training")
    for folder in ADAPTERS.values():
        task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        assert task["template"] == training.build_prompt("{headline}")
        assert task["labels"] == list(training.LABEL_WORDS)


def assemble():
    return module("assemble")


@pytest.fixture
def invented(tmp_path):
    """Return a data folder in which every predicted item has an invented headline."""
    labelled = {row["id"] for row in labels()}
    lines = []
    for line in (ARTEFACTS / "predictions.jsonl").read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        gold = told["answer"] ^ (told["id"] in labelled)
        headline = f'invented, with a "quote" {told["id"]}'
        lines.append(json.dumps({"id": told["id"], "headline": headline, "label": gold}))
    (tmp_path / "public.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_a_submission_holds_what_the_rules_ask_for_and_no_staff_file(invented):
    found = assemble().files(invented)
    assert list(found) == [
        "__init__.py",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
        "adapter/task.json",
        "analysis.py",
        "claims.json",
        "data.py",
        "errors.csv",
        "evaluation.py",
        "predictions.jsonl",
        "report.md",
        "training.py",
    ]


def test_the_error_table_is_joined_from_labels_data_and_answers(invented):
    text = assemble().files(invented)["errors.csv"].decode()
    rows = list(csv.DictReader(text.splitlines()))
    assert tuple(rows[0]) == assemble().COLUMNS
    assert [row["id"] for row in rows] == [row["id"] for row in labels()]
    for row in rows:
        assert row["headline"] == f'invented, with a "quote" {row["id"]}'
        assert {row["gold"], row["predicted"]} == {"0", "1"}


def test_another_adapter_takes_the_place_of_the_references(invented):
    found = assemble().files(invented, WEAK)
    path = "adapter_model.safetensors"
    assert found[f"adapter/{path}"] == (WEAK / path).read_bytes()
    assert found["report.md"] == (ARTEFACTS / "report.md").read_bytes()


def test_assemble_fills_a_new_folder_and_refuses_a_used_one(invented, tmp_path, monkeypatch):
    out = tmp_path / "out" / "hw1"
    monkeypatch.setattr("sys.argv", ["assemble.py", str(out), "--data", str(invented)])
    assemble().main()
    written = {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert written == assemble().files(invented)
    with pytest.raises(SystemExit, match="not empty"):
        assemble().main()
