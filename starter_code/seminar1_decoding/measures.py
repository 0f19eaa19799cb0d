"""Diversity and stability: what a quality score alone does not say.

A decoder that always gives the same sentence can score well; one that varies may vary in quality
too. So texts are compared with each other (`distinct_n`, `self_bleu`) and runs with each other
(`stability`).

Texts are split at white space: enough to compare decoders with each other, not to compare with
numbers in papers, which depend on the tokenizer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from statistics import fmean, stdev

ORDER = 4  # the longest n-grams of BLEU

Run = Callable[[int], tuple[Sequence[str], Sequence[float]]]


def distinct_n(texts: Sequence[str], n: int) -> float:
    """Return the share of different n-grams among all n-grams of the texts, 0..1.

    Li et al. 2016, «A Diversity-Promoting Objective Function», sec. 5. Counted over all texts
    together; an n-gram never reaches from one text into the next.

    Args:
        texts: Generated texts.
        n: Words in an n-gram, at least 1.

    Returns:
        1 when no n-gram comes twice, towards 0 for repetition; 0 when there is no n-gram at all.
    """
    raise NotImplementedError("write your solution here")


def bleu(text: str, references: Sequence[str]) -> float:
    """Return the sentence BLEU of a text against several references, 0..1.

    Papineni et al. 2002: the geometric mean of the clipped n-gram precisions, n = 1..4, times the
    brevity penalty. A count is clipped by the reference that has most of the n-gram; the length is
    compared with the reference closest to it, the shorter of two. As in sacrebleu for sentences,
    a text shorter than four words is judged by the n-grams it has (*effective order*), and the
    first precision without a match counts 1/2 of one match, the next 1/4, … (*exponential
    smoothing*: Chen and Cherry 2014, method 3).

    Args:
        text: The text that is judged.
        references: One or more texts.

    Returns:
        0 for a text that is empty or shares no word with any reference.
    """
    raise NotImplementedError("write your solution here")


def self_bleu(texts: Sequence[str]) -> float:
    """Return how much texts repeat each other, 0..1: the mean BLEU of each against all others.

    Zhu et al. 2018, «Texygen», sec. 3.2. Low is diverse.

    Args:
        texts: Two or more texts, usually continuations of one prompt.

    Raises:
        ValueError: There are fewer than two.
    """
    raise NotImplementedError("write your solution here")


def stability(run: Run, seeds: Sequence[int]) -> dict[str, float]:
    """Run an experiment once for each seed and say how far its outcome depends on the seed.

    Args:
        run: Called with a seed, returns one text and one score for each prompt, in the same order
            each time.
        seeds: Two or more different seeds.

    Returns:
        ``mean``: the mean score over prompts and seeds. ``between_seeds``: the standard deviation
        (n - 1) of the seeds' mean scores: what one reported number may be off by.
        ``within_prompt``: the standard deviation (n - 1) over seeds of one prompt's score, averaged
        over prompts: what a user sees. ``agreement``: how often two seeds give the same text, over
        all pairs of seeds and prompts.

    Raises:
        ValueError: There are fewer than two seeds, or one of them comes twice.
    """
    raise NotImplementedError("write your solution here")
