"""What would the model answer? Its own probabilities say so, without a word being generated.

A small model asked for a letter answers with a poem. So multiple choice is scored as in the first
large benchmarks (Brown et al. 2020, section 2.4): each option is appended to the prompt, and the
option that the model finds most probable is its answer. Nothing has to be parsed, no sampling is
involved, and the margins between options tell how sure the model is.

Left out: one cache of the prompt for all its options. It saves time where prompts are long; here
options of one token already share a single forward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch


def mc_loglikelihood(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    options: Sequence[Sequence[str]],
    batch_size: int,
) -> list[list[float]]:
    """Return ln P(option | prompt) of every option of every prompt, summed over its tokens.

    Prompt and option are tokenized apart, without special tokens, and joined as ids: tokenized as
    one text, the last token of the prompt and the first of the option could melt together, and
    each option would be conditioned on another prompt. An option brings its own leading space.

    Args:
        model: A causal language model in eval mode.
        tokenizer: Its tokenizer; `pad_token_id` may be the id of a real token, too.
        prompts: N texts.
        options: N lists of continuations, each at least one token long.
        batch_size: How many rows go through the model at once, at most.
    """
    # zachetka: solution
    # The last token of an option is predicted and never read. So the model reads the prompt and
    # the option less that token, and options of one token all read the same: the prompt, once.
    wanted: list[list[tuple[tuple[int, ...], list[int]]]] = []
    for prompt, choices in zip(prompts, options, strict=True):
        head = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        tails = [tokenizer(choice, add_special_tokens=False)["input_ids"] for choice in choices]
        wanted.append([(tuple(head + tail[:-1]), tail) for tail in tails])
    longest: dict[tuple[int, ...], int] = {}  # a row, and how many of its last columns are asked
    for row, tail in (pair for pairs in wanted for pair in pairs):
        longest[row] = max(longest.get(row, 0), len(tail))
    columns = _last_columns(model, tokenizer.pad_token_id, longest, batch_size, wanted)
    return [[columns[row, tuple(tail)] for row, tail in pairs] for pairs in wanted]
    # zachetka: end


# zachetka: staff
def _last_columns(
    model: Any,
    pad: int,
    longest: dict[tuple[int, ...], int],
    batch_size: int,
    wanted: list[list[tuple[tuple[int, ...], list[int]]]],
) -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
    """Return the sum of log-probabilities of every pair of a row and an option's tokens."""
    asked: dict[tuple[int, ...], set[tuple[int, ...]]] = {row: set() for row in longest}
    for row, tail in (pair for pairs in wanted for pair in pairs):
        asked[row].add(tuple(tail))
    found = {}
    # Neighbours in length share a batch: little is padded. Ties go by content, not by chance.
    order = sorted(longest, key=lambda row: (len(row), row))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        kept = max(longest[row] for row in rows)
        logps = _forward(model, pad, rows, kept)  # B, K, V
        for row, own in zip(rows, logps, strict=True):
            for tail in asked[row]:
                places = torch.arange(kept - len(tail), kept)
                ids = torch.tensor(tail)
                found[row, tail] = float(own[places, ids].sum())
    return found


@torch.no_grad()
def _forward(model: Any, pad: int, rows: list[tuple[int, ...]], kept: int) -> torch.Tensor:
    """Return the log-probabilities at the last `kept` positions of each row: (B, K, V)."""
    width = max(map(len, rows))
    gaps = [width - len(row) for row in rows]
    # On the left, so that "the last columns" are the same for every row. Positions count from
    # the first real token, and the mask goes by place: the pad id may be a real token.
    ids = torch.tensor([[pad] * gap + list(row) for gap, row in zip(gaps, rows, strict=True)])
    mask = torch.tensor([[0] * gap + [1] * (width - gap) for gap in gaps])  # B, T
    place = model.device
    out = model(
        input_ids=ids.to(place),
        attention_mask=mask.to(place),
        position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0).to(place),
        # T × 49 152 logits a row, of which a handful is looked at, would be most of the memory.
        logits_to_keep=kept,
    )
    return out.logits.float().log_softmax(dim=-1).cpu()


# zachetka: end
def choose(scores: Sequence[float], options: Sequence[str], normalization: str) -> int:
    """Return the place of the best option; of equal ones the first.

    A sum of log-probabilities falls with every token, so "sum" favours short options; where they
    differ in length they are compared per UTF-8 byte, which unlike a token means the same to
    every tokenizer (Gao et al. 2021, the evaluation harness's `acc_norm`).

    Args:
        scores: ln P of each option.
        options: Their texts.
        normalization: "sum" or "byte".

    Raises:
        ValueError: There is no such normalization.
    """
    # zachetka: solution
    if normalization not in {"sum", "byte"}:
        raise ValueError(f"no such normalization: {normalization}")
    weights = [len(text.encode()) if normalization == "byte" else 1 for text in options]
    rated = [score / weight for score, weight in zip(scores, weights, strict=True)]
    return max(range(len(rated)), key=rated.__getitem__)
    # zachetka: end


def confidence(scores: Sequence[float]) -> list[float]:
    """Return the options' probabilities among themselves: the softmax of their scores.

    The scores may be far below zero: exp(-800) is 0 in a float, and 0 / 0 is no probability.
    """
    # zachetka: solution
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    return [weight / sum(weights) for weight in weights]
    # zachetka: end
