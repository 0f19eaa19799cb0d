"""Answers that say little by themselves: the same again and again, blank, cut, or the document's.

Each is measured against the human answers to the same questions, which repeat themselves and
their documents a little too.
"""

from __future__ import annotations

import re
from collections import Counter

from graders.core.records import Flag
from leaderboard.integrity.sheet import Row, Sheet, evidence, normal, share, shown

CONSTANT_SHARE = 0.5
REPEATED_SHARE = 0.2
REPEATED_FACTOR = 3  # times the share among references
BLANK_SHARE = 0.01
CUT_SHARE = 0.1
COPIED_SHARE = 0.5
COPIED_EXCESS = 0.2
LEAST_WORDS = 4  # fewer words in a row are found in any document

# A line that ends so was stopped and not finished. Small letters only: "class A" is an end.
_CUT = re.compile(
    r"(?:[,(\[{:;\-–]|\b(?:a|an|the|of|to|in|on|for|and|or|with|by|from|as|at|that|which|is|are"
    r"|и|или|в|на|с|для|по|из|от|что|который))\s*\Z"
)
_ENDED = re.compile(r"[.!?…][\"'`)\]]*\s*\Z")


def repeated(sheet: Sheet, row: Row) -> list[Flag]:
    """Flag one answer given to most questions, or a share of repeated answers beyond people's."""
    counts = Counter(text for text in row.normal if text)
    if not counts:
        return []
    filled = counts.total()
    text, most = min(counts.items(), key=lambda item: (-item[1], item[0]))
    args = {
        "items": len(row.normal),
        "different": len(counts),
        "most": most,
        "share": share(filled - len(counts), filled),
        "answer": shown(row.answers[row.normal.index(text)]),
        **evidence(sheet, row, [at for at, other in enumerate(row.normal) if other == text]),
    }
    if most > 1 and most >= CONSTANT_SHARE * len(row.normal):
        return [Flag("integrity.constant", {**args, "share": share(most, len(row.normal))})]
    usual = 1 - len(set(sheet.references)) / len(sheet.references)
    if filled - len(counts) >= max(REPEATED_SHARE, REPEATED_FACTOR * usual) * filled:
        return [Flag("integrity.repeated", {**args, "references": share(usual, 1)})]
    return []


def blank(sheet: Sheet, row: Row) -> list[Flag]:
    """Flag blank answers, from one in a hundred on."""
    places = [at for at, text in enumerate(row.normal) if not text]
    if not places or len(places) < BLANK_SHARE * len(row.normal):
        return []
    return [Flag("integrity.blank", _counted(sheet, row, places))]


def cut(sheet: Sheet, row: Row) -> list[Flag]:
    """Flag answers that end in the middle of a sentence, from one in ten on."""
    places = [at for at, text in enumerate(row.answers) if row.normal[at] and _is_cut(text)]
    if len(places) <= CUT_SHARE * len(row.normal):
        return []
    return [Flag("integrity.truncated", _counted(sheet, row, places))]


def _is_cut(text: str) -> bool:
    is_short = len(text.split()) < LEAST_WORDS and not _ENDED.search(text)
    return is_short or _CUT.search(text) is not None


def near_document(sheet: Sheet, row: Row) -> list[Flag]:
    """Flag answers that stand in their document word for word, much more often than people's."""
    documents = [f" {normal(text)} " for text in sheet.documents]
    places = [at for at, text in enumerate(row.normal) if _stands_in(text, documents[at])]
    people = sum(map(_stands_in, sheet.references, documents))
    least = max(COPIED_SHARE, people / len(documents) + COPIED_EXCESS)
    if len(places) < least * len(documents):
        return []
    lead = sum(documents[at].startswith(f" {row.normal[at]} ") for at in places)
    args = {
        **_counted(sheet, row, places),
        "lead": lead,
        "references": share(people, len(documents)),
    }
    return [Flag("integrity.near_document", args)]


def _stands_in(text: str, document: str) -> bool:
    return text.count(" ") + 1 >= LEAST_WORDS and f" {text} " in document


def _counted(sheet: Sheet, row: Row, places: list[int]) -> dict[str, object]:
    return {
        "items": len(row.normal),
        "count": len(places),
        "share": share(len(places), len(row.normal)),
        **evidence(sheet, row, places),
    }
