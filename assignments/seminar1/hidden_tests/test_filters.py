"""Part "filters": top-k, top-p and min-p on logits."""

from __future__ import annotations

import math

import pytest

NAMES = ("top_k_filter", "top_p_filter", "min_p_filter")


def _logits(rng, batch, words):
    return [[rng.gauss(0, 2) for _ in range(words)] for _ in range(batch)]


def _softmax(row):
    top = max(row)
    shares = [math.exp(x - top) for x in row]
    return [x / sum(shares) for x in shares]


def _kept(row):
    return {i for i, x in enumerate(row) if x != -math.inf}


def _ranked(row):
    return sorted(range(len(row)), key=lambda i: -row[i])


def _nucleus(row, p):
    """Return how many of the likeliest tokens it takes to reach probability p."""
    total = 0.0
    shares = sorted(_softmax(row), reverse=True)
    for count, share in enumerate(shares, start=1):
        total += share
        if total >= p:
            return count
    return len(row)


def _ask(student, case, name, logits, number):
    """Return a filter's answer after what every filter must do is checked."""
    got = student.drive("lab", "filtered", name, logits, number)
    case.require(not got["refused"], "seminar1.filters.refused", name=name, number=number)
    out = case.shaped(got["out"], [[float]], name)
    same = [len(row) for row in out] == [len(row) for row in logits]
    case.require(same, "seminar1.filters.shape", name=name)
    for row, before in zip(out, logits, strict=True):
        finite = [x for x in row if x != -math.inf]
        shares = _softmax(before)
        raw = all(math.isclose(row[i], shares[i], rel_tol=1e-3) for i in _kept(row))
        sure = finite and min(finite) >= 0 and math.isclose(sum(finite), 1, rel_tol=1e-3)
        case.require(not (finite and (raw or sure)), "seminar1.filters.softmax_first", name=name)
        zeroed = sum(x == 0 for x in row)
        case.require(zeroed < 2, "seminar1.filters.zero_for_infinity", name=name, n=zeroed)
        changed = sum(abs(row[i] - before[i]) > 1e-5 for i in _kept(row))
        case.require(not changed, "seminar1.filters.values_changed", name=name, n=changed)
    return out


@pytest.mark.points("0.5", key="seminar1.filters.top_k", part="filters")
def test_top_k_keeps_the_k_likeliest_and_ties(student, clean, case, rng):
    for words in (13, 29):
        logits, k = _logits(rng, 3, words), rng.randint(2, 9)
        out = _ask(student, case, "top_k_filter", logits, k)
        for row, before in zip(out, logits, strict=True):
            kept, order = _kept(row), _ranked(before)
            case.require(len(kept) == k, "seminar1.filters.k_wrong", k=k, n=len(kept))
            case.require(kept == set(order[:k]), "seminar1.filters.k_not_likeliest")
        right = clean.drive("lab", "library_filtered", "top_k_filter", logits, k)
        case.require(
            [_kept(r) for r in out] == [_kept(r) for r in right], "seminar1.filters.k_rows"
        )
    even = [[3.0, 1.0, 3.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0, 4.0]]
    out = _ask(student, case, "top_k_filter", even, 2)
    case.require(_kept(out[0]) == {0, 2, 4}, "seminar1.filters.k_ties")
    out = _ask(student, case, "top_k_filter", even, 50)
    case.require(all(len(_kept(row)) == 5 for row in out), "seminar1.filters.k_beyond")


@pytest.mark.points("0.6", key="seminar1.filters.top_p", part="filters")
def test_the_nucleus_is_the_smallest_set_that_reaches_p(student, clean, case, rng):
    for p in (rng.uniform(0.3, 0.6), rng.uniform(0.7, 0.95), 0.01):
        logits = _logits(rng, 4, 23)
        out = _ask(student, case, "top_p_filter", logits, p)
        for row, before in zip(out, logits, strict=True):
            kept, count, order = _kept(row), _nucleus(before, p), _ranked(before)
            case.require(kept, "seminar1.filters.p_empty", p=p)
            case.require(kept <= set(order[: len(kept)]), "seminar1.filters.p_order")
            case.require(len(kept) != count - 1, "seminar1.filters.p_last_lost")
            case.require(len(kept) != count + 1, "seminar1.filters.p_one_too_many")
            case.require(len(kept) == count, "seminar1.filters.p_wrong", n=len(kept))
        right = clean.drive("lab", "library_filtered", "top_p_filter", logits, p)
        case.require(
            [_kept(r) for r in out] == [_kept(r) for r in right], "seminar1.filters.p_rows"
        )
    halves = [[math.log(x) for x in (0.125, 0.5, 0.25, 0.125)]]
    out = _ask(student, case, "top_p_filter", halves, 0.5)
    case.require(_kept(out[0]) == {1}, "seminar1.filters.p_reached_exactly")
    wide = [[30.0, *(-rng.uniform(0, 9) for _ in range(40))]]
    out = _ask(student, case, "top_p_filter", wide, 1.0)
    case.require(len(_kept(out[0])) == 41, "seminar1.filters.p_one")


