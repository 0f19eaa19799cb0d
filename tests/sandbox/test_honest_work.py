"""What homework needs works inside: torch, tokenizers, processes, threads, temporary files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graders.sandbox import JailSpec, Limits, Zygote

pytestmark = pytest.mark.slow

TRAIN = """
import torch
torch.set_num_threads(args["threads"])
model = torch.nn.Sequential(torch.nn.Linear(256, 512), torch.nn.GELU(), torch.nn.Linear(512, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
x = torch.randn(256, 256)
y = (x[:, 0] > 0).long()
losses = []
for _ in range(20):
    loss = torch.nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
say([losses[-1] < losses[0] / 4, torch.get_num_threads(), losses[-1].hex()])
"""
LORA = """
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM
config = LlamaConfig(vocab_size=16, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                     num_attention_heads=2, num_key_value_heads=2)
model = get_peft_model(LlamaForCausalLM(config), LoraConfig(r=2, target_modules="all-linear"))
ids = torch.randint(0, 16, (2, 8))
model(input_ids=ids, labels=ids).loss.backward()
model.save_pretrained("/tmp/adapter")
from safetensors import safe_open
with safe_open("/tmp/adapter/adapter_model.safetensors", "pt") as file:
    say(len(list(file.keys())))
"""
TOKENIZERS = """
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer.train_from_iterator(["low lower lowest"] * 50, trainers.BpeTrainer(vocab_size=40))
say(tokenizer.decode(tokenizer.encode("lowest").ids).replace(" ", ""))
"""
LOADER = """
import torch
from torch.utils.data import DataLoader, TensorDataset
loader = DataLoader(TensorDataset(torch.arange(8.0)), batch_size=2, num_workers=2)
say(sum(batch.sum().item() for batch, in loader))
"""
PLAIN = """
import concurrent.futures, multiprocessing, os, pathlib, subprocess, tempfile, threading
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("kept"); file.seek(0)
    read = file.read()
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "x").mkdir()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    squares = list(pool.map(lambda n: n * n, range(5)))
with multiprocessing.get_context("fork").Pool(2) as pool:
    lengths = pool.map(len, ["a", "bb"])
try:
    subprocess.run(["/bin/true"])
    refused = False
except PermissionError:
    refused = True
say([read, squares, lengths, os.cpu_count() > 0, refused])
"""


@pytest.fixture(scope="module")
def heavy() -> Iterator[Zygote]:
    with Zygote.start(preload=("torch", "transformers", "peft"), slots=2) as zygote:
        yield zygote


@pytest.fixture
def work(heavy, said_from):
    """Run a program and give what it said."""

    def run(source: str, **args: object) -> object:
        spec = JailSpec(
            limits=Limits(wall_s=120, memory_mb=1024),
            entry="graders.sandbox.probe:probe",
            args={**args, "source": source},
        )
        with heavy.spawn(spec) as child:
            child.sock.settimeout(120)
            return said_from(child)

    return run


def test_training_works_and_is_the_same_with_one_thread_and_with_two(work):
    learned_by_one, one, first = work(TRAIN, threads=1)
    learned_by_two, two, second = work(TRAIN, threads=2)
    assert (learned_by_one, one, learned_by_two, two) == (True, 1, True, 2)
    assert work(TRAIN, threads=1)[2] == first
    assert float.fromhex(first) == pytest.approx(float.fromhex(second), rel=1e-3)


def test_an_adapter_is_trained_and_saved(work):
    assert work(LORA) == 14


def test_tokenizers_work(work):
    assert work(TOKENIZERS) == "lowest"


def test_a_loader_with_workers_works(work):
    assert work(LOADER) == 28.0


def test_files_threads_and_processes_work_and_programs_are_refused(work):
    assert work(PLAIN) == ["kept", [0, 1, 4, 9, 16], [1, 2], True, True]
