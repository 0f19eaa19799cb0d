"""A tiny language model from nothing: its own tokenizer, a small Llama, and what it must beat.

A loss alone says little: 4.1 may be good or bad. So the model is measured against what counting
reaches on the same tokens: the unigram model, which knows how frequent tokens are, and the bigram
model, which also looks at one token before. A Transformer that does not beat the bigram model has
not yet learned to use its context.

Left out: anything larger. Half a million parameters and some hundred thousand tokens show the
whole path in a minute; they do not write good documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .sequences import IGNORED, Example, collate
from .training import loss_sum

BOS, EOS = "<s>", "</s>"


def train_tokenizer(texts: Sequence[str], vocabulary: int) -> Any:
    """Return a byte-level BPE tokenizer (Sennrich et al. 2016) trained on texts.

    Byte-level: no text is unknown to it, whatever it was trained on.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[BOS, EOS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token=BOS, eos_token=EOS)


def document(tokenizer: Any, text: str, length: int) -> Example:
    """Return a text as an example of plain language modelling: every token but BOS is a target."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"][: length - 2]
    ids = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    return {"input_ids": ids, "labels": [IGNORED, *ids[1:]]}


def tiny_llama(vocabulary: int, length: int, seed: int) -> Any:
    """Return an untrained Llama of about half a million parameters."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=128,
            intermediate_size=344,  # 8/3 of the width, as SwiGLU wants it (Shazeer 2020)
            num_hidden_layers=2,
            num_attention_heads=4,
            initializer_range=0.08,  # about 1 / sqrt(width): the usual 0.02 is for wide models
            num_key_value_heads=2,
            max_position_embeddings=length,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )


class Counts:
    """Unigram and bigram probabilities from counts.

    Unigrams are smoothed by one (Laplace). Bigrams are interpolated with them, a token's own
    continuations weighing more the more it has been seen and the fewer kinds it had (Witten and
    Bell 1991): P(b | a) = (c(a, b) + k(a) · P(b)) / (c(a) + k(a)), k(a) being the number of
    different tokens behind a.

    Args:
        rows: Rows of ids to count in.
        vocabulary: V, the number of tokens.
    """

    def __init__(self, rows: Sequence[Sequence[int]], vocabulary: int) -> None:
        ones = np.ones(vocabulary)
        pairs = np.zeros((vocabulary, vocabulary))
        for row in rows:
            np.add.at(ones, np.asarray(row[1:]), 1)
            np.add.at(pairs, (np.asarray(row[:-1]), np.asarray(row[1:])), 1)
        self.unigram = ones / ones.sum()  # V
        kinds = (pairs > 0).sum(axis=1, keepdims=True)  # V, 1
        seen = pairs.sum(axis=1, keepdims=True)
        mixed = pairs + np.maximum(kinds, 1) * self.unigram
        self.bigram = mixed / (seen + np.maximum(kinds, 1))  # V, V; each row sums to 1

    def losses(self, row: Sequence[int]) -> tuple[float, float]:
        """Return the summed negative log-probabilities of a row behind its first id."""
        before, after = np.asarray(row[:-1]), np.asarray(row[1:])
        unigram = -np.log(self.unigram[after]).sum()
        bigram = -np.log(self.bigram[before, after]).sum()
        return float(unigram), float(bigram)


@torch.no_grad()
def document_losses(model: Any, examples: Sequence[Example]) -> list[float]:
    """Return the model's summed negative log-probability of each example by itself."""
    model.eval()
    batches = (collate([example], 0) for example in examples)
    return [
        float(loss_sum(model, {name: t.to(model.device) for name, t in batch.items()})[0])
        for batch in batches
    ]


@torch.no_grad()
def sample(model: Any, tokenizer: Any, opening: str, tokens: int, seed: int) -> str:
    """Return an opening and what the model goes on with, at temperature 0.8."""
    torch.manual_seed(seed)
    ids = tokenizer(BOS + opening, return_tensors="pt", return_token_type_ids=False)
    out = model.generate(
        **ids.to(model.device), do_sample=True, temperature=0.8, top_k=0, max_new_tokens=tokens
    )
    return str(tokenizer.decode(out[0], skip_special_tokens=True))
