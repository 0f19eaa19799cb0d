"""HW2A's reference does what its comments say: batches, loss, baselines."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from itertools import islice
from pathlib import Path

import pytest

from graders.assets import ensure_data

REFERENCE = Path(__file__).resolve().parents[2] / "reference"

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def own():
    sys.path.insert(0, str(REFERENCE))
    try:
        names = ("training", "baselines", "data")
        yield {name: import_module(f"hw2a.{name}") for name in names}
    finally:
        sys.path.remove(str(REFERENCE))
        for name in [name for name in sys.modules if name.split(".")[0] == "hw2a"]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def tiny():
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(2)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=97,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            initializer_range=0.2,
        )
    ).eval()


EXAMPLES = [
    {"input_ids": [5, 6, 7, 8, 9, 2], "labels": [-100, -100, -100, 8, 9, 2]},
    {"input_ids": [11, 12, 2], "labels": [-100, 12, 2]},
    {"input_ids": [21, 22, 23, 24, 2], "labels": [-100] * 4 + [2]},
]


@pytest.mark.parametrize("masked", [True, False])
def test_the_loss_of_the_last_columns_is_that_of_whole_examples_alone(own, tiny, masked):
    import torch

    examples = EXAMPLES
    if not masked:  # but the first token, which nothing stands before
        examples = [{**e, "labels": [-100, *e["input_ids"][1:]]} for e in EXAMPLES]
    got = own["training"].batch_loss(tiny, own["training"].collate(examples, 2)).detach()
    total, count = torch.zeros(()), 0
    for example in examples:
        ids = torch.tensor([example["input_ids"]])
        labels = torch.tensor(example["labels"][1:])
        logits = tiny(input_ids=ids).logits[0, :-1].detach()
        total = total + torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
        count += int((labels != -100).sum())
    assert float(got) == pytest.approx(float(total) / count, rel=1e-4)


def test_positions_begin_at_the_first_real_token(own):
    batch = own["training"].collate(EXAMPLES, 2)
    assert batch["input_ids"][1].tolist() == [2, 2, 2, 11, 12, 2]
    assert batch["attention_mask"][1].tolist() == [0, 0, 0, 1, 1, 1]
    assert batch["position_ids"][1].tolist() == [0, 0, 0, 0, 1, 2]
    assert batch["labels"][1].tolist() == [-100, -100, -100, -100, 12, 2]


def test_every_row_comes_once_in_each_pass_and_neighbours_are_of_like_length(own):
    lengths = [(7 * row) % 50 for row in range(64)]
    pieces = list(islice(own["training"].batches(lengths, 8, 3), 16))
    for start in (0, 8):
        assert sorted(row for piece in pieces[start : start + 8] for row in piece) == list(
            range(64)
        )
    spread = [max(lengths[r] for r in p) - min(lengths[r] for r in p) for p in pieces]
    assert max(spread) < 15
    assert pieces == list(islice(own["training"].batches(lengths, 8, 3), 16))
    assert pieces != list(islice(own["training"].batches(lengths, 8, 4), 16))


def test_the_nearest_document_gives_the_answer(own):
    train = [
        {
            "name": "a",
            "document": "the rows of a matrix are sorted by key",
            "summary": "Sort rows.",
        },
        {
            "name": "b",
            "document": "the edges of a graph are counted by weight",
            "summary": "Count.",
        },
        {"name": "c", "document": "the graph and the matrix of weight", "summary": "Other."},
    ]
    asked = [{"name": "z", "document": "counted are the edges of the graph"}]
    assert own["baselines"].nearest(train, asked) == ["Count."]
    assert own["baselines"].lead([{"document": "one two\nthree four"}], 3) == ["one two three"]


def test_the_baselines_answer_every_test_item(own, tmp_path):
    data = ensure_data("summaries")
    asked = [
        json.loads(line)["id"] for line in (data / "test.jsonl").read_text("utf-8").splitlines()
    ]
    written = own["baselines"].write(tmp_path, data)
    assert sorted(written) == ["lead10", "reference", "tfidf", "zero_shot"]
    for path in written.values():
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert [row["id"] for row in rows] == asked
        assert all(isinstance(row["answer"], str) and row["answer"] for row in rows)
