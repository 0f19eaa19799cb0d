"""The base model of the warm process, and of a machine that has no warm process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from graders.core.errors import InfraError
from graders.sandbox import JailSpec, Zygote, warm

ROOT = Path(__file__).resolve().parents[2]
WORDS = {"<unk>": 0, "the": 1, "cat": 2, "sat": 3}


def save_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel(WORDS, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>").save_pretrained(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A model small enough to be made here: one layer, four words."""
    from transformers import LlamaConfig, LlamaForCausalLM

    path = tmp_path_factory.mktemp("model")
    config = LlamaConfig(
        vocab_size=4,
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
    )
    LlamaForCausalLM(config).save_pretrained(path)
    save_tokenizer(path)
    return path


def test_nothing_loaded_says_what_to_run():
    for ask, what in ((warm.base_model, "base model"), (warm.tokenizer, "tokenizer")):
        with pytest.raises(InfraError, match=f"no {what} was loaded.*zachetka model prepare"):
            ask()


@pytest.mark.slow
def test_a_tokenizer_can_be_loaded_without_the_model(folder):
    program = """
import sys
from pathlib import Path
from graders.sandbox import warm
warm.load_tokenizer(Path(sys.argv[1]))
print(warm.tokenizer()("the cat sat")["input_ids"])
try:
    warm.base_model()
except Exception as error:
    print(type(error).__name__)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.split("\n")[:2] == ["[1, 2, 3]", "InfraError"]


@pytest.mark.slow
def test_a_child_finds_the_model_of_the_warm_process_ready(folder, said_from):
    source = """
from graders.sandbox import warm
import torch
model, tokenizer = warm.base_model()
with torch.no_grad():
    logits = model(torch.tensor([tokenizer("the cat")["input_ids"]])).logits
say([list(logits.shape), warm.tokenizer() is tokenizer, model.training, torch.get_num_threads()])
"""
    spec = JailSpec(entry="graders.sandbox.probe:probe", args={"source": source})
    with Zygote.start(preload=(), model=folder, slots=1) as zygote, zygote.spawn(spec) as child:
        child.sock.settimeout(60)
        assert said_from(child) == [[1, 2, 4], True, False, 1]


@pytest.mark.slow
def test_a_model_that_is_not_there_is_an_infrastructure_fault(tmp_path):
    with pytest.raises(InfraError, match="could not be loaded"):
        Zygote.start(preload=(), model=tmp_path / "gone", slots=1)