@pytest.mark.points("0.4", key="seminar1.filters.min_p", part="filters")
def test_min_p_measures_by_the_likeliest_token(student, clean, case, rng):
    for share in (rng.uniform(0.05, 0.2), rng.uniform(0.3, 0.6)):
        logits = _logits(rng, 4, 19)
        out = _ask(student, case, "min_p_filter", logits, share)
        for row, before in zip(out, logits, strict=True):
            shares = _softmax(before)
            absolute = {i for i, x in enumerate(shares) if x >= share}
            relative = {i for i, x in enumerate(shares) if x >= share * max(shares)}
            kept = _kept(row)
            case.require(kept != absolute or kept == relative, "seminar1.filters.min_p_absolute")
            case.require(kept == relative, "seminar1.filters.min_p_wrong", n=len(kept))
        right = clean.drive("lab", "library_filtered", "min_p_filter", logits, share)
        same = [_kept(r) for r in out] == [_kept(r) for r in right]
        case.require(same, "seminar1.filters.min_p_wrong", n=sum(len(_kept(r)) for r in out))
    logits = _logits(rng, 2, 19)
    out = _ask(student, case, "min_p_filter", logits, 0.0)
    case.require(all(len(_kept(row)) == 19 for row in out), "seminar1.filters.min_p_zero")
    top = [[1.0, 5.0, 5.0, 2.0]]
    out = _ask(student, case, "min_p_filter", top, 1.0)
    case.require(_kept(out[0]) == {1, 2}, "seminar1.filters.min_p_all")


@pytest.mark.points("0.5", key="seminar1.filters.contract", part="filters")
def test_filters_compose_leave_their_input_alone_and_refuse_nonsense(student, case, rng):
    logits = _logits(rng, 3, 21)
    for name, number in zip(NAMES, (4, 0.6, 0.2), strict=True):
        got = student.drive("lab", "filtered", name, logits, number)
        alike = all(
            math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6)
            for one, two in zip(got["given"], logits, strict=True)
            for a, b in zip(one, two, strict=True)
        )
        case.require(alike, "seminar1.filters.input_changed", name=name)
        for row, out in zip(logits, got["out"], strict=True):
            alone = student.drive("lab", "filtered", name, row, number)
            case.require(alone["out"] == out, "seminar1.filters.rows_mixed", name=name)
    narrow = student.drive("lab", "filtered", "top_k_filter", logits, 5)["out"]
    both = _ask(student, case, "top_p_filter", narrow, 0.7)
    for row, before in zip(both, narrow, strict=True):
        finite = [x for x in before if x != -math.inf]
        right = set(_ranked(before)[: _nucleus(finite, 0.7)])
        case.require(_kept(row) == right, "seminar1.filters.not_composed")
    nonsense = {"top_k_filter": (0, -3), "top_p_filter": (0.0, 1.5), "min_p_filter": (-0.1, 1.5)}
    for name, numbers in nonsense.items():
        for number in numbers:
            got = student.drive("lab", "filtered", name, logits, number)
            case.require(got["refused"], "seminar1.filters.accepts", name=name, number=number)
    for settings in ({"temperature": 0.0}, {"temperature": 0.5, "top_k": 3, "min_p": 0.1}):
        together = student.drive("lab", "warped", logits, settings)["out"]
        alone = [student.drive("lab", "warped", row, settings)["out"] for row in logits]
        case.require(alone == together, "seminar1.filters.rows_mixed", name="warp")
    for number in (-0.5, -2.0):
        got = student.drive("lab", "warped", logits, {"temperature": number})
        case.require(got["refused"], "seminar1.filters.accepts", name="warp", number=number)
