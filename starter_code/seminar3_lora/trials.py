"""The pieces of the run: a model with fresh adapters, its training, its answers, its English.

Nothing here is for students to write; it shows how their functions are used on a real model.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .common import load_model, seed_everything
from .comparison import perplexity, text_losses
from .lora import fingerprint, inject, trainable
from .plain_english import SENTENCES
from .qlora import Memory, memory, quantize_linears, saved_bytes
from .task import Example, label_ids, margins
from .training import History, Plan, answer_loss, train_lora

ATTENTION = ("q_proj", "v_proj")
EVERYWHERE = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
TEXTS = 10  # read at once: the logits of every position are a large tensor


@dataclass(frozen=True)
class Recipe:
    """What is put on the base model.

    Args:
        name: Of the trial, as tables show it.
        targets: The layers with adapters.
        rank: Of the adapters; alpha is twice the rank.
        dropout: Of the adapters.
        four_bits: Whether the base is quantized first.
    """

    name: str
    targets: Sequence[str] = ATTENTION
    rank: int = 8
    dropout: float = 0.05
    four_bits: bool = False

    @property
    def kinds(self) -> str:
        """The target layers in a few words."""
        return "all linear" if len(self.targets) > 3 else ", ".join(t[0] for t in self.targets)


@dataclass(frozen=True)
class Trial:
    """A trained model and what its training was like.

    Args:
        model: The model, with the best adapter, in eval mode.
        history: Losses by step.
        memory: What training took, but for the activations.
        activations: Bytes that one batch's forward pass keeps for the backward pass.
        parameters: Trainable numbers.
        base_unchanged: Whether all that is no adapter has the hash it had before.
        seconds: The training's time.
    """

    model: Any
    history: History
    memory: Memory
    activations: int
    parameters: int
    base_unchanged: bool
    seconds: float


def fresh(folder: Path, seed: int) -> tuple[Any, Any]:
    """Load the base model anew, from the same state of all generators."""
    seed_everything(seed)
    return load_model(folder)


def tried(
    model: Any, recipe: Recipe, parts: tuple[Sequence[Example], Sequence[Example]], plan: Plan
) -> Trial:
    """Put a recipe's adapters on a base model and train them on (training, held-out) examples."""
    if recipe.four_bits:
        quantize_linears(model)
    inject(
        model, recipe.targets, recipe.rank, 2 * recipe.rank, dropout=recipe.dropout, seed=plan.seed
    )
    before, batch = fingerprint(model), list(parts[0][: plan.batch])
    model.train()
    activations = saved_bytes(model, lambda: answer_loss(model, batch))
    started = time.perf_counter()
    history = train_lora(model, *parts, plan)
    return Trial(
        model=model,
        history=history,
        memory=memory(model),
        activations=activations,
        parameters=sum(p.numel() for p in trainable(model).values()),
        base_unchanged=fingerprint(model) == before,
        seconds=time.perf_counter() - started,
    )


def english(model: Any, tokenizer: Any) -> tuple[list[float], list[int], float]:
    """Return losses and token counts of the plain sentences, and the perplexity."""
    coded = [tokenizer(text)["input_ids"] for text in SENTENCES]
    losses: list[float] = []
    counts: list[int] = []
    for start in range(0, len(coded), TEXTS):
        some, sizes = text_losses(model, coded[start : start + TEXTS])
        losses, counts = losses + some, counts + sizes
    return losses, counts, perplexity(losses, counts)


def scores(model: Any, tokenizer: Any, examples: Sequence[Example]) -> list[float]:
    """Return the margin of "yes" over "no" for each example."""
    return margins(model, examples, label_ids(tokenizer))


def answers(found: Sequence[float]) -> list[int]:
    """Return the label whose word has the larger logit."""
    return [int(margin > 0) for margin in found]


def tfidf_answers(train: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]]) -> list[int]:
    """Return the answers of TF-IDF over words and pairs of words, and logistic regression.

    Twenty lines of scikit-learn and a second of time: what a language model has to beat.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    classifier = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10.0)
    )
    classifier.fit([row["headline"] for row in train], [row["label"] for row in train])
    found = classifier.predict([row["headline"] for row in test])
    return [int(label) for label in found]
