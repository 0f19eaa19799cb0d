"""Part "pairs": which answer is better, which pairs are none, and what length gives away."""

from __future__ import annotations

import math

import pytest


@pytest.mark.points("0.5", key="seminar4.pairs.best_and_worst", part="pairs")
def test_a_pair_is_the_best_candidate_against_the_worst(drive, case, rng, invent):
    prompts = [f"{invent(5)} {place}" for place in range(10)]
    candidates = [[f"{invent(4)} {place}" for place in range(4)] for _ in prompts]
    scores = [[rng.uniform(-3, 3) for _ in row] for row in candidates]
    found = drive("pairs", prompts, candidates, scores, 0.0)
    made = found["pairs"]
    case.require(bool(made), "seminar4.pairs.lost", n=0)
    asked = dict(zip(prompts, zip(candidates, scores, strict=True), strict=True))
    for pair in made:
        case.require(pair["prompt"] in asked, "seminar4.pairs.order")
        texts, marks = asked[pair["prompt"]]
        best, worst = texts[marks.index(max(marks))], texts[marks.index(min(marks))]
        case.require((pair["chosen"], pair["rejected"]) != (worst, best), "seminar4.pairs.swapped")
        case.require(pair["chosen"] == best, "seminar4.pairs.not_best")
        case.require(pair["rejected"] == worst, "seminar4.pairs.not_worst")
        gap = max(marks) - min(marks)
        case.require(math.isclose(pair["gap"], gap, rel_tol=1e-9), "seminar4.pairs.gap")
    case.require(len(made) == len(prompts), "seminar4.pairs.lost", n=len(made))
    case.require([pair["prompt"] for pair in made] == prompts, "seminar4.pairs.order")
    # Equal scores: the first in alphabetical order, whatever the order of candidates.
    texts, marks = ["beta", "alpha", "delta", "gamma"], [2.0, 2.0, 1.0, 1.0]
    for places in ([0, 1, 2, 3], [3, 2, 1, 0]):
        rows = [[texts[p] for p in places]], [[marks[p] for p in places]]
        pair = drive("pairs", ["ask"], *rows, 0.0)["pairs"][0]
        case.require(
            (pair["chosen"], pair["rejected"]) == ("alpha", "delta"), "seminar4.pairs.order_decides"
        )


def _same(text):
    return [f"{text}.", f"  {text.upper()}", text.replace(" ", "\n ")]


