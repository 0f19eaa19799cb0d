"""Evaluation: answers by the logits of two words, and numbers with their uncertainty.

Left out: calibration of the probabilities, which the task does not score.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .training import LABEL_WORDS, build_prompt


def label_margins(
    model: Any, tokenizer: Any, headlines: Sequence[str], batch_size: int
) -> list[float]:
    """Return the logit of the word for 1 less the logit of the word for 0, per headline.

    Headlines go through the model in batches of `batch_size`; the result keeps their order.
    """
    raise NotImplementedError("write your solution here")


def predict(model: Any, tokenizer: Any, headlines: Sequence[str], batch_size: int) -> list[int]:
    """Return 0 or 1 for each headline: the label whose word has the larger logit.

    The answer to a headline does not depend on the others in its batch.
    """
    raise NotImplementedError("write your solution here")


def accuracy(gold: Sequence[int], guess: Sequence[int]) -> float:
    """Return the share of equal answers."""
    raise NotImplementedError("write your solution here")


def macro_f1(gold: Sequence[int], guess: Sequence[int]) -> float:
    """Return the mean F1 of labels 0 and 1; the F1 of a label that nobody names is 0."""
    raise NotImplementedError("write your solution here")


def bootstrap_ci(
    values: Sequence[float], level: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean (Efron 1979).

    Args:
        values: One value an item, such as 1 for a right answer and 0 for a wrong one.
        level: Such as 0.95.
        resamples: How many samples of the same size are drawn with replacement.
        seed: Seed of the draws.
    """
    raise NotImplementedError("write your solution here")


def paired_permutation(
    first: Sequence[float], second: Sequence[float], resamples: int, seed: int
) -> float:
    """Return the two-sided p-value that two systems score the same on the same items.

    Under that hypothesis the sign of each item's difference is a coin. The share of sign patterns
    whose sum is at least as far from zero as the observed one counts the observed pattern too:
    ``(1 + hits) / (1 + resamples)``, so that no finite sample claims p = 0 (Phipson, Smyth 2010).
    """
    raise NotImplementedError("write your solution here")
