"""Answers that are the reference word for word, more often than others write it.

References are public documentation: somebody may look them up, and a base model may have read
them. So the rate to be beaten is that of the other entrants on the same questions, raised to the
level of the best baseline (the course's own trained reference solution, which looked nothing up).
"""

from __future__ import annotations

from graders.core.records import Flag
from leaderboard.integrity.chance import logit, others_rate, shifted, upper_tail
from leaderboard.integrity.sheet import Sheet, evidence, p_text, share
from leaderboard.records import Kind

LEVEL = 0.001
EXCESS = 0.05
PRIOR = 0.02  # how often an honest system is assumed to hit the reference exactly
LEAST_WORDS = 3  # shorter references are hit by luck


def copied_references(sheet: Sheet) -> dict[str, list[Flag]]:
    """Return the flags of teams whose answers are references beyond chance."""
    import numpy as np

    rows = sheet.of(Kind.TEAM, Kind.BASELINE)
    usable = [at for at, text in enumerate(sheet.references) if text.count(" ") + 1 >= LEAST_WORDS]
    if not rows or not usable:
        return {}
    references = [sheet.references[at] for at in usable]
    same = np.array(
        [
            [row.normal[at] == text for at, text in zip(usable, references, strict=True)]
            for row in rows
        ]
    )
    is_team = np.array([row.kind is Kind.TEAM for row in rows])
    rate = others_rate(same, PRIOR)
    allowed = max(
        (float(row.mean()) for row, team in zip(same, is_team, strict=True) if not team),
        default=0.0,
    )
    leaning = np.maximum(0.0, logit(np.array(allowed)) - logit(rate.mean(axis=1)))
    chances = shifted(rate, leaning)
    flags: dict[str, list[Flag]] = {}
    for at in np.flatnonzero(is_team).tolist():
        count = int(same[at].sum())
        expected = float(chances[at].sum())
        if count - expected < EXCESS * len(usable):
            continue
        p_value = upper_tail(chances[at], count) * int(is_team.sum())
        if p_value >= LEVEL:
            continue
        places = sorted(np.flatnonzero(same[at]).tolist(), key=lambda q: (rate[at, q], q))
        args = {
            "items": len(usable),
            "same": count,
            "share": share(count, len(usable)),
            "expected": share(expected, len(usable)),
            "p_value": p_text(p_value),
            **evidence(sheet, rows[at], [usable[q] for q in places]),
        }
        flags[rows[at].name] = [Flag("integrity.copied_reference", args)]
    return flags
