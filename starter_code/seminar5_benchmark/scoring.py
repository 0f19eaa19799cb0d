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
    raise NotImplementedError("write your solution here")


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
    raise NotImplementedError("write your solution here")


def confidence(scores: Sequence[float]) -> list[float]:
    """Return the options' probabilities among themselves: the softmax of their scores.

    The scores may be far below zero: exp(-800) is 0 in a float, and 0 / 0 is no probability.
    """
    raise NotImplementedError("write your solution here")
