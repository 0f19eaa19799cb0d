"""The leakage report: what is checked about the parts after they are drawn.

It recomputes everything from the finished parts and trusts nothing that `split` did on the way.
It compares words; a description retold in other words is not found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from graders.assets.summaries.alike import NEAR, even, pairs_alike
from graders.assets.summaries.split import Item, tells_itself


def leakage_report(parts: Mapping[str, Sequence[Item]]) -> dict[str, Any]:
    """Return facts about what one part tells of another, as plain JSON.

    `equal_summaries_share` is the share of train's summaries that are also an examined one's;
    `documents_exact` and `documents_near` count pairs in different parts.
    """
    places = [(part, item) for part, items in sorted(parts.items()) for item in items]
    held = {(part, item.package) for part, item in places}
    examined = [(part, item) for part, item in places if part != "train"]
    answers = {even(item.summary) for _, item in examined}
    train = [even(item.summary) for item in parts.get("train", ())]
    equal = sum(summary in answers for summary in train)
    near = sum(
        places[one][0] != places[other][0]
        for one, other in pairs_alike([item.document for _, item in places])
    )
    told = "\n".join(even(item.document) for _, item in places)
    return {
        "packages_disjoint": len(held) == len({package for _, package in held}),
        "documents_exact": _shared([(part, even(item.document)) for part, item in places]),
        "documents_near": near,
        "near_from_jaccard": NEAR,
        "ids_shared": _shared([(part, item.id) for part, item in places]),
        "equal_summaries_share": round(equal / max(1, len(train)), 6),
        "documents_telling_their_summary": sum(
            tells_itself(item.summary, item.document) for _, item in places
        ),
        "examined_summaries_in_a_document": sum(even(item.summary) in told for _, item in examined),
    }


def leaks_of(report: Mapping[str, Any]) -> list[str]:
    """Return the names of the facts that are not as they must be."""
    must_be_zero = (
        "documents_exact",
        "documents_near",
        "ids_shared",
        "equal_summaries_share",
        "documents_telling_their_summary",
        "examined_summaries_in_a_document",
    )
    bad = [name for name in must_be_zero if report[name]]
    return bad if report["packages_disjoint"] else ["packages_disjoint", *bad]


def _shared(marks: Sequence[tuple[str, str]]) -> int:
    """Return how many texts stand in more than one part."""
    parts = Counter(text for _, text in sorted(set(marks)))
    return sum(count > 1 for count in parts.values())
