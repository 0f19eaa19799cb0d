"""What a team submitted against what its code writes when it is run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from graders.core.records import Flag
from leaderboard.integrity.copies import NEAR, similarity
from leaderboard.integrity.sheet import EXAMPLES, normal, share, shown

LEAST_NEAR = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Difference:
    """How far regenerated answers are from the submitted ones.

    Args:
        items: Compared: those that were regenerated.
        equal: Share of equal answers (without case, punctuation and spacing).
        near: Share of answers that are near-duplicates (as in `copies`).
        similarity: Mean similarity, in [0, 1].
        unlike: Ids of the answers that are not near, the least like first.
    """

    items: int
    equal: Decimal
    near: Decimal
    similarity: Decimal
    unlike: tuple[str, ...]


def compare(submitted: Mapping[str, str], regenerated: Mapping[str, str]) -> Difference:
    """Compare two sets of answers over the ids of the second; a missing answer is a blank one."""
    like: dict[str, float] = {}
    equal = 0
    for id_, again in regenerated.items():
        first, second = normal(submitted.get(id_, "")), normal(again)
        equal += first == second
        like[id_] = similarity(first, second)
    unlike = sorted((id_ for id_ in like if like[id_] < NEAR), key=lambda id_: (like[id_], id_))
    count = len(like)
    return Difference(
        items=count,
        equal=share(equal, count),
        near=share(count - len(unlike), count),
        similarity=share(sum(like.values()), count),
        unlike=tuple(unlike),
    )


def rerun_difference(
    submitted: Mapping[str, str],
    regenerated: Mapping[str, str],
    least_near: Decimal = LEAST_NEAR,
) -> Flag | None:
    """Return a flag when too few answers come out nearly the same, otherwise None.

    Not "equal": greedy decoding flips a word where two logits are close, and another processor
    or number format moves them. Nothing regenerated is a difference too.

    Args:
        submitted: The team's answers by id.
        regenerated: What its code wrote again, for all or some of the ids.
        least_near: The share of near answers that is good enough.
    """
    found = compare(submitted, regenerated)
    if found.near >= least_near:  # of nothing the share is 0
        return None
    chosen = found.unlike[:EXAMPLES]
    args = {
        "items": found.items,
        "equal": found.equal,
        "near": found.near,
        "similarity": found.similarity,
        "ids": ", ".join(chosen),
        "examples": [
            {
                "id": id_,
                "answer": shown(submitted.get(id_, "")),
                "other": shown(regenerated[id_]),
            }
            for id_ in chosen
        ],
    }
    return Flag("integrity.rerun_differs", args)
