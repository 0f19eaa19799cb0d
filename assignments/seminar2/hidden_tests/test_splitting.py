"""Part "splitting": leaks between the parts, and parts that hold families together."""

from __future__ import annotations

import math
import re

import pytest

ROW = {"id": str, "group": str}
PARTS = {"train": [ROW], "validation": [ROW]}


def _share(train, text, n):
    def words(one):
        return re.findall(r"\w+", one.casefold())

    own = words(text)
    size = min(n, len(own))
    if not size:
        return 0.0
    known = {tuple(w[k : k + size]) for w in map(words, train) for k in range(len(w) - size + 1)}
    grams = [tuple(own[k : k + size]) for k in range(len(own) - size + 1)]
    return sum(gram in known for gram in grams) / len(grams)


@pytest.mark.points("0.70", key="seminar2.splitting.contamination", part="splitting")
def test_the_share_of_leaked_ngrams_is_exact(case, ask, rng, words):
    some = words(40)
    n = rng.choice((3, 4, 5))
    train = [" ".join(some[k : k + 10]) for k in range(0, 40, 10)]

    def shares(test, size=n, known=train):
        return ask([float], "splitting:contamination_ngrams", known, test, size)

    clean = " ".join(some[::-1])
    half = " ".join([*some[:n], *some[30 : 30 + n]])
    loud = ", ".join(some[2 : 2 + n + 2]).upper() + "!"
    border = " ".join(some[10 - n + 1 : 10 + n - 1])
    short = " ".join(some[4 : 4 + n - 1])
    strange = " ".join([some[5], some[4]])
    again = " ".join(some[: n + 1] * 2)
    case.require(shares([clean]) == [0.0], "seminar2.splitting.clean_flagged")
    case.require(shares([loud]) == [1.0], "seminar2.splitting.words_raw")
    case.require(shares([border]) == [0.0], "seminar2.splitting.over_border")
    case.require(shares([short]) != [0.0], "seminar2.splitting.short_missed")
    case.require(shares([short, strange]) == [1.0, 0.0], "seminar2.splitting.short_wrong")
    case.require(shares(["", "?!"]) == [0.0, 0.0], "seminar2.splitting.no_words")
    got = shares([half])
    case.require(got != [1.0] and got != [float(True)], "seminar2.splitting.yes_or_no")
    case.require(
        math.isclose(got[0], _share(train, half, n), abs_tol=1e-9), "seminar2.splitting.share_wrong"
    )
    case.require(
        math.isclose(shares([again])[0], _share(train, again, n), abs_tol=1e-9),
        "seminar2.splitting.counted_once",
    )
    mixed = [" ".join(rng.choices(some[:12], k=rng.randint(1, 14))) for _ in range(12)]
    small = [" ".join(rng.choices(some[:12], k=30)) for _ in range(3)]
    got = shares(mixed, 2, small)
    wanted = [_share(small, text, 2) for text in mixed]
    close = all(math.isclose(a, b, abs_tol=1e-9) for a, b in zip(got, wanted, strict=True))
    case.require(close, "seminar2.splitting.share_wrong")


def _rows(rng, count=60, groups=24):
    ids = [f"r{n}" for n in rng.sample(range(1000, 9999), count)]
    names = [f"g{n}" for n in range(groups)]
    rows = [
        {"id": i, "group": names[k] if k < groups else rng.choice(names), "text": str(k)}
        for k, i in enumerate(ids)
    ]
    rng.shuffle(rows)
    return rows


def _split(ask, *args):
    return ask(PARTS, "splitting:group_split", *args)


@pytest.mark.points("0.40", key="seminar2.splitting.families", part="splitting")
def test_no_family_stands_on_both_sides(case, ask, rng):
    for attempt in range(6):
        rows = _rows(rng)
        ids = [row["id"] for row in rows]
        links = [tuple(rng.sample(ids, 2)) for _ in range(4)]
        links += [(ids[0], ids[1]), (ids[2], ids[1]), (ids[3], ids[2]), ("elsewhere", ids[5])]
        parts = _split(ask, rows, links, 0.3, attempt)
        side = {row["id"]: name for name in PARTS for row in parts[name]}
        case.require(sorted(side) == sorted(ids), "seminar2.splitting.rows_lost")
        both = sum(len(parts[name]) for name in PARTS)
        case.require(both == len(rows), "seminar2.splitting.rows_twice")
        groups = [{row["group"] for row in parts[name]} for name in PARTS]
        case.require(not groups[0] & groups[1], "seminar2.splitting.group_divided")
        apart = sum(side[a] != side[b] for a, b in links if a in side and b in side)
        case.require(apart == 0, "seminar2.splitting.link_divided", n=apart)
        known = {row["id"]: row for row in rows}
        same = all(known[row["id"]] == row for name in PARTS for row in parts[name])
        case.require(same, "seminar2.splitting.rows_rewritten")


@pytest.mark.points("0.40", key="seminar2.splitting.share", part="splitting")
def test_the_share_is_kept_and_only_the_seed_chooses(case, ask, rng):
    rows = _rows(rng, 80, 40)
    ids = [row["id"] for row in rows]
    links = [(ids[0], ids[1]), (ids[2], ids[3])]
    share = rng.choice((0.2, 0.25, 0.4))
    parts = _split(ask, rows, links, share, 3)
    size = len(parts["validation"])
    case.require(size != 0, "seminar2.splitting.empty_validation")
    case.require(abs(size - share * len(rows)) <= 4, "seminar2.splitting.share_off", got=size)
    again = _split(ask, rng.sample(rows, len(rows)), links[::-1], share, 3)
    chosen = [sorted(row["id"] for row in p["validation"]) for p in (parts, again)]
    case.require(chosen[0] == chosen[1], "seminar2.splitting.order_decides")
    ordered = all(
        [row["id"] for row in parts[name]] == sorted(row["id"] for row in parts[name])
        for name in PARTS
    )
    case.require(ordered, "seminar2.splitting.not_sorted")
    others = [_split(ask, rows, links, share, seed)["validation"] for seed in (4, 5, 6)]
    case.require(
        any(sorted(row["id"] for row in other) != chosen[0] for other in others),
        "seminar2.splitting.seed_ignored",
    )
    # A hash of the id alone, or the alphabet, would send the same rows each time.
    drawn = {row["id"] for other in others for row in other}
    case.require(len(drawn) > size + 4, "seminar2.splitting.seed_ignored")
    nothing = _split(ask, rows, links, 0.0, 3)
    case.require(nothing["validation"] == [], "seminar2.splitting.share_zero")
    none = _split(ask, [], [], 0.5, 3)
    case.require(none == {"train": [], "validation": []}, "seminar2.splitting.no_rows")
