"""Seminar 5's likelihoods against the model's own, each text alone."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


class Bytes:
    """A tokenizer of bytes whose pad is a byte that texts hold."""

    pad_token_id = ord("e")

    def __call__(self, text, add_special_tokens=True):
        return {"input_ids": [*([1] if add_special_tokens else []), *text.encode()]}


@pytest.fixture(scope="module")
def model():
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(4)
    config = LlamaConfig(
        vocab_size=256,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.2,
    )
    return LlamaForCausalLM(config).eval()


PROMPTS = ["Here: ", "A longer prompt, where the pad is a letter: ", "ж"]
OPTIONS = [["e", "yes", "no more"], [" A", " B"], ["да", "нет", "e", "ee"]]


def alone(model, prompt, option):
    """Return minus the model's own loss on the option, times its tokens."""
    import torch

    ids = torch.tensor([[*prompt.encode(), *option.encode()]])
    labels = ids.clone()
    labels[:, : len(prompt.encode())] = -100
    with torch.no_grad():
        return -float(model(input_ids=ids, labels=labels).loss) * len(option.encode())


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_scores_are_those_of_the_models_own_loss(model, batch_size):
    from reference.seminar5_benchmark.scoring import mc_loglikelihood

    found = mc_loglikelihood(model, Bytes(), PROMPTS, OPTIONS, batch_size)
    for prompt, options, scores in zip(PROMPTS, OPTIONS, found, strict=True):
        expected = [alone(model, prompt, option) for option in options]
        assert scores == pytest.approx(expected, abs=1e-3)


def test_options_of_one_token_share_one_row(model):
    from reference.seminar5_benchmark.scoring import mc_loglikelihood

    rows = []
    hook = model.register_forward_pre_hook(
        lambda _module, _args, kwargs: rows.append(tuple(kwargs["input_ids"].shape)),
        with_kwargs=True,
    )
    mc_loglikelihood(model, Bytes(), ["Which?"] * 2, [list("ABCD")] * 2, 8)
    hook.remove()
    assert rows == [(1, len("Which?"))]


def test_a_longer_option_is_never_more_probable_than_its_beginning(model):
    import math

    from reference.seminar5_benchmark.scoring import mc_loglikelihood

    ascii_bytes = [chr(n) for n in range(128)]
    (scores,) = mc_loglikelihood(model, Bytes(), ["x"], [ascii_bytes], 8)
    (pairs,) = mc_loglikelihood(model, Bytes(), ["x"], [[a + "b" for a in ascii_bytes[:4]]], 8)
    assert 0 < sum(map(math.exp, scores)) < 1
    assert all(pair < first for pair, first in zip(pairs, scores, strict=False))
