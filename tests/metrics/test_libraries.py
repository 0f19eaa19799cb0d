"""Metrics against the libraries that they stand on, and as modules of `evaluate`."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from leaderboard.metrics import METRICS
from leaderboard.metrics.texts import words

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ["Return the sum.", "Cat sat on mat.", "Вернуть сумму двух чисел.", "", "x \ud800 y"]
REFERENCES = ["Returns the sum of values.", "A cat sat on the mat.", "Вернуть сумму.", "a", "x y"]

pytestmark = pytest.mark.slow


def test_rouge_l_is_what_a_hand_computes():
    # the, sum: P 2/3, R 2/5, F 1/2. cat, sat, on, mat: P 4/4, R 4/6, F 4/5.
    # вернуть, сумму: P 2/4, R 2/2, F 2/3. x, y of x, U+FFFD (no word), y.
    found = METRICS["rouge_l"].score(ANSWERS, REFERENCES)
    assert found.tolist() == pytest.approx([1 / 2, 4 / 5, 2 / 3, 0, 1])


def test_rouge_l_and_its_words_are_those_of_rouge_score_on_ascii():
    from rouge_score.rouge_scorer import RougeScorer
    from rouge_score.tokenizers import DefaultTokenizer

    draw = random.Random(7)
    alphabet = "abcXYZ 0189 _-.,()'\n\t\x0b"
    texts = ["".join(draw.choices(alphabet, k=draw.randrange(1, 60))) for _ in range(200)]
    tokenizer = DefaultTokenizer()
    assert [words(text) for text in texts] == [tokenizer.tokenize(text) for text in texts]
    scorer = RougeScorer(["rougeL"])
    first, second = texts[:100], texts[100:]
    expected = [scorer.score(r, a)["rougeL"].fmeasure for a, r in zip(first, second, strict=True)]
    assert METRICS["rouge_l"].score(first, second).tolist() == pytest.approx(expected)


def test_evaluate_loads_every_metric_by_its_path_offline_and_says_the_same(tmp_path):
    code = """
import sys, json, socket
def refuse(*args): raise OSError("no network here")
socket.socket.connect = refuse
import evaluate
answers, references = json.load(sys.stdin)
from leaderboard.metrics import METRICS
for key in ("rouge_l", "chrf", "format"):
    module = evaluate.load(f"leaderboard/metrics/modules/{key}")
    found = module.compute(predictions=answers, references=references)
    expected = METRICS[key].score(answers, references)
    assert found[f"{key}_per_item"] == expected.tolist(), key
    assert found[key] == expected.mean()
    assert "Higher is better." in module.description
    assert type(module).higher_is_better
"""
    environment = {
        **os.environ,
        "HF_HOME": str(tmp_path),
        "HF_EVALUATE_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps([ANSWERS[:4], REFERENCES[:4]]).encode(),
        env=environment,
        cwd=ROOT,
        check=True,
    )


def test_our_loader_leaves_no_file_and_no_word_behind(tmp_path):
    code = """
from leaderboard.metrics.evaluated import load
module = load("format")
found = module.compute(predictions=["Return the sum of it."], references=["a"])
assert found == {"format": 1.0, "format_per_item": [1.0]}, found
"""
    before = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=before, capture_output=True, check=True, cwd=tmp_path
    )
    assert (ended.stdout, ended.stderr) == (b"", b"")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.fixture(scope="module")
def embed():
    """Embed one text with transformers alone, without batches or padding."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    from graders.assets import ensure_embedder

    folder = str(ensure_embedder())
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)

    def vector(text):
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state
        return states.mean(1).numpy()

    return vector


@pytest.mark.model
def test_cosine_is_that_of_scikit_learn_over_mean_pooled_states(embed):
    from sklearn.metrics.pairwise import cosine_similarity

    # Of unlike lengths, so that padding would show if it were pooled.
    answers = ["Return the sum.", "Cat sat on mat.", "Draw " + "many random " * 20 + "samples."]
    references = ["Returns the sum of values.", "A cat sat on the mat.", "Sample."]
    expected = [
        cosine_similarity(embed(answer), embed(reference))[0, 0]
        for answer, reference in zip(answers, references, strict=True)
    ]
    found = METRICS["cosine"].score(answers, references)
    assert found.tolist() == pytest.approx(expected, abs=2e-5)


@pytest.mark.model
def test_cosine_does_not_depend_on_who_else_is_scored():
    alone = METRICS["cosine"].score(ANSWERS[:2], REFERENCES[:2])
    crowd = [f"{text} {n} " * (n % 9 + 1) for n, text in enumerate(ANSWERS * 30, start=1)]
    among = METRICS["cosine"].score([*ANSWERS[:2], *crowd], [*REFERENCES[:2], *crowd[::-1]])
    assert np.array_equal(among[:2], alone)


@pytest.mark.model
def test_cosine_of_equals_is_one_and_of_blanks_nothing():
    answers = ["Return the sum.", "", "Слово \udfff", "\x07" * 4000]
    found = METRICS["cosine"].score(answers, ["Return the sum.", "Return.", "Sum.", "Sum."])
    assert found[:2].tolist() == [1.0, 0.0]
    assert (found[2:] < 0.5).all()
