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
    # zachetka: solution
    no, yes = (tokenizer(w, add_special_tokens=False)["input_ids"][0] for w in LABEL_WORDS)
    prompts = [
        tokenizer(build_prompt(headline), add_special_tokens=False)["input_ids"]
        for headline in headlines
    ]
    # Neighbours in length share a batch, so that little is padded.
    order = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
    margins = [0.0] * len(prompts)
    for start in range(0, len(order), batch_size):
        places = order[start : start + batch_size]
        width = max(len(prompts[place]) for place in places)
        # Padding on the left puts every prompt's last token into the last column; positions
        # count from the first real token, or the same prompt would get another answer.
        gaps = [width - len(prompts[place]) for place in places]
        ids = torch.tensor(
            [
                [tokenizer.pad_token_id] * gap + prompts[p]
                for gap, p in zip(gaps, places, strict=True)
            ]
        )  # B, T
        mask = torch.tensor([[0] * gap + [1] * (width - gap) for gap in gaps])  # B, T
        with torch.no_grad():
            out = model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0),
                logits_to_keep=1,  # the other positions' logits would be thrown away
            )
        last = out.logits[:, -1].float()  # B, V
        for place, margin in zip(places, (last[:, yes] - last[:, no]).tolist(), strict=True):
            margins[place] = margin
    return margins
    # zachetka: end


def predict(model: Any, tokenizer: Any, headlines: Sequence[str], batch_size: int) -> list[int]:
    """Return 0 or 1 for each headline: the label whose word has the larger logit.

    The answer to a headline does not depend on the others in its batch.
    """
    # zachetka: solution
    return [int(m > 0) for m in label_margins(model, tokenizer, headlines, batch_size)]
    # zachetka: end


def accuracy(gold: Sequence[int], guess: Sequence[int]) -> float:
    """Return the share of equal answers."""
    # zachetka: solution
    return sum(a == b for a, b in zip(gold, guess, strict=True)) / len(gold)
    # zachetka: end


def macro_f1(gold: Sequence[int], guess: Sequence[int]) -> float:
    """Return the mean F1 of labels 0 and 1; the F1 of a label that nobody names is 0."""
    # zachetka: solution
    scores = []
    for label in (0, 1):
        hits = sum(a == b == label for a, b in zip(gold, guess, strict=True))
        named = sum(a == label for a in gold) + sum(b == label for b in guess)
        scores.append(2 * hits / named if named else 0.0)  # F1 = 2 TP / (2 TP + FP + FN)
    return sum(scores) / len(scores)
    # zachetka: end


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
    # zachetka: solution
    generator = np.random.default_rng(seed)
    sample = np.asarray(values, dtype=float)  # N
    draws = generator.integers(0, len(sample), size=(resamples, len(sample)))  # R, N
    means = sample[draws].mean(axis=1)  # R
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
    # zachetka: end


def paired_permutation(
    first: Sequence[float], second: Sequence[float], resamples: int, seed: int
) -> float:
    """Return the two-sided p-value that two systems score the same on the same items.

    Under that hypothesis the sign of each item's difference is a coin. The share of sign patterns
    whose sum is at least as far from zero as the observed one counts the observed pattern too:
    ``(1 + hits) / (1 + resamples)``, so that no finite sample claims p = 0 (Phipson, Smyth 2010).
    """
    # zachetka: solution
    generator = np.random.default_rng(seed)
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)  # N
    signs = generator.choice([-1.0, 1.0], size=(resamples, len(differences)))  # R, N
    sums = np.abs(signs @ differences)  # R
    slack = 1e-9 * np.abs(differences).sum()  # equal sums may differ in their last bits
    hits = int((sums >= abs(differences.sum()) - slack).sum())
    return (1 + hits) / (1 + resamples)
    # zachetka: end
