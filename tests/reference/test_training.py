"""Training: what is encoded, what is learned, and that nothing but the seed decides it."""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given
from hypothesis import strategies as st
from torch.optim.optimizer import register_optimizer_step_pre_hook

from .conftest import module, random_model

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    # peft still asks transformers for a property by its old name.
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is:FutureWarning"),
]
training = module("training")
CONFIG = {
    "steps": 6,
    "batch_size": 4,
    "microbatches": 1,
    "lr": 0.01,
    "warmup": 2,
    "weight_decay": 0.01,
    "max_length": 96,
    "seed": 3,
}
ROWS = [
    {"headline": f"{who} {what}", "label": label}
    for who in ("man", "area woman", "senate")
    for label, what in ((0, "votes on the bill"), (1, "admits it"))
]
LORA = {"rank": 2, "alpha": 6, "dropout": 0.0, "targets": ["q_proj", "v_proj"]}


def adapted(vocabulary, seed=1, **changed):
    model = random_model(vocabulary, seed)
    torch.manual_seed(seed)
    return training.add_lora(model, **LORA | changed)


def trained(tokenizer, **changed):
    """Return a freshly trained model's factors and its losses."""
    model = adapted(len(tokenizer))
    losses = training.train(model, tokenizer, ROWS, CONFIG | changed)
    factors = {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}
    return factors, losses


def test_an_example_is_the_prompt_the_answer_and_the_end(tokenizer):
    found = training.encode_example(tokenizer, "man admits it", 1, 96)
    assert tokenizer.decode(found["input_ids"]) == "Headline: man admits it\nSarcastic? yes<end>"
    learned = [label for label in found["labels"] if label != training.IGNORED]
    yes = tokenizer(" yes")["input_ids"]
    assert found["input_ids"][-2:] == learned == [*yes, tokenizer.eos_token_id]
    assert len(found["labels"]) == len(found["input_ids"])


@example(text="line", label=0, room=0)  # the prompt holds it before the headline
@given(text=st.text(max_size=60), label=st.integers(0, 1), room=st.integers(0, 60))
def test_only_the_headline_gives_way_to_a_limit(tokenizer, text, label, room):
    whole = training.encode_example(tokenizer, text, label, 10_000)["input_ids"]
    bare = training.encode_example(tokenizer, "", label, 10_000)["input_ids"]
    limit = len(bare) + room
    found = training.encode_example(tokenizer, text, label, limit)
    assert len(found["input_ids"]) == min(limit, len(whole))
    kept = len(found["input_ids"]) - len(bare)
    start = len(tokenizer("Headline: ")["input_ids"])
    # A token may not reach over the headline's border: the pieces before and behind are whole.
    assert found["input_ids"][: start + kept] == whole[: start + kept]
    assert found["input_ids"][start + kept :] == bare[start:]
    assert found["labels"] == [training.IGNORED] * (len(found["input_ids"]) - 2) + bare[-2:]


def test_a_limit_without_room_for_the_question_is_refused(tokenizer):
    least = len(training.encode_example(tokenizer, "", 0, 96)["input_ids"])
    with pytest.raises(ValueError, match="no room"):
        training.encode_example(tokenizer, "man admits it", 0, least - 1)


