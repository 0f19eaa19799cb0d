"""What makes a benchmark lie: misplaced confidence, leaked items, answers from nowhere.

A hallucination is rarely announced. Three things can be measured without reading minds: whether
the model is right as often as it is sure (`calibration_error`), whether its answer depends on the
source that it was given (`leave_one_context_out`), and whether the test item was there to be
memorized (`contaminated`).

Left out: attributions by gradients, which cost less and mean less, and contamination of the
pre-training data, which nobody outside can search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .metrics import words_of


def leave_one_context_out(
    score: Callable[[list[str]], float], contexts: Sequence[str]
) -> list[float]:
    """Return what each context adds: the score with all of them less the score without this one.

    Only differences are looked at, so with ln P(answer | contexts) as the score a contribution of
    ln 10 says that the context makes the answer ten times as probable. It is the simplest member
    of the family (Cohen-Wang et al. 2024 fit a linear surrogate over many subsets), and has its
    blind spot: of two contexts that say the same, neither is missed.

    Args:
        score: Takes contexts in their order; it is called once with all of them and once
            without each, however equal two contexts are.
        contexts: The passages that were shown.
    """
    raise NotImplementedError("write your solution here")


def calibration_error(confidences: Sequence[float], correct: Sequence[int], bins: int) -> float:
    """Return the expected calibration error (Guo et al. 2017, section 2), 0 to 1.

    Answers are sorted into equal bins of their confidence, (0, 1/bins], (1/bins, 2/bins], …, with
    0 in the first one; the error is the mean of |share of right answers − mean confidence| over
    the bins, each weighted by how many answers it holds.
    """
    raise NotImplementedError("write your solution here")


def contaminated(tests: Sequence[str], known: Sequence[str], n: int) -> list[int]:
    """Return the places of the test texts that share n words in a row with a known text.

    Words are lower-cased runs of letters and digits (Brown et al. 2020, appendix C, with n = 13).
    A text of fewer than n words is compared whole: with known texts that hold all of it, in a
    row. Texts without words share nothing.
    """
    raise NotImplementedError("write your solution here")
