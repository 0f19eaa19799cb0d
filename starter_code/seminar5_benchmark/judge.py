"""A model as the judge: reading its verdict, and not believing it.

A judge compares two answers to a question and ends with [[A]], [[B]] or [[C]] for a tie (Zheng et
al. 2023, appendix A). Two things go wrong so reliably that they are measured before anything else.
The verdict is a text, in which the answers under judgement may have planted verdicts of their own.
And many judges prefer whatever stands first, so each pair is judged in both orders.

Left out: scoring one answer from 1 to 10, where judges agree with nobody, themselves included.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

# A Russian keyboard writes these for the Latin letters, and nobody sees the difference.
_LOOKALIKES = str.maketrans("АВСавс", "ABCabc")
_VERDICT = re.compile(
    r"[*_` ]*(?:(?:final )?verdict|(?:итоговый )?вердикт)?[*_` ]*:?[*_` ]*"
    r"\[\[ *([ABC]) *\]\][*_` .!]*",
    re.IGNORECASE,
)


def parse_verdict(reply: str) -> str | None:
    """Return "A", "B" or "tie" ([[C]]), or None when the reply does not end in one verdict.

    The verdict is the reply's last line that is not blank, and that line holds nothing else but:
    an optional "Verdict:", "Final verdict:", «Вердикт:» or «Итоговый вердикт:», the mark
    [[A]], [[B]] or [[C]], Markdown's emphasis (* _ `), and a closing . or !. Case, spaces inside
    the brackets, full-width characters and Cyrillic А, В, С for A, B, C make no difference.
    Marks elsewhere are the answers' words or the judge's thinking, and count for nothing; a judge
    that hedges, quotes or goes on talking has given no verdict, and a guess would be a bias.
    """
    raise NotImplementedError("write your solution here")


def swap_consistency(first: Sequence[str | None], second: Sequence[str | None]) -> dict[str, Any]:
    """Return what verdicts in both orders say about the pairs, and about the judge.

    Pair i is an answer x and an answer y. In the first order x is shown as A and y as B, in the
    second y is A and x is B. A pair is decided when both verdicts were readable. It is consistent
    when both name the same answer, or both a tie.

    Returns:
        ``winners``: "x", "y" or "tie" a pair, "tie" where the orders contradict each other
        (Zheng et al. 2023, section 3.4: conservative), None where it is not decided.
        ``decided``: how many pairs are. Of these, as shares or None when there are none:
        ``consistent``; ``first_position`` and ``second_position``, where both verdicts name the
        same place and so different answers.
    """
    raise NotImplementedError("write your solution here")
