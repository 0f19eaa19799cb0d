"""Examples for every part: fixed inputs, small enough to follow by hand."""

from __future__ import annotations

import math

import pytest
import torch

QV = {"rank": 2, "alpha": 4, "targets": ["q_proj", "v_proj"]}
IDS = [[5, 17, 42, 8, 30]]


@pytest.mark.points("1", key="seminar3.open.layer", part="lora")
def test_one_layer_adds_the_scaled_update(student, case, alike):
    given = {
        "weight": torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        "bias": torch.zeros(3),
        "rank": 1,
        "alpha": 2,
        "dropout": 0.0,
        "a": torch.tensor([[1.0, -1.0]]),
        "b": torch.tensor([[1.0], [0.0], [2.0]]),
    }
    # A x = 3 - 1 = 2; times alpha / rank = 2 gives 4; B spreads it as 4, 0, 8.
    found = student.drive("tiny", "layer", given, torch.tensor([[3.0, 1.0]]))
    case.require(alike(found["plain"], torch.tensor([[3.0, 1.0, 4.0]])), "seminar3.lora.no_base")
    wanted = torch.tensor([[7.0, 1.0, 12.0]])
    case.require(alike(found["outputs"][0], wanted), "seminar3.lora.forward_wrong")


@pytest.mark.points("1", key="seminar3.open.start", part="lora")
def test_adapters_change_nothing_before_training(student, case):
    found = student.drive("tiny", "injected", 11, QV, IDS)
    case.require(torch.equal(found["before"], found["after"]), "seminar3.lora.start_moves_logits")
    others = [name for name in found["trainable"] if "lora_" not in name]
    case.require(not others, "seminar3.lora.base_trainable", n=len(others))
    counted = sum(a * b for a, b in found["trainable"].values())
    # Two layers; q is 64 -> 64 and v is 64 -> 32, so rank 2 makes 2 * 2 * (128 + 96) numbers.
    case.require(counted == 896, "seminar3.lora.trainable_count", got=counted)


@pytest.mark.points("1", key="seminar3.open.merge", part="lora")
def test_merging_keeps_the_answers(student, case, alike):
    found = student.drive("tiny", "merged", 11, QV, IDS, False)
    case.require(not found["left"], "seminar3.lora.merge_left", n=len(found["left"]))
    case.require(alike(found["after"], found["before"], 1e-2), "seminar3.lora.merge_differs")


@pytest.mark.points("1", key="seminar3.open.nf4", part="nf4")
def test_four_bits_and_back(student, case, alike):
    book = student.call("nf4:nf4_codebook")
    case.require(isinstance(book, torch.Tensor) and book.shape == (16,), "seminar3.nf4.book_shape")
    case.require(float(book[7]) == 0 and float(book[15]) == 1, "seminar3.nf4.book_ends")
    weight = torch.cat([book, 10 * book])  # two blocks of sixteen, made of codebook values
    packed, absmax = student.call("nf4:nf4_quantize", weight, 16)
    case.require(packed.numel() == 16, "seminar3.nf4.not_packed")
    case.require(alike(absmax, torch.tensor([1.0, 10.0])), "seminar3.nf4.scales_wrong")
    case.require(packed[:3].tolist() == [0x01, 0x23, 0x45], "seminar3.nf4.halves_swapped")
    back = student.call("nf4:nf4_dequantize", packed, absmax, [32], 16)
    case.require(alike(back, weight), "seminar3.nf4.dequantized_wrong")


@pytest.mark.points("1", key="seminar3.open.training", part="training")
def test_training_moves_the_factors_and_not_the_base(student, case):
    rows = [[[5, 9, 14], 7], [[22, 9, 31], 8], [[40, 3, 3, 50], 7], [[61, 12], 8]]
    plan = {"steps": 6, "batch": 4, "rate": 0.05, "warmup": 1, "every": 3, "seed": 1}
    found = student.drive("tiny", "trained", 11, QV, rows, rows, plan)
    case.require(not found["moved"], "seminar3.training.base_moved", n=len(found["moved"]))
    case.require(found["looks"][-1][2] < found["looks"][0][2], "seminar3.training.trajectory")
    case.require(not found["training"], "seminar3.training.left_in_training_mode")


@pytest.mark.points("1", key="seminar3.open.comparison", part="comparison")
def test_only_disagreements_count(student, case):
    gold = [1, 0, 1, 0, 1, 0, 1, 0]
    base = [1, 0, 0, 1, 0, 0, 1, 0]
    adapted = [1, 0, 1, 0, 1, 1, 1, 0]
    found = student.drive("tiny", "compared", gold, base, adapted, 200, 1)
    case.require((found["fixed"], found["broken"]) == (3, 1), "seminar3.comparison.counts")
    case.require(math.isclose(found["difference"], 0.25), "seminar3.comparison.difference")
    case.require(math.isclose(found["p"], 0.625), "seminar3.comparison.p_wrong")
