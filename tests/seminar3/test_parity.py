"""What students write is what the libraries compute: peft's LoRA and bitsandbytes' NF4."""

from __future__ import annotations

import pytest

pytestmark = [
    pytest.mark.slow,
    # peft asks transformers by a name that transformers gives up.
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning"),
]


@pytest.fixture(scope="module")
def four_bits():
    """Return bitsandbytes' functions."""
    return pytest.importorskip("bitsandbytes").functional


@pytest.mark.parametrize("targets", [["q_proj", "v_proj"], ["gate_proj", "down_proj", "o_proj"]])
def test_with_the_same_factors_pefts_lora_gives_the_same_logits(llama, targets):
    import torch
    from peft import LoraConfig, get_peft_model

    from reference.seminar3_lora.lora import inject, merge, trainable

    own = llama()
    inject(own, targets, rank=3, alpha=12, dropout=0.4)
    theirs = get_peft_model(
        llama(),
        LoraConfig(r=3, lora_alpha=12, lora_dropout=0.4, target_modules=targets),
    ).eval()
    others = {
        name.replace("base_model.model.", "")
        .replace(".lora_A.default.weight", ".lora_a")
        .replace(".lora_B.default.weight", ".lora_b"): parameter
        for name, parameter in theirs.named_parameters()
        if "lora_" in name
    }
    assert others.keys() == trainable(own).keys()
    ids = torch.randint(3, 96, (3, 11))
    with torch.no_grad():
        for name, parameter in trainable(own).items():
            parameter.normal_(std=0.2)
            others[name].copy_(parameter)
        wanted = theirs(input_ids=ids).logits
        assert torch.allclose(own(input_ids=ids).logits, wanted, atol=1e-5)
        assert not torch.allclose(llama()(input_ids=ids).logits, wanted, atol=0.1)
        merge(own)
        assert torch.allclose(
            own(input_ids=ids).logits, theirs.merge_and_unload()(input_ids=ids).logits, atol=1e-5
        )


def test_pefts_lora_starts_from_the_same_distribution(llama):
    from peft import LoraConfig, get_peft_model

    from reference.seminar3_lora.lora import inject

    own = llama()
    inject(own, ["down_proj"], rank=16, alpha=16)
    theirs = get_peft_model(llama(), LoraConfig(r=16, target_modules=["down_proj"]))
    mine = own.model.layers[0].mlp.down_proj.lora_a.detach()
    other = theirs.base_model.model.model.layers[0].mlp.down_proj.lora_A["default"].weight.detach()
    assert mine.shape == other.shape
    assert float(mine.std()) == pytest.approx(float(other.std()), rel=0.1)
    assert float(mine.abs().max()) == pytest.approx(float(other.abs().max()), rel=0.05)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("block", [64, 128])
def test_codes_scales_and_weights_are_those_of_bitsandbytes(four_bits, dtype, block):
    import torch

    from reference.seminar3_lora.nf4 import nf4_dequantize, nf4_quantize

    torch.manual_seed(3)
    weight = (torch.randn(96, 128) * (1 + 4 * torch.rand(96, 1))).to(getattr(torch, dtype))
    weight[3, :64] = 0.0
    theirs, state = four_bits.quantize_4bit(weight, blocksize=block, quant_type="nf4")
    packed, absmax = nf4_quantize(weight, block)
    assert torch.equal(absmax, state.absmax)
    assert torch.equal(packed, theirs.flatten())
    wanted = four_bits.dequantize_4bit(theirs, state)
    got = nf4_dequantize(packed, absmax, weight.shape, block, weight.dtype)
    tolerance = {"float32": 1e-6, "bfloat16": 2**-8}[dtype]  # a last bit of the codebook
    assert torch.allclose(got.float(), wanted.float(), rtol=tolerance, atol=0)


def test_the_codebook_is_that_of_bitsandbytes(four_bits):
    import torch

    from reference.seminar3_lora.nf4 import nf4_codebook

    wanted = four_bits.get_4bit_type("nf4", device="cpu")
    assert torch.allclose(nf4_codebook(), wanted, atol=2e-7, rtol=0)


def test_scales_in_a_byte_lose_no_more_than_those_of_bitsandbytes(four_bits):
    import torch

    from reference.seminar3_lora.nf4 import dequantize_scales, nf4_quantize, quantize_scales

    torch.manual_seed(4)
    weight = torch.randn(1024, 256)
    _, absmax = nf4_quantize(weight)
    mine = dequantize_scales(*quantize_scales(absmax))
    _, state = four_bits.quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    theirs = four_bits.dequantize_blockwise(state.absmax, state.state2) + state.offset
    assert float((mine - absmax).norm()) <= 1.1 * float((theirs - absmax).norm())


def test_an_nf4_layer_answers_like_bitsandbytes(four_bits):
    import torch

    from reference.seminar3_lora.qlora import NF4Linear

    torch.manual_seed(6)
    linear = torch.nn.Linear(128, 96)
    x = torch.randn(5, 128)
    theirs, state = four_bits.quantize_4bit(linear.weight.detach(), quant_type="nf4")
    wanted = x @ four_bits.dequantize_4bit(theirs, state).T + linear.bias
    # The scales are doubly quantized here and not there: half a step each.
    assert torch.allclose(NF4Linear(linear)(x), wanted, atol=0.02)
