"""ROUGE-L: the longest common subsequence of words, as F1.

Lin, ROUGE: a package for automatic evaluation of summaries, 2004, section 3, by the rouge-score
package with β = 1. Two choices are ours:

- **Words of any script.** The package's own tokenizer deletes everything but a-z and 0-9, so a
  Russian answer would have no words at all and score 0 even when it equals its reference. On
  ASCII both give the same words (a test holds them to that).
- **No stemmer.** Porter's is for English only, and it joins words that name different things in
  this subject (general, generate, generic). It would also forgive "Returns" where PEP 257 asks
  for "Return". And it is off by default in rouge-score, so students who compare get our number.
"""

from collections.abc import Sequence
from functools import lru_cache

from leaderboard.metrics.declare import evaluated, metric
from leaderboard.metrics.texts import words


class _Words:
    """The tokenizer, as rouge-score wants one; references come again and again."""

    def __init__(self) -> None:
        self.tokenize = lru_cache(maxsize=4096)(words)


@metric(higher_is_better=True)
def score(answers: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return ROUGE-L F1 of words for each answer and its reference."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], tokenizer=_Words())
    return [
        scorer.score(reference, answer)["rougeL"].fmeasure
        for answer, reference in zip(answers, references, strict=True)
    ]


Evaluated = evaluated(__name__, score)
