"""The task as a question of one token: is this headline sarcastic?

The prompt is short and each answer is one token, so an example costs one position of the output
layer, and the base model, the adapted one and any other can be asked the same way. (A long chat
prompt with answers of several tokens taught this small model nothing.) Nothing here is for
students to write: the first homework asks for it in full.

Shapes: B examples, T tokens, V words of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

WORDS = (" no", " yes")  # of the labels 0 and 1; one token each, with the space before it


@dataclass(frozen=True)
class Example:
    """A question and its answer.

    Args:
        prompt: Token ids, which end where the answer's token begins.
        answer: The right token.
    """

    prompt: tuple[int, ...]
    answer: int


@dataclass(frozen=True)
class Batch:
    """Questions padded on the left, so that the last column is the last token of each.

    Args:
        ids: Token ids, (B, T) int64.
        mask: 1 on real tokens, (B, T) int64.
        positions: Counted from the first real token, (B, T) int64.
        answers: The right tokens, (B,) int64.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    positions: torch.Tensor
    answers: torch.Tensor


def prompt(headline: str) -> str:
    """Return the question; it ends without a space, for that belongs to the answer's token."""
    return f"{headline}\nSatire?"


def label_ids(tokenizer: Any) -> tuple[int, int]:
    """Return the tokens of the two answers.

    Raises:
        ValueError: An answer is not one token of this tokenizer.
    """
    coded = [tokenizer(word, add_special_tokens=False)["input_ids"] for word in WORDS]
    if any(len(ids) != 1 for ids in coded):
        raise ValueError(f"each of {WORDS} must be one token")
    return coded[0][0], coded[1][0]


def encode(tokenizer: Any, rows: Sequence[dict[str, Any]]) -> list[Example]:
    """Return rows with ``headline`` and ``label`` as examples."""
    answers = label_ids(tokenizer)
    coded = tokenizer([prompt(row["headline"]) for row in rows], add_special_tokens=False)
    return [
        Example(tuple(ids), answers[row["label"]])
        for ids, row in zip(coded["input_ids"], rows, strict=True)
    ]


def collate(examples: Sequence[Example], device: torch.device | None = None) -> Batch:
    """Return examples as one batch; padding is token 0, which the mask hides."""
    width = max(len(example.prompt) for example in examples)
    gaps = [width - len(example.prompt) for example in examples]
    pairs = list(zip(gaps, examples, strict=True))
    ids = torch.tensor([[0] * gap + list(e.prompt) for gap, e in pairs], device=device)
    mask = torch.tensor([[0] * gap + [1] * (width - gap) for gap in gaps], device=device)
    answers = torch.tensor([example.answer for example in examples], device=device)
    return Batch(ids, mask, (mask.cumsum(dim=1) - 1).clamp(min=0), answers)


def last_logits(model: Any, batch: Batch) -> torch.Tensor:
    """Return the logits of the answer's place alone, (B, V) float32.

    The decoder first, then the output layer on one row of each question. Asking the whole model
    for ``logits_to_keep=1`` is the same in numbers and thirty times slower once the weights are
    frozen: it multiplies a strided (B, 1, D) slice, and torch then copies the layer B times.
    """
    hidden = model.base_model(
        input_ids=batch.ids,
        attention_mask=batch.mask,
        position_ids=batch.positions,
        use_cache=False,
    ).last_hidden_state  # B, T, D
    logits: torch.Tensor = model.get_output_embeddings()(hidden[:, -1]).float()
    return logits


def by_length(examples: Sequence[Example], size: int) -> Iterator[list[int]]:
    """Yield the places of examples in batches of neighbours in length, so little is padded."""
    order = sorted(range(len(examples)), key=lambda place: len(examples[place].prompt))
    for start in range(0, len(order), size):
        yield order[start : start + size]


@torch.no_grad()
def margins(
    model: Any, examples: Sequence[Example], labels: tuple[int, int], size: int = 32
) -> list[float]:
    """Return the logit of "yes" less that of "no" for each example, in the examples' order.

    The model must be in eval mode: dropout would make the answers a lottery.
    """
    no, yes = labels
    found = [0.0] * len(examples)
    device = next(model.parameters()).device
    for places in by_length(examples, size):
        logits = last_logits(model, collate([examples[place] for place in places], device))
        for place, margin in zip(places, (logits[:, yes] - logits[:, no]).tolist(), strict=True):
            found[place] = margin
    return found
