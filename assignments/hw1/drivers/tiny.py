"""Driver: runs a student's training and prediction code on a tiny random Llama.

It runs beside the student's code and students may read it, so it holds no expected value: it
builds models and tokenizers, calls the student's functions and returns what came out as plain
numbers and tensors. The model has the real tokenizer's vocabulary, so prompts and label words
are the real ones.
"""

from __future__ import annotations

import copy
import importlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from graders.sandbox import warm

VOCABULARY = 49152
SHOWN = 256  # logits returned: enough to compare, small enough to send


def build(model_seed: int) -> Any:
    """Return a random two-layer Llama in eval mode, the caller's own to change."""
    return copy.deepcopy(_built(model_seed))


@lru_cache(maxsize=2)
def _built(model_seed: int) -> Any:
    """Return the model of a seed; equal seeds give equal weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(model_seed)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        # Ten times the usual range: at 0.02 a random model hardly looks at its context, and
        # every prompt with the same last token gets the same answer.
        initializer_range=0.2,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    return LlamaForCausalLM(config).eval()


def tokenizer(adds_bos: bool = False) -> Any:
    """Return the student's tokenizer, and let it open every text with BOS or not."""
    from tokenizers.processors import TemplateProcessing

    own = warm.spare_tokenizer()
    bos = (own.bos_token, own.bos_token_id)
    own.backend_tokenizer.post_processor = (
        TemplateProcessing(single=f"{bos[0]} $A", pair=f"{bos[0]} $A $B", special_tokens=[bos])
        if adds_bos
        else warm.tokenizer().backend_tokenizer.post_processor
    )
    return own


def with_lora(model: Any, targets: list[str], rank: int, seed: int) -> Any:
    """Wrap a model by peft directly, so that a fault in `add_lora` stays a fault of its own."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=targets)
    return get_peft_model(model, config)


def factors(model: Any) -> dict[str, Any]:
    """Return every LoRA factor by name, as nested lists (float32 survives the round trip)."""
    return {n: p.detach().tolist() for n, p in model.named_parameters() if "lora_" in n}


def specials() -> dict[str, int]:
    """Return the tokenizer's special ids."""
    own = warm.tokenizer()
    return {"bos": own.bos_token_id, "eos": own.eos_token_id, "pad": own.pad_token_id}


def ids_of(texts: list[str]) -> list[list[int]]:
    """Return the ids of texts, without special tokens."""
    own = warm.tokenizer()
    return [own(text, add_special_tokens=False)["input_ids"] for text in texts]


def decoded(rows: list[list[int]]) -> list[str]:
    """Return the texts of rows of ids."""
    own = warm.tokenizer()
    return [own.decode(row) for row in rows]


def label_words() -> list[str]:
    """Return the student's label words, not sarcastic first."""
    return [str(word) for word in importlib.import_module("hw1.training").LABEL_WORDS]


def encode(rows: list[list[Any]], max_length: int, adds_bos: bool = False) -> list[dict[str, Any]]:
    """Encode (headline, label) pairs by the student's `encode_example`."""
    training = importlib.import_module("hw1.training")
    own = tokenizer(adds_bos)
    encoded = [training.encode_example(own, text, label, max_length) for text, label in rows]
    return [
        {"input_ids": [int(i) for i in e["input_ids"]], "labels": [int(i) for i in e["labels"]]}
        for e in encoded
    ]


def collate(examples: list[dict[str, Any]], pad_id: int) -> dict[str, Any]:
    """Collate by the student's `collate`; return its tensors as lists, and their types."""
    training = importlib.import_module("hw1.training")
    batch = training.collate(examples, pad_id)
    names = ("input_ids", "attention_mask", "labels")
    return {
        "rows": {name: batch[name].tolist() for name in names},
        "types": {name: str(batch[name].dtype) for name in names},
    }


def loss(logits: list[Any], labels: list[Any]) -> list[float]:
    """Return the student's loss sum and token count for logits (B, T, V) and labels (B, T)."""
    training = importlib.import_module("hw1.training")
    total, count = training.loss_sum_and_count(torch.tensor(logits), torch.tensor(labels))
    return [float(total), int(count)]


def add_lora(model_seed: int, lora: dict[str, Any], ids: list[int]) -> dict[str, Any]:
    """Let the student add LoRA; tell what became trainable and what happened to the logits."""
    training = importlib.import_module("hw1.training")
    base = build(model_seed)
    inputs = torch.tensor([ids])
    with torch.no_grad():
        before = base(input_ids=inputs).logits[0, -1].clone()
    torch.manual_seed(model_seed)
    model = training.add_lora(base, lora["rank"], lora["alpha"], lora["dropout"], lora["targets"])
    with torch.no_grad():
        after = model.eval()(input_ids=inputs).logits[0, -1]
    trainable = {n: list(p.shape) for n, p in model.named_parameters() if p.requires_grad}
    return {"trainable": trainable, "difference": float((after - before).abs().max())}


