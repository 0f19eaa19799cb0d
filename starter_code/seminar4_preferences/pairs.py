"""Pairs: which of two answers is the better one, and which pairs teach nothing.

A preference method sees only the difference of two answers. So whatever else differs between
them systematically is learned as well, length first of all: a report on it comes with the pairs.

Left out: preferences of people over the same answers (Bradley-Terry, several annotators). Here a
score decides, such as ROUGE-L against a text that a person wrote.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

REASONS = ("empty", "identical", "tie", "repeated")  # why a prompt gives no pair


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt, its better and its worse answer, and by how much the better one is better."""

    prompt: str
    chosen: str
    rejected: str
    gap: float


@dataclass(frozen=True, slots=True)
class LengthGap:
    """How the chosen answers' length in words differs from the rejected ones'.

    Args:
        mean: Words of the chosen answer less those of the rejected one, on average; 0 without
            pairs.
        chosen_longer: The share of pairs with the longer answer chosen; equal lengths count half.
            Far from 0.5, length alone tells the answers apart. 0.5 without pairs.
    """

    mean: float
    chosen_longer: float


@dataclass(frozen=True, slots=True)
class PairSet:
    """The pairs, how many prompts gave none and why, and the gap in length."""

    pairs: tuple[Pair, ...]
    dropped: dict[str, int]
    length: LengthGap


def same_text(one: str, other: str) -> bool:
    """Say whether two answers differ in case, white space and a full stop at the end at most."""
    raise NotImplementedError("write your solution here")


def length_gap(pairs: Sequence[Pair]) -> LengthGap:
    """Return how the lengths of chosen and rejected answers differ, in words."""
    raise NotImplementedError("write your solution here")


def build_pairs(
    prompts: Sequence[str],
    candidates: Sequence[Sequence[str]],
    scores: Sequence[Sequence[float]],
    min_gap: float = 0.0,
) -> PairSet:
    """Return one pair a prompt: its best candidate against its worst one.

    Candidates without a visible character, and those whose score is not a number, are passed
    over. A prompt gives no pair, and is counted under the first reason that holds, when

    - ``empty``: fewer than two candidates are left;
    - ``identical``: the best and the worst say the same (`same_text`);
    - ``tie``: the best is ahead by `min_gap` or less: nobody knows which one is better;
    - ``repeated``: an earlier pair has the same three texts (`same_text`).

    Of candidates with equal scores the first in alphabetical order stands for them, so that the
    order of candidates decides nothing. Pairs come in the order of the prompts.

    Args:
        prompts: N prompts.
        candidates: N lists of answers.
        scores: Their scores, larger is better.
        min_gap: What the best must be ahead by, at least 0.

    Raises:
        ValueError: The three do not match in number, or `min_gap` is negative.
    """
    raise NotImplementedError("write your solution here")
