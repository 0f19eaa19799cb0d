"""The run: its pieces, and all of it on a tiny model."""

from __future__ import annotations

import json
import random

import pytest

pytestmark = pytest.mark.slow  # torch

WORDS = ("mayor", "opens", "bridge", "area", "man", "thinks", "about", "bridge", "nation", "votes")
WORDS += ("you", "why", "7", "study", "finds", "cat", "still", "dog", "a", "the", "no", "yes")
WORDS += ("Satire", "?")


def headline(rng, label):
    kind = ("area", "man", "still") if label else ("mayor", "opens", "votes")
    return " ".join([rng.choice(kind), *rng.choices(WORDS[:-4], k=rng.randint(3, 9))])


@pytest.fixture(scope="module")
def folders(tmp_path_factory, llama):
    """Return the folders of a tiny model with a tokenizer of words, and of invented headlines."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast

    home = tmp_path_factory.mktemp("seminar3")
    known = {word: place for place, word in enumerate(dict.fromkeys(("[UNK]", "[PAD]", *WORDS)))}
    plain = Tokenizer(WordLevel(known, unk_token="[UNK]"))
    plain.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, unk_token="[UNK]", pad_token="[PAD]"
    )
    tokenizer.save_pretrained(home / "model")
    llama(vocabulary=len(known)).save_pretrained(home / "model")
    (home / "data").mkdir()
    rng = random.Random(3)
    for name, count in (("train", 400), ("public", 80)):
        rows = [
            {"id": f"{name}{n}", "headline": headline(rng, n % 2), "label": n % 2}
            for n in range(count)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (home / "data" / f"{name}.jsonl").write_text(text)
    return home


def run(folders, out):
    from reference.seminar3_lora.run import main

    words = ["--model", str(folders / "model"), "--data", f"sarcasm={folders / 'data'}"]
    path = main(["--out", str(out), *words, "--share", "0.1"])
    return json.loads(path.read_text())


def test_the_run_shows_all_it_promises_and_gives_the_same_hash_again(folders, tmp_path):
    found = run(folders, tmp_path / "a")
    tables = {table["name"]: table for table in found["tables"]}
    assert {"accuracy", "comparison", "sweep", "forgetting", "gap", "memory"} <= tables.keys()
    assert {"slices", "confidence", "worst"} <= tables.keys()
    systems = [row[0] for row in tables["accuracy"]["rows"]]
    assert systems == ["base model", "TF-IDF", "LoRA", "QLoRA"]
    assert len(tables["sweep"]["rows"]) == 3
    assert found["results"]["base_unchanged"] == {"LoRA": True, "QLoRA": True}
    for figure in found["figures"]:
        assert (tmp_path / "a" / figure["file"]).stat().st_size > 0
    assert {f["name"] for f in found["figures"]} == {"accuracy", "sweep", "losses", "memory"}
    assert len(found["reading"]) >= 8
    assert run(folders, tmp_path / "b")["hash"] == found["hash"]


def compared(base, adapted):
    from reference.seminar3_lora.comparison import compare_with_base

    return compare_with_base([1] * len(base), base, adapted)


def test_the_reading_follows_the_interval_of_the_difference():
    from reference.seminar3_lora import reading

    zeros, ones, mixed = [0] * 60, [1] * 60, [0, 1] * 30
    pairs = {"better": compared(zeros, ones), "worse": compared(ones, zeros)}
    pairs["same"] = compared(mixed, mixed[::-1])
    told = reading.quality(pairs)
    assert "better: better by 100.0 points" in told[0]
    assert "worse: worse by 100.0 points" in told[1]
    assert "not told apart by 60 headlines" in told[2]


def test_the_reading_of_forgetting_says_nothing_where_the_interval_holds_one():
    from reference.seminar3_lora import reading

    told = reading.forgetting(
        {"a": (1.2, (1.1, 1.3)), "b": (1.0, (0.9, 1.1)), "c": (0.8, (0.7, 0.9))}
    )
    assert "has grown" in told[0]
    assert "has not measurably changed" in told[1]
    assert "has even fallen" in told[2]


def test_the_reading_names_the_step_that_was_kept():
    from reference.seminar3_lora import reading
    from reference.seminar3_lora.training import History, Look

    late = History(looks=[Look(0, 3.0, 3.0), Look(5, 0.5, 1.0), Look(10, 0.1, 2.0)])
    early = History(looks=[Look(0, 3.0, 3.0), Look(5, 1.0, 1.1), Look(10, 0.9, 1.0)])
    told = reading.overfitting({"late": late, "early": early})
    assert "The adapter of step 5 was kept" in told[0]
    assert "no overfitting seen in 10 steps" in told[1]


ROWS = [{"headline": f"area man number {n}", "label": n % 2} for n in range(40)]


def test_a_slice_counts_the_headlines_that_belong_to_it():
    from reference.seminar3_lora.errors import slices

    guess = [row["label"] for row in ROWS]
    found = {one.name: one for one in slices(ROWS, [0] * 40, guess)}
    assert {one.n for one in found.values()} == {40}
    assert "a number" in found
    assert "quotation marks" not in found
    assert found["a number"].base == 0.5
    assert found["a number"].adapted == 1


def test_the_surest_errors_come_first():
    from reference.seminar3_lora.errors import by_confidence, confident_errors

    margins = [(1 if row["label"] else -1) * (n + 1.0) for n, row in enumerate(ROWS)]
    margins[3], margins[8] = -50.0, 4.5
    found = confident_errors(ROWS, margins, 5)
    assert found == [(ROWS[3]["headline"], "sarcastic", -50.0), (ROWS[8]["headline"], "news", 4.5)]
    thirds = by_confidence([row["label"] for row in ROWS], margins)
    assert [count for _, count, _ in thirds] == [13, 14, 13]
    assert [round(share * count) for _, count, share in thirds] == [12, 14, 12]


def test_tfidf_learns_what_words_tell():
    from reference.seminar3_lora.trials import tfidf_answers

    rng = random.Random(5)
    rows = [{"headline": headline(rng, n % 2), "label": n % 2} for n in range(300)]
    guess = tfidf_answers(rows[:240], rows[240:])
    assert sum(g == row["label"] for g, row in zip(guess, rows[240:], strict=True)) > 45
