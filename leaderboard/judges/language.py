"""How people write summaries of this kind: what follows what, what opens, which words are rare.

Counted on the training part once. The steps are between classes (endings and function words), the
rest is single words, so the tables hold no text of anybody's. A shuffled sentence, one with words
dropped or one that is cut short walks through steps that people hardly write; a sentence that
fits any object is made of words that every description has.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from leaderboard.judges.words import content, grammar_class, tokens

START, END = "<start>", "<end>"
SMOOTHING = 0.3
RARE_OPENER = 3  # an opener that fewer summaries have is told by its class only
COMMON_WORD = 0.01  # share of descriptions; a rarer word weighs as one of half this share


@dataclass(frozen=True)
class Language:
    """Counts of a collection of summaries and of the prompts that they belong to.

    Args:
        steps: Of summaries: by class, the classes that follow.
        openers: First words that several summaries have.
        summaries: How many.
        common: In how many prompts a stem occurs, for stems that are common.
        prompts: How many.
    """

    steps: Mapping[str, Mapping[str, int]]
    openers: Mapping[str, int]
    summaries: int
    common: Mapping[str, int]
    prompts: int

    @cached_property
    def _sums(self) -> Mapping[str, int]:
        return {first: sum(after.values()) for first, after in self.steps.items()}

    @cached_property
    def _classes(self) -> int:
        return len({second for after in self.steps.values() for second in after})

    def surprises(self, text: str) -> list[float]:
        """Return −log P(class | class before) of every step, the start and the end among them."""
        classes = _classes_of(text)
        return [self._surprise(*step) for step in pairwise(classes)]

    def _surprise(self, first: str, second: str) -> float:
        seen = self.steps.get(first, {}).get(second, 0)
        total = self._sums.get(first, 0)
        return -math.log((seen + SMOOTHING) / (total + SMOOTHING * (self._classes + 1)))

    def opening(self, text: str) -> float:
        """Return log P(first word); all that are rare share one value."""
        found = tokens(text)
        seen = self.openers.get(found[0].lower(), 0) if found else 0
        return math.log((seen + SMOOTHING) / (self.summaries + 1))

    def weight(self, stem: str) -> float:
        """Return −log of the share of prompts that hold a stem: 0 says nothing, more is rarer."""
        share = self.common.get(stem, 0) / max(self.prompts, 1)
        return -math.log(max(share, COMMON_WORD / 2))


def count(summaries: Iterable[str], prompts: Iterable[str]) -> Language:
    """Count the language of summaries and prompts."""
    steps: dict[str, Counter[str]] = {}
    openers: Counter[str] = Counter()
    number = 0
    for text in summaries:
        classes = _classes_of(text)
        for first, second in pairwise(classes):
            steps.setdefault(first, Counter())[second] += 1
        openers.update(token.lower() for token in tokens(text)[:1])
        number += 1
    holding: Counter[str] = Counter()
    shown = 0
    for prompt in prompts:
        holding.update(set(content(prompt)))
        shown += 1
    return Language(
        steps={first: dict(sorted(after.items())) for first, after in sorted(steps.items())},
        openers={word: n for word, n in sorted(openers.items()) if n >= RARE_OPENER},
        summaries=number,
        common={stem: n for stem, n in sorted(holding.items()) if n >= COMMON_WORD * shown},
        prompts=shown,
    )


def _classes_of(text: str) -> list[str]:
    return [START, *map(grammar_class, tokens(text.rstrip(" ."))), END]
