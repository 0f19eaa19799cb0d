"""A tiny Llama, a tiny tokenizer, and pairs of invented texts."""

from itertools import pairwise

import pytest

WORDS = ("river", "budget", "robot", "winter", "museum", "ticket", "planet", "garden", "engine")


@pytest.fixture(scope="session")
def tokenizer():
    """Return a tokenizer that knows whole words only."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast

    known = {word: place for place, word in enumerate(("<pad>", "<bos>", "<eos>", "<unk>", *WORDS))}
    own = Tokenizer(WordLevel(known, unk_token="<unk>"))
    own.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=own, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>"
    )


@pytest.fixture
def llama():
    """Return a function that builds a random Llama, the same for the same seed."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    def build(seed=0):
        torch.manual_seed(seed)
        config = LlamaConfig(
            vocab_size=16,
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=64,
            initializer_range=0.2,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
        )
        return LlamaForCausalLM(config).eval()

    return build


@pytest.fixture
def pairs():
    """Return six pairs whose chosen answers begin with one word and whose rejected with another."""
    from reference.seminar4_preferences.pairs import Pair

    return [
        Pair(f"{a} {b}", f"garden {a} {a}"[: 9 + 5 * place], f"engine {b}", 1.0)
        for place, (a, b) in enumerate(pairwise(WORDS[:7]))
    ]
