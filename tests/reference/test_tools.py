"""The command that trains the reference: what it chooses, and that it does not train twice."""

import pytest

from tools import reference as tool

from .conftest import module, random_model

WORDS = ("votes on the bill", "admits it", "walks a dog", "reports a loss")


@pytest.fixture
def desk(tokenizer, tmp_path, monkeypatch):
    """Return a desk with a small random model and invented headlines."""

    class Small(tool.Desk):
        def base(self):
            return random_model(len(tokenizer), 1), tokenizer

    monkeypatch.setattr(tool, "CACHE", tmp_path / "reference")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    rows = [
        {"id": f"h{n}", "headline": f"man {n} {WORDS[n % 4]}", "label": n % 2} for n in range(24)
    ]
    parts = {"train": rows[:12], "validation": rows[12:18], "public": rows[18:]}
    modules = [module(name) for name in ("data", "training", "evaluation")]
    return Small(*modules, parts, tmp_path)


def test_the_threshold_is_the_best_one_and_the_nearest_to_zero_of_equals(desk):
    gold = [row["label"] for row in desk.parts["validation"]]
    assert gold == [0, 1, 0, 1, 0, 1]
    # Zero answers all of these rightly, so no other cut may take its place.
    assert tool.best_threshold(desk, [-3.0, 1.0, -1.0, 2.0, -0.5, 4.0]) == 0.0
    # Shifted by two: right between the largest 0 and the smallest 1.
    assert tool.best_threshold(desk, [-1.0, 3.0, 1.0, 4.0, 1.5, 6.0]) == pytest.approx(2.25)


def test_a_score_holds_its_own_interval(desk):
    found = tool.score(desk, "public", [0, 1, 0, 1, 1, 1])
    assert found["n"] == 6
    assert found["accuracy"] == pytest.approx(5 / 6)
    low, high = found["ci"]
    assert low < found["accuracy"] < high <= 1


def test_the_simple_baseline_learns_from_train_alone(desk):
    answers = tool.tfidf(desk, ["public"])["public"]
    assert answers == [row["label"] for row in desk.parts["public"]]
    for row in desk.parts["train"]:
        row["label"] = 1 - row["label"]
    assert tool.tfidf(desk, ["public"])["public"] == [1 - answer for answer in answers]


@pytest.mark.usefixtures("one_thread")
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is:FutureWarning")
def test_what_was_trained_by_the_same_settings_is_not_trained_again(desk):
    config = tool.CONFIG | {"steps": 2, "warmup": 1, "batch_size": 4}
    first = tool.trained(desk, "toy", tool.WEAK_LORA, config)
    written = {path: path.stat().st_mtime_ns for path in first.iterdir()}
    assert tool.trained(desk, "toy", tool.WEAK_LORA, config) == first
    assert {path: path.stat().st_mtime_ns for path in first.iterdir()} == written
    assert tool.trained(desk, "toy", tool.WEAK_LORA, config | {"seed": 2}) != first
    assert not list(first.parent.glob("*.part"))
