"""Answers that two entrants share beyond chance.

Two answers agree when their normal forms share at least `NEAR` of their character 5-grams
(Jaccard; exact sets, a class is small enough to need no MinHash). Blank answers agree with
nothing. A flag says that two teams agree, never who copied from whom, and is laid on both.

All of these must hold: the p-value against chance, multiplied by the number of pairs
(Bonferroni), is below `LEVEL`; the share exceeds its expectation by `EXCESS`; and it is far outside
of the class's pairs (above Tukey's outer fence, where there are enough pairs to draw one), so
that a whole class that hands in the starter's output flags nobody.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from graders.core.records import Flag
from leaderboard.integrity.chance import logit, others_rate, shifted, upper_tail
from leaderboard.integrity.sheet import Row, Sheet, evidence, p_text, share
from leaderboard.records import Kind

if TYPE_CHECKING:
    from leaderboard.integrity.chance import Bools, Floats

NEAR = 0.8
GRAM = 5
LEVEL = 0.001
EXCESS = 0.10
PRIOR = 0.05  # how often two honest systems are assumed to agree where the class cannot say
FENCED = 10  # pairs
BASELINE_SHARE = 0.9
MOST_FLAGS = 3  # for one entrant: the closest others


def copied(sheet: Sheet) -> dict[str, list[Flag]]:
    """Return the flags of teams that agree with teams, or with a baseline, beyond chance."""
    import numpy as np

    teams, baselines = sheet.of(Kind.TEAM), sheet.of(Kind.BASELINE)
    flags: dict[str, list[Flag]] = {}
    if not teams or not sheet.questions:
        return flags
    agree = agreements([*teams, *baselines])
    for row, among in zip(teams, agree, strict=False):
        for baseline, same in zip(baselines, among[len(teams) :], strict=True):
            if same.mean() >= BASELINE_SHARE:
                flags.setdefault(row.name, []).append(_baseline_flag(sheet, row, baseline, same))
    pairs = list(combinations(range(len(teams)), 2))
    if not pairs:
        return flags
    first, second = (np.array(side) for side in zip(*pairs, strict=True))
    events = agree[first, second]  # (pairs, N)
    chances = shifted(
        others_rate(events, PRIOR), leanings(agree[: len(teams), : len(teams)], pairs)
    )
    found = beyond_chance(events, chances)
    for at in sorted(found, key=lambda at: -int(events[at].sum())):
        for one, other in (pairs[at], pairs[at][::-1]):
            row = teams[one]
            others = [k for k in range(len(teams)) if k not in pairs[at]]
            crowd = agree[one][others].sum(axis=0)  # how many more teams wrote the same
            mine = flags.setdefault(row.name, [])
            if sum(flag.key == "integrity.copied_from_team" for flag in mine) < MOST_FLAGS:
                places = sorted(np.flatnonzero(events[at]).tolist(), key=lambda q: (crowd[q], q))
                args = {
                    "team": teams[other].name,
                    "items": len(sheet.questions),
                    "same": len(places),
                    "alone": int((events[at] & (crowd == 0)).sum()),
                    "share": share(len(places), len(sheet.questions)),
                    "expected": share(float(chances[at].sum()), len(sheet.questions)),
                    "p_value": p_text(found[at]),
                    **evidence(sheet, row, places, other=teams[other].answers),
                }
                mine.append(Flag("integrity.copied_from_team", args))
    return flags


def agreements(rows: list[Row]) -> Bools:
    """Return who agrees with whom on what, shape (rows, rows, questions); nobody with oneself."""
    import numpy as np

    questions = len(rows[0].normal)
    agree = np.zeros((len(rows), len(rows), questions), dtype=np.bool_)
    for q in range(questions):
        texts = sorted({row.normal[q] for row in rows if row.normal[q]})
        if not texts:
            continue
        near = _near(texts)
        place = {text: at for at, text in enumerate(texts)}
        filled = np.array([at for at, row in enumerate(rows) if row.normal[q]])
        which = np.array([place[rows[at].normal[q]] for at in filled])
        agree[filled[:, None], filled[None, :], q] = near[which[:, None], which[None, :]]
    agree[np.arange(len(rows)), np.arange(len(rows))] = False
    return agree


def grams(text: str) -> frozenset[str]:
    """Return the character n-grams of a normal text; of a shorter text the text itself."""
    return frozenset(text[at : at + GRAM] for at in range(max(1, len(text) - GRAM + 1)))


def similarity(first: str, second: str) -> float:
    """Return the Jaccard similarity of two normal texts' n-grams; of two blank ones 1."""
    one, other = grams(first), grams(second)
    return len(one & other) / len(one | other)


def _near(texts: list[str]) -> Bools:
    """Return which of different normal texts agree, shape (texts, texts)."""
    import numpy as np

    number: dict[str, int] = {}
    sets = [[number.setdefault(gram, len(number)) for gram in grams(text)] for text in texts]
    table = np.zeros((len(texts), len(number)), dtype=np.float32)
    for at, members in enumerate(sets):
        table[at, members] = 1
    common = table @ table.T  # counts far below 2**24: exact
    sizes = np.diag(common)
    near: Bools = common >= NEAR * (sizes[:, None] + sizes[None, :] - common)
    return near


def leanings(agree: Bools, pairs: list[tuple[int, int]]) -> Floats:
    """Return how much more than usual the two of each pair agree with the others, in log-odds.

    A median over the others, so that one copy does not excuse another.
    """
    import numpy as np

    count = len(agree)
    if count < 4:
        return np.zeros(len(pairs))
    rates = agree.mean(axis=2)
    usual = float(logit(np.median(rates[np.triu_indices(count, 1)])))
    shifts = np.empty(len(pairs))
    for at, (i, j) in enumerate(pairs):
        others = [k for k in range(count) if k not in (i, j)]
        both = logit(np.array([np.median(rates[i, others]), np.median(rates[j, others])]))
        shifts[at] = both.sum() - 2 * usual
    return shifts


def beyond_chance(events: Bools, chances: Floats) -> dict[int, float]:
    """Return the adjusted p-values of the pairs to be flagged, by place."""
    import numpy as np

    shares = events.mean(axis=1)
    fence = 0.0
    if len(events) >= FENCED:
        low, high = np.quantile(shares, [0.25, 0.75])
        fence = high + 3 * (high - low)
    large = (shares - chances.mean(axis=1) >= EXCESS) & (shares > fence)
    found = {}
    for at in np.flatnonzero(large).tolist():
        p_value = upper_tail(chances[at], int(events[at].sum())) * len(events)
        if p_value < LEVEL:
            found[at] = p_value
    return found


def _baseline_flag(sheet: Sheet, row: Row, baseline: Row, same: Bools) -> Flag:
    import numpy as np

    args = {
        "baseline": baseline.name,
        "items": len(sheet.questions),
        "same": int(same.sum()),
        "share": share(int(same.sum()), len(sheet.questions)),
        **evidence(sheet, row, np.flatnonzero(same), other=baseline.answers),
    }
    return Flag("integrity.same_as_baseline", args)
