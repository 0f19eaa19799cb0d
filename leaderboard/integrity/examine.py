"""All detectors over all entrants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graders.core.records import Flag
from leaderboard.integrity.copies import copied
from leaderboard.integrity.injection import injected
from leaderboard.integrity.references import copied_references
from leaderboard.integrity.shape import blank, cut, near_document, repeated
from leaderboard.integrity.sheet import sheet_of
from leaderboard.records import Entrant, Question

OF_ONE = (injected, repeated, blank, cut, near_document)
OF_CLASS = (copied, copied_references)


def examine(
    entrants: Sequence[Entrant],
    questions: Sequence[Question],
    documents: Mapping[str, str] | None = None,
) -> Mapping[str, tuple[Flag, ...]]:
    """Look at every entrant's answers.

    Copies are looked for among teams, whose class also says what chance is; everything else in
    baselines and canaries too, where flags show what the detectors would find.

    Args:
        entrants: Teams, baselines and canaries.
        questions: The items to look at, with their references.
        documents: What was to be summed up, by question's id; the prompt's text when None.

    Returns:
        The flags of every entrant by name, possibly none.
    """
    sheet = sheet_of(entrants, questions, documents)
    flags: dict[str, list[Flag]] = {row.name: [] for row in sheet.rows}
    if not questions:
        return dict.fromkeys(flags, ())
    for detect_all in OF_CLASS:
        for name, found in detect_all(sheet).items():
            flags[name] += found
    for row in sheet.rows:
        for detect in OF_ONE:
            flags[row.name] += detect(sheet, row)
    return {name: tuple(found) for name, found in flags.items()}