def scaled_lora(model_seed: int, lora: dict[str, Any], ids: list[int]) -> dict[str, Any]:
    """Fill the student's LoRA with known factors; return them and the logits they give."""
    training = importlib.import_module("hw1.training")
    model = training.add_lora(
        build(model_seed), lora["rank"], lora["alpha"], lora["dropout"], lora["targets"]
    ).eval()
    torch.manual_seed(model_seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.1)
        logits = model(input_ids=torch.tensor([ids])).logits[0, -1, :SHOWN]
    return {"factors": factors(model), "logits": logits.tolist()}


def train(model_seed: int, rows: list[dict[str, Any]], config: dict[str, Any]) -> dict[str, Any]:
    """Run the student's training loop and write down every optimizer step that it takes."""
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    training = importlib.import_module("hw1.training")
    model = with_lora(build(model_seed), ["q_proj", "v_proj"], 4, model_seed)
    initial = factors(model)
    frozen = {n: p.detach().clone() for n, p in model.named_parameters() if "lora_" not in n}
    steps: list[dict[str, Any]] = []
    hook = register_optimizer_step_pre_hook(lambda optimizer, *_: steps.append(_step(optimizer)))
    try:
        losses = training.train(model, tokenizer(), rows, config)
    finally:
        hook.remove()
    moved = [n for n, p in model.named_parameters() if n in frozen and not p.equal(frozen[n])]
    return {
        "losses": [float(loss) for loss in losses],
        "steps": steps,
        "initial": initial,
        "final": factors(model),
        "moved": moved,
        "training_mode": any(module.training for module in model.modules()),
    }


def _step(optimizer: Any) -> dict[str, Any]:
    """Describe one optimizer step: its settings and the norm of the gradients it will use."""
    groups = optimizer.param_groups
    gradients = [p.grad for g in groups for p in g["params"] if p.grad is not None]
    norm = torch.stack([g.norm() for g in gradients]).norm() if gradients else torch.zeros(())
    return {
        "optimizer": type(optimizer).__name__,
        "lr": max(float(group["lr"]) for group in groups),
        "betas": [float(beta) for beta in groups[0].get("betas", (0.0, 0.0))],
        "eps": float(groups[0].get("eps", 0.0)),
        "weight_decay": max(float(group["weight_decay"]) for group in groups),
        "norm": float(norm),
    }


def save_and_load(model_seed: int, headline: str) -> dict[str, Any]:
    """Save a LoRA by the student's `save_adapter`; tell what is on disk and what comes back."""
    import tempfile

    from peft import PeftModel

    training = importlib.import_module("hw1.training")
    model = with_lora(build(model_seed), ["q_proj", "v_proj"], 4, model_seed).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    prompt = training.build_prompt(headline)
    inputs = warm.tokenizer()(prompt, return_tensors="pt")["input_ids"]
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        before = model(input_ids=inputs).logits[0, -1].clone()
        training.save_adapter(model, Path(folder))
        files = {path.name: path.stat().st_size for path in sorted(Path(folder).iterdir())}
        task = Path(folder, "task.json")
        text = task.read_text(encoding="utf-8") if task.exists() else ""
        difference = None
        if "adapter_config.json" in files and "adapter_model.safetensors" in files:
            loaded = PeftModel.from_pretrained(build(model_seed), folder).eval()
            after = loaded(input_ids=inputs).logits[0, -1]
            difference = float((after - before).abs().max())
    return {"files": files, "task": text, "difference": difference, "prompt": prompt}


def predict(headlines: list[str], batch_size: int, probe: dict[str, Any]) -> dict[str, Any]:
    """Run the student's `predict` on a tiny model whose answers depend on the whole prompt.

    `probe` holds the model's seed, the ids of the two label words and the direction that is
    added to the second word's output row; a headline's answer is then the sign of its last
    hidden state along that direction.
    """
    evaluation = importlib.import_module("hw1.evaluation")
    model = build(probe["model_seed"])
    no, yes = probe["label_ids"]
    with torch.no_grad():
        model.lm_head.weight[yes] = model.lm_head.weight[no] + torch.tensor(probe["direction"])
    shapes: list[list[int]] = []
    original = model.forward

    def counted(*args: Any, **kwargs: Any) -> Any:
        ids = kwargs.get("input_ids", args[0] if args else None)
        shapes.append(list(ids.shape))
        return original(*args, **kwargs)

    model.forward = counted
    answers = evaluation.predict(model, tokenizer(), headlines, batch_size)
    return {"answers": [int(answer) for answer in answers], "shapes": shapes}
