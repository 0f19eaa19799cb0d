"""The pinned wheels' summaries and the embedder themselves, as HW2A uses them."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from graders.assets import ensure_data, ensure_embedder, hidden_values, student_files, summaries
from graders.assets.cache import sha256_of
from graders.assets.sources import SUMMARIES
from graders.assets.summaries.alike import even
from graders.assets.summaries.split import PACKAGES, SIZES

pytestmark = pytest.mark.model
NAMES = ("private", "public", "train", "test")


@pytest.fixture(scope="module")
def folder():
    return ensure_data("summaries")


@pytest.fixture(scope="module")
def parts(folder):
    return {
        name: [
            json.loads(line)
            for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for name in NAMES
    }


def test_the_parts_are_the_pinned_ones_when_they_are_made_again(folder, tmp_path):
    facts = summaries.prepare(tmp_path, lambda _line: None)
    assert set(SUMMARIES.prepared) == {f"{name}.jsonl" for name in NAMES}
    for name, expected in SUMMARIES.prepared.items():
        assert sha256_of(tmp_path / name) == sha256_of(folder / name) == expected
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {**told, "files": None} == {**facts, "files": None}


def test_no_package_stands_in_two_parts_nor_fills_more_than_an_eighth(parts):
    held = {name: Counter(row["package"] for row in parts[name]) for name in SIZES}
    assert {name: sum(counts.values()) for name, counts in held.items()} == SIZES
    assert {name: tuple(sorted(counts)) for name, counts in held.items()} == PACKAGES
    assert max(held["train"].values()) <= 3000 / 8
    assert max(held["private"].values()) <= 480 / 8
    assert set(held["public"].values()) == {40}


def test_every_row_keeps_the_lengths(parts):
    for name in SIZES:
        for row in parts[name]:
            assert 4 <= len(row["summary"].split()) <= 14
            assert 25 <= len(row["document"].split()) <= 200
            assert row["id"][0] == "s"
            assert not {">>>", "----------", ":returns:", "::"} & set(row["document"].split())


def test_the_test_part_asks_every_examined_item_once(parts):
    examined = {row["id"]: row for name in ("public", "private") for row in parts[name]}
    assert len(parts["test"]) == len(examined) == 720
    for row in parts["test"]:
        assert {**examined[row["id"]], **row} == examined[row["id"]]
        assert sorted(row) == ["document", "id", "name", "signature"]


def test_neither_a_document_nor_its_near_copy_stands_in_two_parts(parts):
    import numpy as np

    rows = [(name, row) for name in SIZES for row in parts[name]]
    index: dict[str, int] = {}
    sets = [
        np.array(sorted({index.setdefault(w, len(index)) for w in even(row["document"]).split()}))
        for _, row in rows
    ]
    table = np.zeros((len(rows), len(index)), dtype=np.float32)
    for at, words in enumerate(sets):
        table[at, words] = 1
    common = table @ table.T  # rows, rows
    sizes = np.diag(common)
    jaccard = common / (sizes[:, None] + sizes[None, :] - common)
    np.fill_diagonal(jaccard, 0)
    assert jaccard.max() < 0.6


def test_no_summary_is_told_by_a_document_or_asked_twice(parts):
    told = "\n".join(even(row["document"]) for name in SIZES for row in parts[name])
    asked = [even(row["summary"]) for name in SIZES for row in parts[name]]
    assert len(asked) == len(set(asked))
    examined = [even(row["summary"]) for name in ("public", "private") for row in parts[name]]
    assert [one for one in examined if one in told] == []
    for row in parts["train"]:
        assert even(row["summary"]) not in even(row["document"])


def test_what_students_get_holds_no_answer_of_an_examined_item(folder):
    files = student_files("summaries", folder)
    for text in hidden_values("summaries", folder).texts:
        for name in ("train.jsonl", "test.jsonl", "manifest.json", "LICENSES.txt"):
            assert text.encode() not in files[name], (name, text)


def test_every_package_comes_with_a_permissive_licence_and_its_text(folder):
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["packages"]
    free = ("MIT", "BSD-3-Clause", "BSD-2-Clause", "Apache-2.0", "LicenseRef-Matplotlib")
    assert [one["package"] for one in told if not one["licence"].startswith(free)] == []
    texts = (folder / "LICENSES.txt").read_text(encoding="utf-8")
    assert texts.count("\n" + "=" * 78 + "\n") >= len(told) - 1
    assert "carries no text" not in texts


def test_the_embedder_is_loaded_without_a_network_and_knows_what_is_alike():
    code = """
import sys, torch
from transformers import AutoModel, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModel.from_pretrained(sys.argv[1]).eval()
texts = ["Return the sorted list.", "Gives back a list in order.", "Open a socket."]
batch = tokenizer(texts, padding=True, return_tensors="pt")
with torch.no_grad():
    states = model(**batch).last_hidden_state  # B, T, 384
mask = batch.attention_mask[..., None]
mean = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)
print(mean.shape[1], *(mean[0] @ mean[1:].T).tolist())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, ensure_embedder()],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    width, alike, unlike = map(float, done.stdout.split())
    assert width == 384
    assert alike > 0.6
    assert unlike < 0.3
