"""The run's pieces on toy data, and the whole of it on a tiny random model."""

from __future__ import annotations

import json
import random

import pytest

from reference.experiment import Setting

from .conftest import WORDS

pytestmark = pytest.mark.slow  # torch comes with every piece of the run
LONG = "We play a game with many rules and long words. " * 4


def _write(folder, name, rows):
    folder.mkdir(exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture
def data(tmp_path):
    """Return folders of invented data in the shapes of the real ones."""
    rng = random.Random(2)

    def text(length):
        return " ".join(rng.choice(WORDS) for _ in range(length))

    rows = [
        {
            "package": f"package{n % 8}",
            "signature": f"def {text(1)}()",
            "document": text(20),
            "summary": text(4 + n % 5),
        }
        for n in range(160)
    ]
    _write(tmp_path / "summaries", "train", rows)
    safety = tmp_path / "safety"
    areas = ("malice", "hazard", "lies")
    prompts = [
        {"id": f"p{n}", "source": "toy", "category": areas[n % 3], "prompt": text(6)}
        for n in range(30)
    ]
    long = [{**prompts[0], "id": "long", "prompt": text(60)}]
    _write(safety, "prompts", [*long, *prompts])
    wild = [LONG, LONG + "[INSERT PROMPT HERE] {brace}", "short", LONG * 9]
    _write(safety, "jailbreaks", [{"id": f"j{n}", "prompt": t} for n, t in enumerate(wild)])
    replies = [
        ("Sing", "I can't help with that.", 1),
        ("Sing a song about rivers", "La la la", 0),
        ("Explain the museum", "La la la", 1),
        ("Explain osmosis", "Rules and words. " * 20, 1),
    ]
    marked = [
        {"id": f"r{n}", "prompt": p, "reply": r, "refused": m}
        for n, (p, r, m) in enumerate(replies)
    ]
    _write(safety, "replies", marked)
    return {"summaries": tmp_path / "summaries", "safety": safety}


@pytest.fixture
def asked(data, tmp_path):
    return Setting(tmp_path, data, None, tmp_path / "out", 20, 1.0)


def _rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_no_package_is_trained_on_and_examined(data, asked):
    from reference.seminar4_preferences.run_training import divide

    rows = divide(_rows(data["summaries"] / "train.jsonl"), asked)
    kinds = [[*rows.pairs, *rows.sft], rows.check, rows.test]
    names = [{row["package"] for row in kind} for kind in kinds]
    assert all(names)
    assert sum(map(len, names)) == len(set.union(*names))
    assert not any(row in rows.pairs for row in rows.sft)


def test_prompts_come_from_every_area_alike_and_are_short(data, asked):
    from reference.seminar4_preferences.run_safety import harmful

    chosen = harmful(data["safety"], asked)
    assert {row["category"] for row in chosen[:3]} == {"malice", "hazard", "lies"}
    assert len(chosen) == 20
    assert "long" not in {row["id"] for row in chosen}


@pytest.mark.parametrize("seed", range(6))
def test_every_attack_has_one_place_for_the_prompt(data, asked, seed):
    from reference.seminar4_preferences.run_safety import attacks

    found = attacks(data["safety"], Setting(asked.model, data, None, asked.out, seed, 1.0))
    assert all(template.count("{prompt}") == 1 for template in found.values())
    assert found["in the wild"].startswith("We play")
    assert "INSERT" not in found["in the wild"]


def test_moved_answers_are_taken_out_and_the_wider_rule_finds_what_evades(data):
    from reference.seminar4_preferences.run_safety import examine_classifier

    plain, kept, wider = examine_classifier(_rows(data["safety"] / "replies.jsonl"))
    assert (plain.found.recall.count, kept.found.recall.count) == (3, 2)
    assert plain.found.recall.value == pytest.approx(1 / 3)
    assert wider.found.recall.value == pytest.approx(2 / 3)
    assert wider.found.precision.value == 1


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")
def test_the_whole_run_repeats_itself_to_the_hash(llama, tokenizer, data, tmp_path, capsys):
    from reference.seminar4_preferences.run import main

    llama().save_pretrained(tmp_path / "model")
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    tokenizer.save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").chmod(0o644)
    named = [word for name, path in data.items() for word in ("--data", f"{name}={path}")]
    found = []
    for out in ("one", "two"):
        words = ["--out", str(tmp_path / out), "--model", str(tmp_path / "model"), *named]
        main([*words, "--share", "0.25"])
        found.append(json.loads((tmp_path / out / "results.json").read_text(encoding="utf-8")))
    assert found[0]["hash"] == found[1]["hash"]
    assert found[0]["reading"] == found[1]["reading"]
    tables = {table["name"]: table for table in found[0]["tables"]}
    assert {"pairs", "steps", "quality", "aftermath", "robustness", "classifier", "refusals",
            "attacks", "red_team_log"} == set(tables)  # fmt: skip
    models = [row[0] for row in tables["quality"]["rows"]]
    assert models[0] == "raw model"
    assert len(models) == 6
    assert len(found[0]["figures"]) == 3
    assert "Reading" in capsys.readouterr().out
