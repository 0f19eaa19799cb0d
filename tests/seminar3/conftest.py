import pytest


@pytest.fixture(scope="session")
def llama():
    """Return a function that builds a tiny random Llama; equal seeds give equal weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    def build(seed=5, tied=False, vocabulary=96):
        torch.manual_seed(seed)
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=vocabulary,
                hidden_size=64,
                intermediate_size=96,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=2,
                initializer_range=0.2,
                tie_word_embeddings=tied,
                bos_token_id=0,
                eos_token_id=1,
                pad_token_id=1,
            )
        ).eval()

    return build
