import pytest


@pytest.fixture(scope="session")
def tiny():
    """Return a random two-layer Llama of transformers, in float64, and the engine's view of it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from reference.seminar7_inference.model import from_transformers

    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=260,
        hidden_size=96,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=160,
        initializer_range=0.2,
        tie_word_embeddings=False,
        bos_token_id=257,
        eos_token_id=258,
        pad_token_id=259,
    )
    model = LlamaForCausalLM(config).double().eval()
    return model, from_transformers(model)


@pytest.fixture(scope="session")
def relative(tiny):
    """Return a model that often agrees with the tiny one: the same, with a noisy head."""
    import copy

    import torch

    from reference.seminar7_inference.model import from_transformers

    model = copy.deepcopy(tiny[0])
    made = torch.Generator().manual_seed(1)
    with torch.no_grad():
        head = model.lm_head.weight
        head += 0.5 * head.std() * torch.randn(head.shape, generator=made, dtype=head.dtype)
    return model, from_transformers(model)
