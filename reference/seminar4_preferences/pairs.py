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
    # zachetka: solution
    return _key(one) == _key(other)
    # zachetka: end


# zachetka: staff
def _key(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(". ")


# zachetka: end
def length_gap(pairs: Sequence[Pair]) -> LengthGap:
    """Return how the lengths of chosen and rejected answers differ, in words."""
    # zachetka: solution
    gaps = [len(pair.chosen.split()) - len(pair.rejected.split()) for pair in pairs]
    if not gaps:
        return LengthGap(0.0, 0.5)
    longer = sum(1.0 if gap > 0 else 0.5 if gap == 0 else 0.0 for gap in gaps)
    return LengthGap(sum(gaps) / len(gaps), longer / len(gaps))
    # zachetka: end


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
    # zachetka: solution
    if min_gap < 0:
        raise ValueError(f"min_gap is {min_gap}: it must not be negative")
    dropped = Counter(dict.fromkeys(REASONS, 0))
    pairs: list[Pair] = []
    seen: set[tuple[str, str, str]] = set()
    for prompt, texts, marks in zip(prompts, candidates, scores, strict=True):
        usable = [
            (mark, text)
            for mark, text in zip(marks, texts, strict=True)
            if text.strip() and not math.isnan(mark)
        ]
        if len(usable) < 2:
            dropped["empty"] += 1
            continue
        best = min(usable, key=lambda one: (-one[0], one[1]))
        worst = min(usable, key=lambda one: (one[0], one[1]))
        gap = best[0] - worst[0]
        key = (_key(prompt), _key(best[1]), _key(worst[1]))
        if gap > 0 and key[1] == key[2]:
            dropped["identical"] += 1
        elif gap <= min_gap:
            dropped["tie"] += 1
        elif key in seen:
            dropped["repeated"] += 1
        else:
            seen.add(key)
            pairs.append(Pair(prompt, best[1], worst[1], gap))
    return PairSet(tuple(pairs), dict(dropped), length_gap(pairs))
    # zachetka: end
