"""The driver that measures adapters: strangers' files are checked, and the arithmetic is peft's."""

from __future__ import annotations

import copy
import json
import sys
import types
from pathlib import Path

import pytest

from graders.sandbox import warm

SOURCE = Path(__file__).resolve().parents[2] / "assignments" / "hw1" / "drivers" / "quality.py"
WORDS = ("no", "yes", "headline", "cat", "dog", "elects", "mayor", "again", "sarcastic", "the", "a")
WORDS += ("old", "new", "town")
TASK = {"template": "headline {headline} sarcastic", "labels": [" no", " yes"]}
HEADLINES = ["cat elects mayor", "dog elects the old mayor again", "new cat", "cat elects dog"]
PLAIN = ["the old cat elects a new dog", "a dog again"]

pytestmark = [
    pytest.mark.slow,
    # peft asks transformers by a name that transformers gives up.
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning"),
]


@pytest.fixture
def driver(monkeypatch):
    """Return the driver over a tiny random model."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    plain = Tokenizer(WordLevel({w: i for i, w in enumerate([*WORDS, "[UNK]"])}, unk_token="[UNK]"))
    plain.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="[UNK]")
    torch.manual_seed(5)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(WORDS) + 1,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            initializer_range=0.3,
        )
    ).eval()
    monkeypatch.setattr(warm, "base_model", lambda: (model, tokenizer))
    module = types.ModuleType("driver_quality")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(SOURCE.read_text(encoding="utf-8"), str(SOURCE), "exec"), module.__dict__)
    return module


@pytest.fixture
def adapter(driver, tmp_path):
    """Return the folder of a random adapter, and the model that peft makes with it."""
    import torch
    from peft import LoraConfig, get_peft_model

    base = copy.deepcopy(warm.base_model()[0])
    model = get_peft_model(
        base,
        LoraConfig(
            r=3, lora_alpha=12, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM"
        ),
    ).eval()
    torch.manual_seed(7)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(tmp_path)
    return tmp_path, model


def edited(folder, **changes):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def problem(driver, folder):
    return driver.adapted(str(folder), TASK, HEADLINES, PLAIN)["problem"]


def test_margins_and_perplexity_are_those_of_the_model_that_peft_loads(driver, adapter):
    import torch

    folder, model = adapter
    tokenizer = warm.base_model()[1]
    got = driver.adapted(str(folder), TASK, HEADLINES, PLAIN)
    assert got["problem"] == []
    assert got["largest"] > 0
    with torch.no_grad():
        for headline, margin in zip(HEADLINES, got["margins"], strict=True):
            prompt = TASK["template"].replace("{headline}", headline)
            last = model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1]
            assert margin == pytest.approx(float(last[1] - last[0]), abs=1e-4)
        losses = []
        for text in PLAIN:
            ids = tokenizer(text, return_tensors="pt")["input_ids"]
            loss = torch.nn.functional.cross_entropy(
                model(input_ids=ids).logits[0, :-1], ids[0, 1:], reduction="none"
            )
            losses += loss.tolist()
    assert got["perplexity"] == pytest.approx(float(torch.tensor(losses).mean().exp()), rel=1e-4)


def test_the_order_of_headlines_does_not_change_an_answer(driver):
    first = driver.base(TASK, HEADLINES, PLAIN)["margins"]
    again = driver.base(TASK, HEADLINES[::-1], PLAIN)["margins"]
    assert again == pytest.approx(first[::-1], abs=1e-5)


def test_the_same_measurement_gives_the_same_numbers(driver):
    assert driver.base(TASK, HEADLINES, PLAIN) == driver.base(TASK, HEADLINES, PLAIN)


def test_the_fingerprint_is_the_models(driver):
    import torch

    before = driver.fingerprint()
    assert driver.fingerprint() == before
    with torch.no_grad():
        warm.base_model()[0].lm_head.weight[0, 0] += 1
    assert driver.fingerprint() != before


def test_an_untrained_adapter_is_seen_to_change_nothing(driver, adapter):
    from safetensors.torch import load_file, save_file

    folder, _ = adapter
    path = folder / "adapter_model.safetensors"
    state = {
        name: tensor.mul(0) if "lora_B" in name else tensor
        for name, tensor in load_file(path).items()
    }
    save_file(state, path)
    got = driver.adapted(str(folder), TASK, HEADLINES, PLAIN)
    assert got["largest"] == 0
    assert got["margins"] == driver.base(TASK, HEADLINES, PLAIN)["margins"]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"peft_type": "IA3"}, "config_not_lora"),
        ({"auto_map": {"AutoModel": "code.Model"}}, "config_not_plain"),
        ({"use_dora": True}, "config_not_plain"),
        ({"modules_to_save": ["lm_head"]}, "config_not_plain"),
        ({"rank_pattern": {"q_proj": 1}}, "config_not_plain"),
        ({"r": 100_000}, "config_rank"),
        ({"r": True}, "config_rank"),
        ({"lora_alpha": 0}, "config_alpha"),
        ({"target_modules": ["lm_head"]}, "config_targets"),
        ({"target_modules": ["q_proj"]}, "adapter_keys"),
        ({"r": 2}, "adapter_shape"),
    ],
)
def test_a_configuration_beyond_plain_lora_is_refused(driver, adapter, changes, key):
    folder, _ = adapter
    assert problem(driver, edited(folder, **changes))[0] == f"hw1.quality.{key}"


@pytest.mark.parametrize("text", ["", "{", '{"r": NaN}', "[]", "[" * 10_000])
def test_a_configuration_that_is_no_json_object_is_refused(driver, adapter, text):
    folder, _ = adapter
    (folder / "adapter_config.json").write_text(text)
    assert problem(driver, folder)[0].startswith("hw1.quality.config_")


def _headed(size):
    return size.to_bytes(8, "little")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04pickle",
        _headed(2**40) + b"{}",
        _headed(2_000_000) + b"{" + b" " * 1_999_998 + b"}",
        _headed(2) + b"[]",
        _headed(60) + b'{"x": {"dtype": "F32", "shape": [9], "data_offsets": [0, 9]}}',
        _headed(700_004) + b"{" + b",".join(b'"%06d":{"a":1}' % n for n in range(45_000)),
    ],
)
def test_weights_that_are_no_sound_safetensors_are_refused(driver, adapter, data):
    folder, _ = adapter
    (folder / "adapter_model.safetensors").write_bytes(data)
    assert problem(driver, folder) == ["hw1.quality.weights_unreadable", {}]


def test_weights_that_are_not_numbers_are_refused(driver, adapter):
    from safetensors.torch import load_file, save_file

    folder, _ = adapter
    path = folder / "adapter_model.safetensors"
    state = load_file(path)
    name = min(state)
    save_file({**state, name: state[name] * float("nan")}, path)
    assert problem(driver, folder) == ["hw1.quality.weights_not_numbers", {"name": name}]


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_missing_file_is_named(driver, adapter, name):
    folder, _ = adapter
    (folder / name).unlink()
    assert problem(driver, folder) == ["hw1.quality.adapter_missing", {"name": name}]


def test_a_long_template_and_a_label_of_two_tokens_are_told(driver):
    assert driver.task_problem(TASK["template"], TASK["labels"], 48) == []
    long = driver.task_problem("cat " * 50 + "{headline}", TASK["labels"], 48)
    assert long == ["hw1.quality.template_long", {"n": 50, "limit": 48}]
    word = driver.task_problem(TASK["template"], ["no", "yes again"], 48)
    assert word == ["hw1.quality.label_word_long", {"word": "yes again", "n": 2}]
