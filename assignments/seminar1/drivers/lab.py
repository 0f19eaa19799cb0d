"""Driver: little models and tokenizers, the student's functions on them, and transformers' own.

It runs beside the student's code and students may read it, so it holds no expected value and
judges nothing. Models are random two-layer Llamas and GPT-2s, or *planted* ones: a real Llama
whose layers add nothing, so that the next token depends on the last one by a table that a test
chose. Functions whose names begin with `library_` ask transformers; tests call those where no
student code can run.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import torch

WIDTH = 64
CONTEXT = 128
SPECIAL = ("<|im_start|>", "<|im_end|>", "<s>", "<tool>")
ROLES = {"bos_token": "<s>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>"}
TEMPLATES = (
    "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}"
    "{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "{{ '<s>' }}{% for m in messages %}{{ '[' + m['role'] + '] ' + m['content'] | trim }}"
    "{{ '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '[assistant]' }}{% endif %}",
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '<|im_end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}",
)
# Words that are one token of the tiny tokenizer, and two line ends in a row, which merge too.
MERGED = ("user", "system", "assistant", "Ġthe", "Ġmodel", "Hello", "Ġtoken", "ĊĊ", "ĊĠ")


def _own(module: str) -> Any:
    return importlib.import_module(f"seminar1_decoding.{module}")


# ---- tokenizers ---------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def tokenizer(template: int, adds_bos: bool) -> Any:
    """Return a byte-level BPE tokenizer with a chat template; it may open every text with BOS."""
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    vocabulary = {char: i for i, char in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges: list[tuple[str, str]] = []
    for word in MERGED:
        for end in range(2, len(word) + 1):
            if word[:end] not in vocabulary:
                vocabulary[word[:end]] = len(vocabulary)
                merges.append((word[: end - 1], word[end - 1]))
    made = Tokenizer(BPE(vocabulary, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(name, normalized=False) for name in SPECIAL])
    if adds_bos:
        bos = ("<s>", made.token_to_id("<s>"))
        made.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[bos])
    fast = PreTrainedTokenizerFast(tokenizer_object=made, **ROLES)
    fast.chat_template = TEMPLATES[template]
    return fast


def encode(spec: list[Any], talks: list[Any], open_turn: bool) -> list[Any]:
    """Encode conversations by the student's `encode_chat`."""
    return [_own("chat").encode_chat(tokenizer(*spec), talk, open_turn) for talk in talks]


def library_chat(spec: list[Any], talks: list[Any], open_turn: bool) -> list[dict[str, Any]]:
    """Return transformers' ids and its rendered text of conversations."""
    own = tokenizer(*spec)
    found = []
    for talk in talks:
        options = {"add_generation_prompt": open_turn}
        coded = own.apply_chat_template(talk, tokenize=True, return_dict=True, **options)
        text = own.apply_chat_template(talk, tokenize=False, **options)
        found.append({"ids": list(coded["input_ids"]), "text": text})
    return found


def decoded(spec: list[Any], rows: list[list[int]]) -> list[str]:
    """Return the texts of rows of ids, special tokens spelled out."""
    return [tokenizer(*spec).decode(row, clean_up_tokenization_spaces=False) for row in rows]


def special_ids(spec: list[Any]) -> dict[str, int]:
    """Return the special tokens' ids."""
    return {name: tokenizer(*spec).convert_tokens_to_ids(name) for name in SPECIAL}


# ---- models -------------------------------------------------------------------------------------


def model(spec: dict[str, Any]) -> Any:
    """Return the model of a spec: ``kind``, and ``seed`` and ``vocab``, or ``table``."""
    if spec["kind"] == "planted":
        return _planted(spec["table"])
    return _random(spec["kind"], spec["seed"], spec["vocab"])


@lru_cache(maxsize=4)
def _random(kind: str, seed: int, vocab: int) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    # Ten times the usual range: at 0.02 a random model hardly looks at its context.
    common = {"vocab_size": vocab, "initializer_range": 0.2, "bos_token_id": 0, "eos_token_id": 1}
    if kind == "gpt2":
        config = GPT2Config(n_positions=CONTEXT, n_embd=WIDTH, n_layer=2, n_head=4, **common)
        return GPT2LMHeadModel(config).eval()
    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=WIDTH,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=False,
            **common,
        )
    ).eval()


def _planted(table: list[list[float]]) -> Any:
    """Return a Llama whose logits after token i are row i of a table (V, V), V at most WIDTH."""
    made = _random("llama", 0, len(table))
    with torch.no_grad():
        for layer in made.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        # Tokens are far-out unit vectors, so that the last norm makes each √WIDTH long exactly.
        made.model.embed_tokens.weight.copy_(1000 * torch.eye(len(table), WIDTH))
        made.lm_head.weight.zero_()
        made.lm_head.weight[:, : len(table)] = torch.tensor(table).T / WIDTH**0.5
    _random.cache_clear()  # what was changed is nobody else's
    return made


class Counted:
    """Counts a model's forward passes while it is open."""

    def __init__(self, module: Any) -> None:
        self.passes = 0
        self._hook = module.register_forward_hook(self._count)

    def _count(self, *_: Any) -> None:
        self.passes += 1

    def close(self) -> int:
        """Stop counting and return the number of passes."""
        self._hook.remove()
        return self.passes


