"""The loop: where DPO starts, what it moves, and that a saved state comes back."""

from __future__ import annotations

import math

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning"),
]


@pytest.fixture
def adapted(llama):
    from reference.seminar4_preferences.training import with_lora

    return with_lora(llama(), rank=4, seed=1)


def _plan(method, **changes):
    from reference.seminar4_preferences.training import Plan

    usual = {"steps": 12, "batch": 3, "lr": 0.02, "weight": 0.2, "seed": 5}
    return Plan(method, **{**usual, **changes})


def test_dpo_starts_at_ln_2_and_puts_its_pairs_in_order(adapted, tokenizer, pairs):
    from reference.seminar4_preferences.training import pair_logps, train

    before = pair_logps(adapted, tokenizer, pairs)
    steps = train(adapted, tokenizer, pairs, _plan("dpo"))
    assert steps[0].loss == pytest.approx(math.log(2), abs=1e-4)
    assert steps[-1].loss < steps[0].loss
    moved = pair_logps(adapted, tokenizer, pairs) - before
    assert bool((moved[:, 0] > moved[:, 1]).all())


@pytest.mark.parametrize("method", ["sft", "orpo"])
def test_sft_and_orpo_make_the_chosen_answers_likelier(adapted, tokenizer, pairs, method):
    from reference.seminar4_preferences.training import pair_logps, train

    before = pair_logps(adapted, tokenizer, pairs)[:, 0].mean()
    steps = train(adapted, tokenizer, pairs, _plan(method))
    assert pair_logps(adapted, tokenizer, pairs)[:, 0].mean() > before
    assert steps[-1].loss < steps[0].loss


def test_training_repeats_itself_and_a_saved_state_comes_back(adapted, tokenizer, pairs):
    from reference.seminar4_preferences.training import restore, state_of, train

    raw = state_of(adapted)
    first = train(adapted, tokenizer, pairs, _plan("orpo", steps=4))
    restore(adapted, raw)
    assert all(value.equal(raw[name]) for name, value in state_of(adapted).items())
    assert train(adapted, tokenizer, pairs, _plan("orpo", steps=4)) == first


def test_training_ends_when_it_is_told_to_and_takes_a_reference_that_is_known(
    adapted, tokenizer, pairs
):
    from reference.seminar4_preferences.training import pair_logps, restore, state_of, train

    raw, known = state_of(adapted), pair_logps(adapted, tokenizer, pairs)
    plan = _plan("dpo")
    first = train(adapted, tokenizer, pairs, plan, lambda done: done == 3)
    assert len(first) == 3
    restore(adapted, raw)
    again = train(adapted, tokenizer, pairs, plan, lambda done: done == 3, reference=known)
    assert again == first


def test_a_batch_padded_on_the_left_scores_as_its_rows_do_alone(llama, tokenizer, pairs):
    import torch

    from reference.seminar4_preferences.data import answer_logps, collate, encode
    from reference.seminar4_preferences.losses import sequence_logps

    model = llama()
    examples = [encode(tokenizer, p.prompt, p.chosen) for p in pairs]
    assert len({len(example["input_ids"]) for example in examples}) > 1
    with torch.no_grad():
        together = answer_logps(model, collate(examples, 0))
        for example, got in zip(examples, together, strict=True):
            ids, labels = (torch.tensor([example[n]]) for n in ("input_ids", "labels"))
            alone = sequence_logps(model(input_ids=ids).logits, labels)
            assert torch.allclose(alone[0], got, atol=1e-4)


def test_generation_in_a_batch_is_that_of_each_prompt_alone(llama, tokenizer, pairs):
    from reference.seminar4_preferences.data import generate

    model = llama()
    prompts = [p.prompt + " river" * place for place, p in enumerate(pairs)]
    together = generate(model, tokenizer, prompts, tokens=5, batch_size=4)
    assert together == [generate(model, tokenizer, [p], tokens=5)[0] for p in prompts]
