"""Kaggle's own score for this competition: mean ROUGE-L of the answers, by item.

This file is uploaded to Kaggle as the competition's metric, so it stands on its own. The judge's
verdicts are not Kaggle's to compute: the course adds them afterwards.

ROUGE-L is Lin's (ROUGE: A Package for Automatic Evaluation of Summaries, 2004, section 3.1): the
F measure of the longest common subsequence of words, in lower case, letters and digits only.
"""

from __future__ import annotations

import re
from typing import Any

WORD = re.compile(r"[a-z0-9]+")


def score(solution: Any, submission: Any, row_id_column_name: str) -> float:
    """Return the mean ROUGE-L over the rows of two data frames in the same order.

    Args:
        solution: With the columns ``id`` and ``answer`` (the human answer).
        submission: With the same columns, and the same ids.
        row_id_column_name: The name of the id's column.

    Raises:
        ValueError: The ids are not the same, or an answer is missing.
    """
    if list(solution[row_id_column_name]) != list(submission[row_id_column_name]):
        raise ValueError("the ids of the submission are not those of the test set")
    pairs = list(zip(submission["answer"], solution["answer"], strict=True))
    if any(not isinstance(answer, str) for answer, _ in pairs):
        raise ValueError("every row needs an answer")
    return sum(rouge_l(answer, reference) for answer, reference in pairs) / len(pairs)


def rouge_l(answer: str, reference: str) -> float:
    """Return ROUGE-L of one answer, in [0, 1]."""
    left, right = WORD.findall(answer.lower()), WORD.findall(reference.lower())
    if not left or not right:
        return 0.0
    common = _common(left, right)
    if not common:
        return 0.0
    precision, recall = common / len(left), common / len(right)
    return 2 * precision * recall / (precision + recall)


def _common(left: list[str], right: list[str]) -> int:
    """Return the length of the longest common subsequence, one row of the table at a time."""
    row = [0] * (len(right) + 1)
    for word in left:
        corner = 0
        for place, other in enumerate(right, start=1):
            above = row[place]
            row[place] = corner + 1 if word == other else max(above, row[place - 1])
            corner = above
    return row[-1]