def _batch(rows: list[list[int]], masks: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(rows), torch.tensor(masks)


def _stop(stop: list[int]) -> Any:
    """Return the student's `Stop` of [max_new_tokens, eos_id, pad_id]."""
    return _own("reading").Stop(*stop)


# ---- the student's functions --------------------------------------------------------------------


def filtered(name: str, logits: list[Any], number: float) -> dict[str, Any]:
    """Apply a filter; tell what came out, what is left of its input, and what it refused."""
    given = torch.tensor(logits)
    try:
        out = getattr(_own("filters"), name)(given, number)
    except ValueError:
        return {"refused": True}
    return {"refused": False, "out": out.tolist(), "given": given.tolist()}


def warped(logits: list[Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Apply `warp`; tell what came out, or that it refused."""
    try:
        out = _own("filters").warp(torch.tensor(logits), _own("filters").Sampling(**settings))
    except ValueError:
        return {"refused": True}
    return {"refused": False, "out": out.tolist()}


def greedy(spec: dict[str, Any], rows: Any, masks: Any, stop: list[int]) -> dict[str, Any]:
    """Run the student's `greedy`; tell its tokens and how many forward passes it took."""
    own = model(spec)
    counted = Counted(own)
    try:
        tokens = _own("decoding").greedy(own, *_batch(rows, masks), _stop(stop))
    except ValueError:
        return {"refused": True}
    finally:
        passes = counted.close()
    return {"refused": False, "tokens": tokens.tolist(), "passes": passes}


def sample(
    spec: dict[str, Any], rows: Any, stop: list[int], settings: dict[str, Any], chance: list[int]
) -> dict[str, Any]:
    """Run the student's `sample` on rows without padding.

    `chance` holds the seed of the generator and the seed of PyTorch's global one.
    """
    ids, own = torch.tensor(rows), model(spec)
    torch.manual_seed(chance[1])
    before = torch.get_rng_state()
    tokens = _own("decoding").sample(
        own,
        ids,
        torch.ones_like(ids),
        _stop(stop),
        _own("filters").Sampling(**settings),
        generator=torch.Generator().manual_seed(chance[0]),
    )
    return {"tokens": tokens.tolist(), "global": bool((torch.get_rng_state() != before).any())}


def beam_search(
    spec: dict[str, Any], prompt: list[int], stop: list[int], beams: int, power: float
) -> list[dict[str, Any]]:
    """Run the student's `beam_search` on one prompt."""
    found = _own("beam").beam_search(model(spec), torch.tensor([prompt]), _stop(stop), beams, power)
    return [
        {
            "tokens": [int(token) for token in one.tokens],
            "logprob": float(one.logprob),
            "score": float(one.score),
        }
        for one in found
    ]


def sequence_logprob(spec: dict[str, Any], rows: Any, masks: Any, answers: Any) -> list[float]:
    """Run the student's `sequence_logprob`."""
    ids, mask = _batch(rows, masks)
    return _own("beam").sequence_logprob(model(spec), ids, mask, torch.tensor(answers)).tolist()


def stability(texts: list[list[str]], scores: list[list[float]], seeds: list[int]) -> Any:
    """Run the student's `stability` on an experiment with known outcomes; tell the seeds asked.

    The outcome of a seed is row ``seed % len(texts)``.
    """
    asked: list[int] = []

    def run(seed: int) -> tuple[list[str], list[float]]:
        asked.append(int(seed))
        return texts[seed % len(texts)], scores[seed % len(texts)]

    try:
        found = _own("measures").stability(run, seeds)
    except ValueError:
        return {"refused": True}
    return {"refused": False, "asked": asked, "found": {k: float(v) for k, v in found.items()}}


# ---- transformers -------------------------------------------------------------------------------


def library_filtered(name: str, logits: list[Any], number: float) -> Any:
    """Apply transformers' warper of a name to logits (B, V)."""
    from transformers import MinPLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    warpers = {
        "top_k_filter": TopKLogitsWarper,
        "top_p_filter": TopPLogitsWarper,
        "min_p_filter": MinPLogitsWarper,
    }
    return warpers[name](number)(None, torch.tensor(logits)).tolist()


def library_greedy(spec: dict[str, Any], rows: Any, masks: Any, stop: list[int]) -> list[Any]:
    """Return the new tokens of ``generate(do_sample=False)``."""
    ids, mask = _batch(rows, masks)
    out = model(spec).generate(
        input_ids=ids,
        attention_mask=mask,
        do_sample=False,
        max_new_tokens=stop[0],
        eos_token_id=stop[1] if stop[1] >= 0 else None,
        pad_token_id=stop[2],
    )
    return out[:, ids.shape[1] :].tolist()


def library_beams(
    spec: dict[str, Any], prompt: list[int], stop: list[int], beams: int, power: float
) -> list[dict[str, Any]]:
    """Return the hypotheses of transformers' beam search, and their scores."""
    out = model(spec).generate(
        input_ids=torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        do_sample=False,
        num_beams=beams,
        num_return_sequences=beams,
        early_stopping="never",
        length_penalty=power,
        max_new_tokens=stop[0],
        eos_token_id=stop[1],
        pad_token_id=stop[2],
        return_dict_in_generate=True,
        output_scores=True,
    )
    found = []
    for row, score in zip(out.sequences.tolist(), out.sequences_scores.tolist(), strict=True):
        new = row[len(prompt) :]
        end = new.index(stop[1]) + 1 if stop[1] in new else len(new)
        found.append({"tokens": new[:end], "score": score})
    return found


def library_logits(spec: dict[str, Any], row: list[int]) -> list[list[float]]:
    """Return a model's logits (T, V) for one text without padding."""
    with torch.no_grad():
        return model(spec)(input_ids=torch.tensor([row])).logits[0].tolist()
