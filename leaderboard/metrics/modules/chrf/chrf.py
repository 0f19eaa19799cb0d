"""chrF: F2 of character 1- to 6-grams, of each answer by itself.

Popović, chrF: character n-gram F-score for automatic MT evaluation, 2015, as sacrebleu computes
it with its defaults (signature ``nc:6|nw:0|s:no``), divided by 100. Case matters and white space
does not. It sees likeness inside of words (`tokenize`, `tokenizer`), where ROUGE-L sees none.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from leaderboard.metrics.declare import evaluated, metric


@metric(higher_is_better=True)
def score(answers: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return sentence-level chrF / 100 for each answer and its reference."""
    from sacrebleu.metrics.chrf import CHRF

    # A scorer made for one reference counts the reference's n-grams once. The score of a corpus
    # of one segment is the score of the segment.
    @lru_cache(maxsize=256)
    def scorer(reference: str) -> Any:
        return CHRF(references=[[reference]])

    return [
        # The mean of precisions of 1.0 may be 1 + 1e-16.
        min(1.0, scorer(reference).corpus_score([answer], None).score / 100)
        for answer, reference in zip(answers, references, strict=True)
    ]


Evaluated = evaluated(__name__, score)
