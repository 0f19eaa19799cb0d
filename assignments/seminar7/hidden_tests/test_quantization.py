"""Part "quantization": codes, scales, the bound on the error, and the products."""

from __future__ import annotations

import pytest


@pytest.fixture
def uneven(noise):
    """Return a function that makes a weight whose rows, and groups in a row, differ in size."""
    import torch

    def make(out, width):
        rows = torch.logspace(-2, 1, out)[torch.randperm(out)][:, None]
        groups = torch.logspace(0, 0.7, width // 8).repeat_interleave(8)
        return noise(out, width) * rows * groups

    return make


@pytest.mark.points("0.3", key="seminar7.quantization.int8", part="quantization")
def test_int8_has_a_scale_for_each_channel_and_errs_by_half_a_step(student, case, tensor, uneven):
    import torch

    weight = uneven(12, 40)
    q, scale = student.call("quantize:int8_quantize", weight)
    case.require(q.dtype is torch.int8, "seminar7.quantization.int8_dtype", got=str(q.dtype))
    case.require(list(scale.shape) != [1, 40], "seminar7.quantization.wrong_axis")
    case.require(scale.numel() != 1, "seminar7.quantization.per_tensor")
    q, scale = tensor(q, (12, 40)), tensor(scale, (12, 1))
    top = weight.double().abs().amax(1, keepdim=True)
    case.require(bool((q >= -127).all()), "seminar7.quantization.int8_minus_128")
    truncated = (weight.double() / scale).trunc()
    case.require(float((q == truncated).double().mean()) < 0.9, "seminar7.quantization.truncated")
    error = (weight.double() - q * scale).abs()
    case.require(
        bool((q.abs().amax(1) == 127).all()) and bool((scale * 127 <= top * 1.0001).all()),
        "seminar7.quantization.scale_loose",
    )
    case.require(bool((error <= scale / 2 * 1.0001).all()), "seminar7.quantization.error_bound")
    back = tensor(
        student.call("quantize:int8_dequantize", q.to(torch.int8), scale.float()), (12, 40)
    )
    case.require(bool((back - q * scale).abs().max() < 1e-5), "seminar7.quantization.dequantize8")


@pytest.mark.points("0.2", key="seminar7.quantization.int8_linear", part="quantization")
def test_the_product_reads_int8_weights(student, case, noise, tensor, near, uneven):
    import torch

    weight, x = uneven(6, 32), noise(2, 3, 32)
    scale = weight.abs().amax(1, keepdim=True) / 127
    q = (weight / scale).round().to(torch.int8)
    got = tensor(student.call("quantize:int8_linear", x, q, scale), (2, 3, 6))
    case.require(not near(got, x @ q.float().T), "seminar7.quantization.linear_unscaled")
    case.require(near(got, x @ (q * scale).T), "seminar7.quantization.linear8")
    low = student.call("quantize:int8_linear", x.bfloat16(), q, scale)
    case.require(
        low.dtype is torch.bfloat16, "seminar7.quantization.linear_dtype", got=str(low.dtype)
    )


@pytest.mark.points("0.2", key="seminar7.quantization.zeros", part="quantization")
def test_a_row_or_group_of_zeros_stays_zero(student, case, noise, tensor):
    weight = noise(4, 64)
    weight[1] = 0
    weight[2, 32:] = 0
    for bits, args in ((8, ()), (4, (32,))):
        codes = student.call(f"quantize:int{bits}_quantize", weight, *args)
        finite = bool(codes[1].isfinite().all())
        case.require(finite, "seminar7.quantization.zero_scale", bits=bits)
        back = student.call(f"quantize:int{bits}_dequantize", *codes)
        tensor(back, (4, 64))
        quiet = bool((back[1] == 0).all() and (back[2, 32:] == 0).all())
        case.require(quiet, "seminar7.quantization.zero_not_zero", bits=bits)


@pytest.mark.points("0.3", key="seminar7.quantization.int4", part="quantization")
def test_int4_has_a_scale_for_each_group_and_errs_by_half_a_step(
    student, case, tensor, uneven, rng
):
    weight, group = uneven(6, 64), rng.choice((8, 16))
    packed, scale = student.call("quantize:int4_quantize", weight, group)
    case.require(list(scale.shape) != [6, 1], "seminar7.quantization.int4_per_channel")
    scale = tensor(scale, (6, 64 // group))
    back = tensor(student.call("quantize:int4_dequantize", packed, scale.float()), (6, 64))
    wide = scale.repeat_interleave(group, 1)
    steps = back / wide
    case.require(bool(((steps - steps.round()).abs() < 1e-3).all()), "seminar7.quantization.grid4")
    case.require(bool((steps > -7.5).all()), "seminar7.quantization.int4_minus_8")
    top = weight.double().view(6, -1, group).abs().amax(2)
    case.require(bool((scale * 7 <= top * 1.0001).all()), "seminar7.quantization.scale_loose")
    error = (weight.double() - back).abs()
    case.require(bool((error <= wide / 2 * 1.0001).all()), "seminar7.quantization.error_bound")


@pytest.mark.points("0.2", key="seminar7.quantization.packing", part="quantization")
def test_two_weights_share_a_byte_low_half_first(student, case, tensor, rng):
    import torch

    codes = torch.tensor([[rng.randint(-7, 7) for _ in range(16)] for _ in range(3)])
    codes[:, 3], codes[:, 10] = 7, -7  # so that each group's scale is 1
    packed, scale = student.call("quantize:int4_quantize", codes.float(), 8)
    case.require(
        packed.dtype is torch.uint8, "seminar7.quantization.int4_dtype", got=str(packed.dtype)
    )
    case.require(list(packed.shape) != [3, 16], "seminar7.quantization.unpacked")
    tensor(packed, (3, 8))
    low, high = codes[:, 0::2] + 8, codes[:, 1::2] + 8
    case.require(not bool((packed == (high | low << 4)).all()), "seminar7.quantization.nibbles")
    case.require(bool((packed == (low | high << 4)).all()), "seminar7.quantization.packing_wrong")
    back = tensor(student.call("quantize:int4_dequantize", packed, scale), (3, 16))
    case.require(bool((back == codes).all()), "seminar7.quantization.dequantize4")


@pytest.mark.points("0.2", key="seminar7.quantization.int4_linear", part="quantization")
def test_the_product_reads_int4_weights(student, case, noise, tensor, near, rng):
    import torch

    codes = torch.tensor([[rng.randint(-7, 7) for _ in range(32)] for _ in range(5)])
    scale, x = noise(5, 2).abs() + 0.1, noise(2, 3, 32)
    packed = (codes[:, 0::2] + 8 | codes[:, 1::2] + 8 << 4).to(torch.uint8)
    got = tensor(student.call("quantize:int4_linear", x, packed, scale), (2, 3, 5))
    weight = codes * scale.repeat_interleave(16, 1)
    case.require(
        not near(got, x @ (weight + 8 * scale.repeat_interleave(16, 1)).T),
        "seminar7.quantization.offset_kept",
    )
    case.require(near(got, x @ weight.T), "seminar7.quantization.linear4")
    low = student.call("quantize:int4_linear", x.bfloat16(), packed, scale)
    case.require(
        low.dtype is torch.bfloat16, "seminar7.quantization.linear_dtype", got=str(low.dtype)
    )


@pytest.mark.points("0.1", key="seminar7.quantization.groups", part="quantization")
def test_groups_that_do_not_fill_a_row_are_refused(student, case, noise):
    from graders.tester.faults import StudentFault

    for group in (16, 3):  # the second fills the row, and halves a byte
        raised = ""
        try:
            student.call("quantize:int4_quantize", noise(2, 24), group)
        except StudentFault as fault:
            raised = str(fault.message_args.get("type", ""))
        case.require(
            raised == "ValueError", "seminar7.quantization.ragged_groups", got=raised or "–"
        )
