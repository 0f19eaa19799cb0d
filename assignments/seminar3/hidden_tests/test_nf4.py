"""Part "nf4": the codebook, codes and scales, double quantization, and a layer made of them."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
import torch

BLOCK = 64
LARGEST_GAP = 0.31  # between two neighbours of the codebook, as a share of a block's scale


def _codebook():
    """Return NF4 by the definition: quantiles of N(0, 1), eight above zero and seven below."""
    normal, outermost = NormalDist(), 1 - (1 / 32 + 1 / 30) / 2
    above = [outermost + (0.5 - outermost) * k / 8 for k in range(8)]
    below = [outermost + (0.5 - outermost) * k / 7 for k in range(7)]
    values = [normal.inv_cdf(p) for p in above] + [-normal.inv_cdf(p) for p in below] + [0.0]
    return torch.tensor(sorted(v / max(values) for v in values))


def _codes(packed, count):
    high, low = packed.long() >> 4, packed.long() & 15
    return torch.stack([high, low], dim=1).flatten()[:count]


def _scales(flat, block):
    return torch.stack([piece.abs().max() for piece in flat.split(block)])


def _each(scales, count, block):
    """Return the scale of each weight."""
    return scales.repeat_interleave(block)[:count]


@pytest.mark.points("0.5", key="seminar3.nf4.codebook", part="nf4")
def test_the_codebook_is_made_of_normal_quantiles(student, case):
    got = student.call("nf4:nf4_codebook")
    case.require(isinstance(got, torch.Tensor) and got.shape == (16,), "seminar3.nf4.book_shape")
    case.require(got.dtype == torch.float32, "seminar3.nf4.book_dtype")
    case.require(bool((got[1:] > got[:-1]).all()), "seminar3.nf4.book_order")
    case.require(bool((got == 0).any()), "seminar3.nf4.book_without_zero")
    case.require(float(got.max()) == 1 and float(got.min()) == -1, "seminar3.nf4.book_ends")
    gaps = got.diff()
    case.require(float(gaps.max()) > 1.5 * float(gaps.min()), "seminar3.nf4.book_even")
    case.require(int((got > 0).sum()) == 8, "seminar3.nf4.book_sides")
    far = float((got - _codebook()).abs().max())
    case.require(far < 1e-5, "seminar3.nf4.book_wrong", far=round(far, 4))


@pytest.mark.points("0.75", key="seminar3.nf4.quantize", part="nf4")
def test_each_weight_gets_the_nearest_value_of_its_block(student, case, rng, draw):
    rows, block = rng.choice((5, 6, 9)), rng.choice((32, 64))
    weight = draw(rows, 128) * (1 + draw(rows, 1).abs() * 3)
    flat = weight.flatten()
    packed, absmax = student.call("nf4:nf4_quantize", weight, block)
    case.require(packed.dtype == torch.uint8, "seminar3.nf4.packed_dtype")
    case.require(packed.numel() != flat.numel(), "seminar3.nf4.not_packed")
    case.require(packed.shape == (flat.numel() // 2,), "seminar3.nf4.packed_shape")
    case.require(absmax.numel() == flat.numel() // block, "seminar3.nf4.scales_count")
    case.require(absmax.dtype == torch.float32, "seminar3.nf4.scales_dtype")
    signed = torch.stack([piece.max() for piece in flat.split(block)])
    case.require(not torch.equal(absmax, signed), "seminar3.nf4.scale_is_max")
    across = _scales(weight.T.flatten(), block)
    case.require(not torch.equal(absmax, across), "seminar3.nf4.blocks_by_column")
    case.require(torch.equal(absmax, _scales(flat, block)), "seminar3.nf4.scales_wrong")
    scaled = flat / _each(absmax, flat.numel(), block)
    codes = _codes(packed, flat.numel())
    swapped = codes.view(-1, 2).flip(1).flatten()
    far = (scaled[:, None] - _codebook()).abs()  # N, 16
    best = far.min(dim=1).values

    def wasted(of):
        return float((far.gather(1, of[:, None])[:, 0] - best).max())

    case.require(wasted(swapped) > 1e-5, "seminar3.nf4.halves_swapped")
    floors = (_codebook() <= scaled[:, None] + 1e-6).sum(dim=1).clamp(1) - 1
    case.require(not torch.equal(codes, floors), "seminar3.nf4.not_nearest")
    case.require(wasted(codes) < 1e-5, "seminar3.nf4.codes_wrong")
    low = student.call("nf4:nf4_quantize", weight.bfloat16(), block)[1]
    case.require(
        torch.equal(low, _scales(weight.bfloat16().float().flatten(), block)),
        "seminar3.nf4.low_precision",
    )


@pytest.mark.points("0.25", key="seminar3.nf4.edges", part="nf4")
def test_zeros_outliers_short_blocks_and_odd_counts_survive(student, case, rng, draw):
    zeros = student.call("nf4:nf4_quantize", torch.zeros(2, BLOCK), BLOCK)
    back = student.call("nf4:nf4_dequantize", *zeros, [2, BLOCK], BLOCK)
    case.require(bool(torch.isfinite(zeros[1]).all()), "seminar3.nf4.zero_block")
    case.require(bool((_codes(zeros[0], 2 * BLOCK) == 7).all()), "seminar3.nf4.zero_block")
    case.require(torch.equal(back, torch.zeros(2, BLOCK)), "seminar3.nf4.zero_block")
    count = 2 * BLOCK + rng.choice((1, 7, 33))
    weight = draw(count)
    packed, absmax = student.call("nf4:nf4_quantize", weight, BLOCK)
    case.require(packed.shape == ((count + 1) // 2,), "seminar3.nf4.odd_count", n=packed.numel())
    case.require(absmax.shape == (3,), "seminar3.nf4.short_block", n=absmax.numel())
    case.require(torch.equal(absmax, _scales(weight, BLOCK)), "seminar3.nf4.short_block")
    back = student.call("nf4:nf4_dequantize", packed, absmax, [count], BLOCK)
    case.require(back.shape == (count,), "seminar3.nf4.dequantized_shape")
    fifteen = student.call("nf4:nf4_quantize", weight[:15], 5)  # odd, and every block whole
    case.require(fifteen[0].shape == (8,), "seminar3.nf4.odd_count", n=fifteen[0].numel())
    bound = _each(absmax, count, BLOCK) * LARGEST_GAP / 2
    case.require(bool(((weight - back).abs() <= bound).all()), "seminar3.nf4.short_block")
    # One outlier costs its own block its precision, and no other block.
    spoilt = weight.clone()
    spoilt[3] = 1000.0
    codes = _codes(student.call("nf4:nf4_quantize", spoilt, BLOCK)[0], count)
    same = torch.equal(codes[BLOCK:], _codes(packed, count)[BLOCK:])
    case.require(same, "seminar3.nf4.outlier_spreads")


@pytest.mark.points("0.5", key="seminar3.nf4.dequantize", part="nf4")
def test_what_comes_back_is_the_codebook_times_the_scale(student, case, rng, draw, close):
    block = rng.choice((32, 64))
    count = 4 * 96
    codes = torch.tensor([rng.randrange(16) for _ in range(count)])
    packed = (codes[0::2] * 16 + codes[1::2]).to(torch.uint8)
    absmax = draw(count // block).abs() + 0.1
    got = student.call("nf4:nf4_dequantize", packed, absmax, [4, 96], block)
    case.require(got.shape == (4, 96), "seminar3.nf4.dequantized_shape")
    values = _codebook()[codes]
    each = _each(absmax, count, block)
    swapped = values.view(-1, 2).flip(1).flatten() * each
    case.require(not close(got.flatten(), swapped), "seminar3.nf4.halves_swapped")
    case.require(not close(got.flatten(), values), "seminar3.nf4.not_scaled")
    case.require(close(got.flatten(), values * each, 1e-5), "seminar3.nf4.dequantized_wrong")
    weight = draw(4, 96)
    whole = student.call("nf4:nf4_quantize", weight, block)
    back = student.call("nf4:nf4_dequantize", *whole, [4, 96], block)
    bound = _each(whole[1], count, block).view(4, 96) * LARGEST_GAP / 2
    case.require(bool(((weight - back).abs() <= bound).all()), "seminar3.nf4.error_bound")
    low = student.drive("tiny", "dequantized_low", packed, absmax, [4, 96], block)
    case.require(low.dtype == torch.bfloat16, "seminar3.nf4.dequantized_dtype")
    # One rounding, at the end: the product of two rounded factors is off by more.
    case.require(torch.equal(low, got.bfloat16()), "seminar3.nf4.dequantized_rounding")


@pytest.mark.points("0.5", key="seminar3.nf4.scales", part="nf4")
def test_scales_are_stored_in_a_byte_each(student, case, rng, draw):
    group = rng.choice((16, 32))
    absmax = draw(3 * group + 5).abs() + 4  # positive and much alike, the last group short
    codes, steps, mean = student.call("nf4:quantize_scales", absmax, group)
    case.require(codes.dtype == torch.int8, "seminar3.nf4.scale_codes_dtype")
    case.require(codes.shape == absmax.shape, "seminar3.nf4.scale_codes_shape")
    case.require(steps.shape == (4,), "seminar3.nf4.scale_groups", n=steps.numel())
    case.require(mean.numel() == 1, "seminar3.nf4.scale_mean")
    far = abs(float(mean) - float(absmax.mean()))
    case.require(far < 1e-4, "seminar3.nf4.scale_mean")
    back = student.call("nf4:dequantize_scales", codes, steps, mean, group)
    case.require(back.shape == absmax.shape, "seminar3.nf4.scale_codes_shape")
    centred = absmax - absmax.mean()
    largest = torch.stack([piece.abs().max() for piece in centred.split(group)])
    half = largest.repeat_interleave(group)[: len(absmax)] / 127 / 2
    case.require(
        bool(((back - absmax).abs() <= half * 1.01 + 1e-6).all()), "seminar3.nf4.scale_error"
    )
    even = student.call("nf4:quantize_scales", torch.full((5,), 2.5), group)
    again = student.call("nf4:dequantize_scales", *even, group)
    case.require(bool(torch.isfinite(again).all()), "seminar3.nf4.equal_scales")
    case.require(bool(((again - 2.5).abs() < 1e-5).all()), "seminar3.nf4.equal_scales")
    block = rng.choice((32, 128))
    plain = student.call("nf4:bits_per_weight", block)
    twice = student.call("nf4:bits_per_weight", block, group)
    case.require(math.isclose(plain, 4 + 32 / block), "seminar3.nf4.bits_plain", got=plain)
    wanted = 4 + 8 / block + 32 / (block * group)
    case.require(math.isclose(twice, wanted), "seminar3.nf4.bits_double", got=twice)


@pytest.mark.points("0.25", key="seminar3.nf4.layer", part="nf4")
def test_a_quantized_layer_multiplies_and_keeps_nothing_unpacked(student, case, rng, draw, close):
    outputs, inputs = rng.choice(((24, 80), (80, 24)))
    given = {"weight": draw(outputs, inputs), "bias": draw(outputs)}
    x, grad = draw(2, 3, inputs), draw(2, 3, outputs)
    got = student.drive("tiny", "nf4_layer", given, x, grad)
    wanted = x @ got["weight"].T + given["bias"]
    case.require(not close(got["out"], wanted - given["bias"]), "seminar3.nf4.bias_lost")
    exact = x @ given["weight"].T + given["bias"]
    case.require(not close(got["out"], exact), "seminar3.nf4.not_quantized")
    case.require(close(got["out"], wanted), "seminar3.nf4.layer_output")
    case.require(got["grad"] is not None, "seminar3.nf4.no_gradient")
    case.require(close(got["grad"], grad @ got["weight"]), "seminar3.nf4.layer_gradient")
    case.require(got["trainable"] == 0, "seminar3.nf4.trainable")
    case.require(got["kept"] < outputs * inputs, "seminar3.nf4.weight_kept")


@pytest.mark.points("0.25", key="seminar3.nf4.model", part="nf4")
def test_a_quantized_model_keeps_its_head_and_trains_its_adapters(
    student, case, small, lora, tokens, names, layers
):
    whole = student.drive("tiny", "quantized", small, lora, tokens(2, 6))
    wanted_names = names(list(layers))
    case.require("lm_head" not in whole["names"], "seminar3.nf4.head_quantized")
    case.require(sorted(whole["names"]) == wanted_names, "seminar3.nf4.layers_quantized")
    kinds = {whole["kinds"][name] for name in wanted_names}
    case.require(kinds == {"NF4Linear"}, "seminar3.nf4.layers_quantized")
    case.require(whole["kinds"]["lm_head"] == "Linear", "seminar3.nf4.head_quantized")
    case.require(torch.equal(whole["before"], whole["after"]), "seminar3.nf4.start_moves_logits")
    live = [norm for name, norm in whole["norms"].items() if name.endswith("lora_b") and norm > 0]
    case.require(len(live) == len(whole["injected"]), "seminar3.nf4.adapters_dead")