@pytest.mark.points("0.75", key="seminar4.pairs.dropped", part="pairs")
def test_what_teaches_nothing_gives_no_pair_and_is_counted(drive, case, rng, invent):
    good, bad = f"{invent(4)} yes", f"{invent(5)} no"
    rows = {
        "empty": [
            ([good, " \n"], [1.0, 0.0]),
            ([good, bad], [1.0, math.nan]),
            ([good], [1.0]),
            ([], []),
        ],
        "identical": [([good, again], [0.9, 0.1]) for again in _same(good)],
        "tie": [
            ([good, bad], [0.5, 0.5]),
            ([good, bad], [0.5, 0.25]),
            ([good, good], [0.5, 0.5]),
        ],
        "pair": [([good, bad, " "], [0.75, 0.25, -9.0]), ([bad, good], [0.1, 0.5])],
    }
    listed = [(reason, one) for reason, ones in rows.items() for one in ones]
    rng.shuffle(listed)
    prompts = [f"{invent(3)} {place}" for place in range(len(listed))]
    shown = [list(one[1][0]) for one in listed], [list(one[1][1]) for one in listed]
    found = drive("pairs", prompts, *shown, 0.25)
    kept = {pair["prompt"] for pair in found["pairs"]}
    keys = {
        "empty": "seminar4.pairs.empty_kept",
        "identical": "seminar4.pairs.identical_kept",
        "tie": "seminar4.pairs.tie_kept",
    }
    for prompt, (reason, _) in zip(prompts, listed, strict=True):
        if reason in keys:
            case.require(prompt not in kept, keys[reason])
        else:
            case.require(prompt in kept, "seminar4.pairs.good_dropped")
    texts = {text for pair in found["pairs"] for text in (pair["chosen"], pair["rejected"])}
    case.require(texts == {good, bad}, "seminar4.pairs.texts_rewritten")
    wanted = {reason: len(rows[reason]) for reason in keys} | {"repeated": 0}
    case.require(set(found["dropped"]) == set(wanted), "seminar4.pairs.reasons")
    for reason, count in wanted.items():
        got = found["dropped"][reason]
        case.require(got == count, "seminar4.pairs.miscounted", reason=reason, got=got)
    # Two answers are the same or not whichever comes first in the alphabet.
    alike = [[good, again] for again in _same(good)]
    apart = [[good, bad], [bad, good], [good, f"{good} {good}"]]
    told = drive("same", [*alike, *apart])
    case.require(all(told[: len(alike)]), "seminar4.pairs.identical_kept")
    case.require(not any(told[len(alike) :]), "seminar4.pairs.different_same")
    # The same pair again is no news; with another prompt it is.
    again = [prompts[0], f" {prompts[0].upper()}", f"{prompts[0]} more"]
    found = drive(
        "pairs", again, [[good, bad], [bad, f"{good}."], [good, bad]], [[1, 0], [0, 1], [1, 0]], 0.0
    )
    got = [pair["prompt"] for pair in found["pairs"]]
    case.require(len(got) != 3, "seminar4.pairs.repeated_kept")
    case.require(got == [again[0], again[2]], "seminar4.pairs.repeated_lost")
    case.require(
        found["dropped"]["repeated"] == 1,
        "seminar4.pairs.miscounted",
        reason="repeated",
        got=found["dropped"]["repeated"],
    )


@pytest.mark.points("0.5", key="seminar4.pairs.length", part="pairs")
def test_the_gap_in_length_is_reported_in_words(drive, case, rng, invent):
    sizes = [rng.sample(range(2, 10), 2) for _ in range(6)] + [[4, 4], [7, 2], [2, 5], [3, 8]]
    answers = [[invent(a), invent(b)] for a, b in sizes]
    mean = sum(a - b for a, b in sizes) / len(sizes)
    longer = sum((a > b) + (a == b) / 2 for a, b in sizes) / len(sizes)
    got = drive("length", answers)
    characters = sum(len(c) - len(r) for c, r in answers) / len(answers)
    case.require(not math.isclose(got[0], characters), "seminar4.pairs.length_in_characters")
    case.require(mean == 0 or not math.isclose(got[0], -mean), "seminar4.pairs.length_sign")
    case.require(math.isclose(got[0], mean, abs_tol=1e-9), "seminar4.pairs.length_mean")
    case.require(math.isclose(got[1], longer, abs_tol=1e-9), "seminar4.pairs.length_equal")
    case.require(drive("length", []) == [0.0, 0.5], "seminar4.pairs.length_of_nothing")
    # Only the pairs that are kept count.
    texts = [[invent(8), invent(2)], [invent(2), invent(9)]]
    found = drive("pairs", ["one", "two"], texts, [[1.0, 0.0], [1.0, 1.0]], 0.0)
    case.require(
        [found["length"]["mean"], found["length"]["chosen_longer"]] == [6.0, 1.0],
        "seminar4.pairs.length_of_dropped",
    )


@pytest.mark.points("0.25", key="seminar4.pairs.faults", part="pairs")
def test_lists_that_do_not_match_are_refused(drive, case):
    bad = {
        "seminar4.pairs.fewer_candidates": (["a", "b"], [["x", "y"]], [[1.0, 0.0]], 0.0),
        "seminar4.pairs.fewer_scores": (["a"], [["x", "y"]], [[1.0]], 0.0),
        "seminar4.pairs.negative_gap": (["a"], [["x", "y"]], [[1.0, 0.0]], -0.1),
    }
    for message, args in bad.items():
        case.require(drive("fails", "pairs", *args) == "ValueError", message)
    case.require(drive("fails", "pairs", [], [], [], 0.0) == "", "seminar4.pairs.nothing")
