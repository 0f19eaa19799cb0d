"""Quantized weights: the bound on the error, and torch's kernels on the same codes."""

import pytest
import torch

from reference.seminar7_inference import kernels, quantize
from reference.seminar7_inference.model import extend

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("bits", [8, 4])
def test_no_weight_errs_by_more_than_half_a_scale(bits):
    weight = torch.randn(7, 96, generator=torch.Generator().manual_seed(bits)) ** 3
    if bits == 8:
        codes, scale = quantize.int8_quantize(weight)
        back, wide = quantize.int8_dequantize(codes, scale), scale
    else:
        codes, scale = quantize.int4_quantize(weight)
        back, wide = quantize.int4_dequantize(codes, scale), scale.repeat_interleave(32, 1)
    assert bool(((weight - back).abs() <= wide / 2 * 1.0001).all())


@pytest.mark.parametrize("bits", [8, 4])
def test_torchs_kernel_gives_the_product_of_the_same_codes(bits):
    made = torch.Generator().manual_seed(bits)
    weight = torch.randn(64, 128, generator=made)
    x = torch.randn(2, 3, 128, generator=made).bfloat16()
    if bits == 8:
        own = quantize.Int8Weight(*quantize.int8_quantize(weight))
    else:
        own = quantize.Int4Weight(*quantize.int4_quantize(weight))
    got = kernels.kernel(own)(x)
    torch.testing.assert_close(got, own(x), rtol=0.03, atol=0.3)
    exact = x.float() @ own.plain().T
    assert (got - exact).abs().mean() < 0.01 * exact.std()


def test_a_quantized_model_is_near_and_its_widened_twin_says_the_same(tiny):
    _, ours = tiny
    ids = torch.tensor([[5, 9, 200, 31, 7]])
    full = extend(ours, ours.cache(1, 5), ids)
    errors = []
    for bits in (8, 4):
        small = quantize.quantized(ours, bits)
        got = extend(small, small.cache(1, 5), ids)
        twin = extend(kernels.widened(small), ours.cache(1, 5), ids)
        torch.testing.assert_close(got, twin, rtol=0, atol=1e-4)
        errors.append(float((got - full).abs().mean() / full.std()))
    assert errors[0] < 0.05 < errors[1] < 0.6


def test_only_plain_weights_are_quantized_and_only_to_8_or_4_bits(tiny):
    small = quantize.quantized(tiny[1], 8)
    with pytest.raises(TypeError, match="already"):
        quantize.quantized(small, 4)
    with pytest.raises(ValueError, match="8 or 4"):
        quantize.quantized(tiny[1], 3)
