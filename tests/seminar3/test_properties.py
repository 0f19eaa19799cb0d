"""What the seminar promises: nothing frozen moves, nothing big is kept, statistics are right."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow  # torch


@pytest.fixture
def questions():
    import torch

    from reference.seminar3_lora.task import Example

    generator = torch.Generator().manual_seed(7)
    lengths = torch.randint(3, 9, (24,), generator=generator).tolist()
    return [
        Example(tuple(torch.randint(3, 96, (n,), generator=generator).tolist()), 7 + n % 2)
        for n in lengths
    ]


def test_the_base_has_one_fingerprint_before_and_after_training(llama, questions):
    from reference.seminar3_lora.lora import fingerprint, inject
    from reference.seminar3_lora.training import Plan, train_lora

    model = llama()
    before = fingerprint(model)
    inject(model, ["q_proj", "up_proj"], rank=4, alpha=8)
    assert fingerprint(model) == before
    train_lora(model, questions[:16], questions[16:], Plan(steps=3, batch=8, rate=0.02))
    assert fingerprint(model) == before
    model.model.layers[1].mlp.up_proj.base.weight.data[0, 0] += 1e-3
    assert fingerprint(model) != before


def test_a_forward_pass_without_gradients_first_does_not_kill_those_of_qlora(llama, questions):
    from reference.seminar3_lora.lora import inject, trainable
    from reference.seminar3_lora.qlora import quantize_linears
    from reference.seminar3_lora.training import answer_loss, evaluate_loss

    model = llama()
    quantize_linears(model)
    inject(model, ["q_proj", "v_proj"], rank=4, alpha=8)
    evaluate_loss(model, questions)
    answer_loss(model, questions[:8]).backward()
    norms = {n: float(p.grad.norm()) for n, p in trainable(model).items() if n.endswith("lora_b")}
    assert len(norms) == 4
    assert min(norms.values()) > 0


def test_a_quantized_layer_keeps_less_than_its_weight_for_the_backward_pass():
    import torch

    from reference.seminar3_lora.qlora import NF4Linear, saved_bytes

    linear = torch.nn.Linear(256, 256, bias=False).requires_grad_(False)
    layer = NF4Linear(linear)
    x = torch.randn(2, 256, requires_grad=True)
    unpacked = saved_bytes(layer, lambda: torch.nn.functional.linear(x, layer.weight))
    assert unpacked >= linear.weight.nbytes
    assert saved_bytes(layer, lambda: layer(x)) < linear.weight.nbytes / 8


def test_memory_counts_a_shared_weight_once(llama):
    from reference.seminar3_lora.lora import inject, trainable
    from reference.seminar3_lora.qlora import memory

    apart, tied = (memory(llama(tied=tied).requires_grad_(False)) for tied in (False, True))
    assert apart.weights - tied.weights == 96 * 64 * 4
    model = llama()
    inject(model, ["q_proj"], rank=2, alpha=2)
    count = sum(p.numel() for p in trainable(model).values())
    taken = memory(model)
    assert (taken.adapters, taken.gradients, taken.optimizer) == (4 * count, 4 * count, 8 * count)
    assert taken.weights == apart.weights


def test_the_last_logits_are_those_of_the_whole_model_for_each_question_alone(llama, questions):
    import torch

    from reference.seminar3_lora.task import collate, last_logits

    model = llama()
    with torch.no_grad():
        together = last_logits(model, collate(questions))
        for question, row in zip(questions, together, strict=True):
            alone = model(input_ids=torch.tensor([question.prompt])).logits[0, -1]
            assert torch.allclose(row, alone, atol=1e-4)


def test_margins_keep_the_order_of_the_questions(llama, questions):
    from reference.seminar3_lora.task import margins

    model = llama()
    found = margins(model, questions, (7, 8), size=5)
    assert margins(model, questions[::-1], (7, 8), size=7) == pytest.approx(found[::-1], abs=1e-4)


@pytest.mark.parametrize(("fixed", "broken"), [(9, 2), (2, 9), (4, 4), (1, 0), (40, 21)])
def test_mcnemar_is_scipys_binomial_test(fixed, broken):
    from scipy.stats import binomtest

    from reference.seminar3_lora.comparison import mcnemar

    assert mcnemar(fixed, broken) == pytest.approx(binomtest(fixed, fixed + broken).pvalue)


@pytest.mark.parametrize(("right", "n"), [(0, 20), (17, 20), (20, 20), (311, 500)])
def test_the_interval_of_a_slice_is_scipys_wilson_interval(right, n):
    from scipy.stats import binomtest

    from reference.seminar3_lora.errors import wilson

    wanted = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right, n) == pytest.approx((wanted.low, wanted.high), abs=1e-4)


def test_the_paired_interval_covers_the_true_difference():
    import numpy as np

    from reference.seminar3_lora.comparison import compare_with_base

    generator = np.random.default_rng(8)
    covered = 0
    for _ in range(60):
        hard = generator.random(150)
        gold = [1] * 150
        base = (hard < 0.6).astype(int).tolist()
        better = (hard + 0.1 * generator.standard_normal(150) < 0.7).astype(int).tolist()
        low, high = compare_with_base(gold, base, better, 300, 9).difference_interval
        covered += low <= 0.1 <= high
    assert covered >= 50
