"""Cosine of sentence embeddings (MiniLM): likeness of meaning where words differ.

The embedding is what the model was trained to give (Reimers and Gurevych, Sentence-BERT, 2019,
section 3): the mean of the last layer over tokens that are not padding, scaled to length 1. A
negative cosine counts as 0: nothing alike. English only: the model separates Russian badly.
"""

from collections.abc import Sequence

from leaderboard.metrics.declare import evaluated, metric


@metric(higher_is_better=True)
def score(answers: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return max(0, cosine) of the embeddings of each answer and its reference."""
    from leaderboard.embedding import shared

    embed = shared()
    embed([*answers, *references])  # all in large batches
    cosines = (embed(answers) * embed(references)).sum(axis=1)
    # How texts fall into batches moves the last bits of float32. Rounded, an entrant's score does
    # not depend on who else is scored with it.
    return list(cosines.clip(0, 1).round(5).tolist())


Evaluated = evaluated(__name__, score)