def test_collate_masks_padding_by_place_so_that_the_end_is_learned():
    examples = [
        {"input_ids": [5, 6, 0], "labels": [-100, 6, 0]},
        {"input_ids": [7], "labels": [7]},
    ]
    batch = training.collate(examples, pad_id=0)
    assert batch["input_ids"].tolist() == [[5, 6, 0], [7, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[-100, 6, 0], [7, -100, -100]]
    assert {tensor.dtype for tensor in batch.values()} == {torch.int64}


def test_the_loss_is_the_sum_over_targets_of_the_next_tokens_surprise():
    torch.manual_seed(0)
    logits = torch.randn(2, 4, 7)
    labels = torch.tensor([[3, -100, 2, 0], [-100, -100, -100, 6]])
    total, count = training.loss_sum_and_count(logits, labels)
    log = F.log_softmax(logits, dim=-1)
    # The first label has nothing before it that could predict it.
    assert float(total) == pytest.approx(-float(log[0, 1, 2] + log[0, 2, 0] + log[1, 2, 6]))
    assert int(count) == 3


def test_the_loss_is_the_one_that_transformers_takes_the_mean_of(model, tokenizer):
    examples = [training.encode_example(tokenizer, r["headline"], r["label"], 96) for r in ROWS]
    batch = training.collate(examples, tokenizer.pad_token_id)
    with torch.no_grad():
        out = model(**batch)
    total, count = training.loss_sum_and_count(out.logits, batch["labels"])
    assert float(total / count) == pytest.approx(float(out.loss), rel=1e-5)


def test_lora_starts_at_the_base_and_trains_its_factors_alone(model):
    ids = torch.arange(6)[None]
    with torch.no_grad():
        before = model(input_ids=ids).logits
        wrapped = training.add_lora(model, **LORA)
        assert torch.equal(wrapped(input_ids=ids).logits, before)
    named = [n for n, p in wrapped.named_parameters() if p.requires_grad]
    assert len(named) == 2 * 2 * 2  # layers, targets, factors
    assert all("lora_" in name and ("q_proj" in name or "v_proj" in name) for name in named)


def test_lora_adds_the_scaled_product_of_its_factors(model, tokenizer):
    plain = copy.deepcopy(model)
    wrapped = training.add_lora(model, **LORA)
    torch.manual_seed(4)
    with torch.no_grad():
        for name, factor in wrapped.named_parameters():
            if "lora_B" in name:
                factor.normal_(std=0.3)
        for own, theirs in zip(
            plain.model.layers, wrapped.base_model.model.model.layers, strict=True
        ):
            for target in LORA["targets"]:
                layer = getattr(theirs.self_attn, target)
                a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
                getattr(own.self_attn, target).weight += LORA["alpha"] / LORA["rank"] * b @ a
        ids = tokenizer("man admits it", return_tensors="pt").input_ids
        found, expected = wrapped(input_ids=ids).logits, plain(input_ids=ids).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_the_same_seed_trains_the_same_adapter_and_another_one_does_not(tokenizer):
    (factors, losses), (again, losses_again) = trained(tokenizer), trained(tokenizer)
    assert losses == losses_again
    assert all(torch.equal(factors[name], again[name]) for name in factors)
    assert trained(tokenizer, seed=4)[1] != losses


def test_dropout_is_seeded_too(tokenizer):
    losses = []
    for global_seed in (1, 2):
        model = adapted(len(tokenizer), dropout=0.5)
        torch.manual_seed(global_seed)
        losses.append(training.train(model, tokenizer, ROWS, CONFIG))
    assert losses[0] == losses[1]


def test_the_rate_rises_and_falls_and_gradients_are_clipped(tokenizer):
    rates, norms = [], []

    def look(optimizer, *_):
        (group,) = optimizer.param_groups
        rates.append(group["lr"])
        norms.append(torch.nn.utils.get_total_norm([p.grad for p in group["params"]]))

    hook = register_optimizer_step_pre_hook(look)
    try:
        trained(tokenizer, lr=1.0)
    finally:
        hook.remove()
    assert rates == pytest.approx([0.5, 1.0, 1.0, 0.75, 0.5, 0.25])
    assert max(norms) == pytest.approx(1.0, abs=1e-3)  # the loss of a random model is steep


def test_microbatches_add_up_to_the_whole_batch(tokenizer):
    # Five examples make pieces of three and two: their means would not add up.
    whole, losses = trained(tokenizer, batch_size=5)
    pieces, in_pieces = trained(tokenizer, batch_size=5, microbatches=2)
    assert in_pieces == pytest.approx(losses, rel=1e-4)
    for name in whole:
        torch.testing.assert_close(pieces[name], whole[name], rtol=1e-3, atol=1e-4)


def test_training_learns_changes_the_factors_alone_and_ends_in_eval_mode(tokenizer):
    model = adapted(len(tokenizer))
    frozen = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    factors = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    losses = training.train(model, tokenizer, ROWS, CONFIG | {"steps": 20})
    assert len(losses) == 20
    assert losses[-1] < 0.8 * losses[0]
    parameters = dict(model.named_parameters())
    assert all(torch.equal(parameters[name], value) for name, value in frozen.items())
    assert not any(torch.equal(parameters[name], value) for name, value in factors.items())
    assert not model.training


def test_every_row_is_read_once_in_each_pass(tokenizer, monkeypatch):
    read = []
    plain = training.collate

    def collate(batch, pad_id):
        read.extend(tuple(example["input_ids"]) for example in batch)
        return plain(batch, pad_id)

    monkeypatch.setattr(training, "collate", collate)
    trained(tokenizer, batch_size=2, steps=6)
    first, second = read[:6], read[6:]
    assert len(set(first)) == len(ROWS)
    assert sorted(first) == sorted(second)
    assert first != second


def test_a_saved_adapter_answers_as_the_trained_model_did(tokenizer, evaluation, tmp_path):
    from peft import PeftModel

    model = adapted(len(tokenizer))
    training.train(model, tokenizer, ROWS, CONFIG)
    headlines = [row["headline"] for row in ROWS]
    expected = evaluation.label_margins(model, tokenizer, headlines, 3)
    training.save_adapter(model, tmp_path / "adapter")
    names = sorted(path.name for path in (tmp_path / "adapter").iterdir())
    assert names == ["adapter_config.json", "adapter_model.safetensors", "task.json"]
    loaded = PeftModel.from_pretrained(random_model(len(tokenizer), 1), tmp_path / "adapter")
    found = evaluation.label_margins(loaded.merge_and_unload(), tokenizer, headlines, 3)
    assert found == pytest.approx(expected, abs=1e-4)
    base = evaluation.label_margins(random_model(len(tokenizer), 1), tokenizer, headlines, 3)
    assert found != pytest.approx(base, abs=1e-2)
