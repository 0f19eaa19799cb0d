"""How right is an answer? Three metrics of text against text.

`exact_match` and `token_f1` are those of SQuAD (Rajpurkar et al. 2016, section 6.1), `rouge_l` is
Lin's (2004, section 3). All three see words and no meaning: "not guilty" has an F1 of 2/3 with
"guilty". They are cheap, the same on every machine, and wrong in ways that one can list, which is
more than can be said of a judge.

Left out: stemming (ROUGE's option for English alone), and the metrics that need a model.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

# "a" is an article in English only; a Cyrillic "а" is another character and stays.
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def words_of(text: str) -> list[str]:
    """Return the lower-cased runs of letters and digits, of any script."""
    return re.findall(r"[^\W_]+", text.lower())


def normalize_answer(text: str) -> str:
    """Return an answer without what does not make it another answer.

    In this order: NFKC and lower case; punctuation goes (ASCII's 32 marks and all of Unicode's
    categories P, so that «…» and — go too), without a space in its place; the articles a, an, the
    go; white space becomes single spaces.
    """
    raise NotImplementedError("write your solution here")


def exact_match(prediction: str, references: Sequence[str]) -> float:
    """Return 1 if the prediction equals one of the references once both are normalized, else 0.

    Args:
        prediction: The model's answer.
        references: All answers that count as right; at least one.
    """
    raise NotImplementedError("write your solution here")


def token_f1(prediction: str, references: Sequence[str]) -> float:
    """Return the F1 of the prediction's normalized words, for the reference that suits it best.

    Words are counted with their repetitions. Where one side has no words after normalization the
    score is 1 if the other has none either, else 0.

    Args:
        prediction: The model's answer.
        references: All answers that count as right; at least one.
    """
    raise NotImplementedError("write your solution here")


def rouge_l(prediction: str, reference: str) -> float:
    """Return the F1 of the longest common subsequence of words (Lin 2004, section 3.1).

    Words are lower-cased runs of letters and digits of any script. The usual package keeps
    a-z and 0-9 alone, so that every Russian text scores 0; on English the two agree.
    A subsequence keeps the order and may have gaps. No words on either side give 0.
    """
    raise NotImplementedError("write your solution here")
