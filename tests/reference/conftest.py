"""The reference's modules under a name of their own, a small tokenizer and a small model.

`hw1` itself is what a student's package is called, and other tests import those.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "reference" / "hw1"
NAME = "reference_hw1"


def module(name: str):
    """Return a module of the reference."""
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            NAME, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
        )
        package = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = package
        spec.loader.exec_module(package)
    return importlib.import_module(f"{NAME}.{name}")


@pytest.fixture
def one_thread():
    """Compute on one thread: for models this small, more of them only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def data():
    return module("data")


@pytest.fixture(scope="session")
def analysis():
    return module("analysis")


@pytest.fixture(scope="session")
def training():
    return module("training")


@pytest.fixture(scope="session")
def evaluation():
    return module("evaluation")


@pytest.fixture(scope="session")
def tokenizer(training):
    """Return a byte-level tokenizer of 400 tokens in which both label words are one token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    own = Tokenizer(models.BPE())
    own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    own.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    prompts = [training.build_prompt("") + word for word in training.LABEL_WORDS]
    own.train_from_iterator(prompts * 5, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=own, eos_token="<end>", pad_token="<end>")


@pytest.fixture
def model(tokenizer):
    """Return a random two-layer Llama, the test's own to change."""
    return random_model(len(tokenizer), seed=1)


def random_model(vocabulary: int, seed: int):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        # Ten times the usual range, or a random model hardly looks at what it reads.
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config).eval()
