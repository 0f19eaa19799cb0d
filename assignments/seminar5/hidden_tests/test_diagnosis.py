"""Part "diagnosis": sources, confidence, leaks."""

from __future__ import annotations

import pytest


@pytest.mark.points("0.4", key="seminar5.diagnosis.sources", part="diagnosis")
def test_leaving_contexts_out_finds_the_planted_source(student, case, rng, words):
    contexts = [f"{word} {n}" for n, word in enumerate(words(6))]
    weights = [rng.gauss(0, 0.3) for _ in contexts]
    planted = rng.randrange(6)
    weights[planted] = 4 + rng.random()
    got = student.drive("tiny", "attribution", contexts, weights, 0.0)
    values = case.shaped(got["values"], [float], "leave_one_context_out")
    case.require(len(values) == 6, "seminar5.diagnosis.sources_length")
    negated = max(abs(v + w) for v, w in zip(values, weights, strict=True)) < 1e-9
    case.require(not negated, "seminar5.diagnosis.sources_sign")
    case.require(values.index(max(values)) == planted, "seminar5.diagnosis.sources_planted")
    near = max(abs(v - w) for v, w in zip(values, weights, strict=True)) < 1e-9
    case.require(near, "seminar5.diagnosis.sources_wrong")
    case.require(len(got["asked"]) == 7, "seminar5.diagnosis.sources_calls", n=len(got["asked"]))
    case.require(got["kept"], "seminar5.diagnosis.sources_changed")
    empty = student.drive("tiny", "attribution", [], [], 0.0)
    case.require(empty["values"] == [], "seminar5.diagnosis.sources_empty")


@pytest.mark.points("0.2", key="seminar5.diagnosis.twins", part="diagnosis")
def test_a_context_is_left_out_by_its_place_and_the_others_keep_their_order(
    student, case, rng, words
):
    one, two, three = words(3)
    contexts = [one, two, one, three]
    weight = {word: 1 + rng.random() for word in (one, two, three)}
    weights = [weight[text] for text in contexts]
    pull = 0.5 + rng.random()
    got = student.drive("tiny", "attribution", contexts, weights, pull)
    want = [contexts, *(contexts[:i] + contexts[i + 1 :] for i in range(4))]
    short = any(len(shown) < 3 for shown in got["asked"])
    case.require(not short, "seminar5.diagnosis.twins_removed")
    same = sorted(map(tuple, got["asked"])) == sorted(map(tuple, want))
    case.require(same, "seminar5.diagnosis.twins_order")

    def score(shown):
        return sum(weight[text] * (1 + pull * place) for place, text in enumerate(shown))

    parts = [score(contexts) - score(left) for left in want[1:]]
    near = max(abs(a - b) for a, b in zip(got["values"], parts, strict=True)) < 1e-9
    case.require(near, "seminar5.diagnosis.sources_wrong")


@pytest.mark.points("0.2", key="seminar5.diagnosis.calibration", part="diagnosis")
def test_the_calibration_error_weighs_bins_by_their_answers(case, number, rng):
    bins = 5
    sure = [rng.random() for _ in range(60)] + [0.2, 0.4, 1.0, 0.0]
    right = [int(rng.random() < 0.5) for _ in sure]
    right[60:] = [1, 0, 0, 1]
    held = {}
    for s, r in zip(sure, right, strict=True):
        held.setdefault(max(0, next(i for i in range(bins) if s <= (i + 1) / bins)), []).append(
            (s, r)
        )
    gaps = [abs(sum(r - s for s, r in inside)) for inside in held.values()]
    want = sum(gaps) / len(sure)
    got = number("diagnosis:calibration_error", sure, right, bins)
    sizes = [len(inside) for inside in held.values()]
    plain = sum(gap / size for gap, size in zip(gaps, sizes, strict=True)) / len(sizes)
    case.require(abs(got - plain) > 1e-9, "seminar5.diagnosis.bins_unweighted")
    single = sum(abs(s - r) for s, r in zip(sure, right, strict=True)) / len(sure)
    case.require(abs(got - single) > 1e-9, "seminar5.diagnosis.no_bins")
    whole = abs(sum(s - r for s, r in zip(sure, right, strict=True))) / len(sure)
    case.require(abs(got - whole) > 1e-9 or abs(want - whole) < 1e-9, "seminar5.diagnosis.no_bins")
    case.require(abs(got - want) < 1e-9, "seminar5.diagnosis.calibration_wrong")
    none = number("diagnosis:calibration_error", [0.0, 0.1], [1, 0], 2)
    case.require(abs(none - 0.45) < 1e-9, "seminar5.diagnosis.bin_of_zero")
    # An edge belongs to the bin below it, and 1 to the last.
    edge = number("diagnosis:calibration_error", [0.5, 0.9, 1.0], [1, 0, 1], 2)
    case.require(abs(edge - (0.5 + 0.9) / 3) < 1e-9, "seminar5.diagnosis.bin_edges")


@pytest.mark.points("0.2", key="seminar5.diagnosis.contaminated", part="diagnosis")
def test_a_leak_is_n_words_in_a_row(ask, case, rng, words):
    known = [[f"{word}{k}" for word in words(9)] for k in range(3)]  # no word stands in two
    other = [f"w{n}" for n in range(40)]
    part = known[1][2:6]
    tests = [
        " ".join(other[:8]),
        f"{other[0]} {' '.join(part).upper()}, {other[1]}",
        " ".join([*part[:2], other[2], *part[2:]]),
        " ".join(reversed(part)),
        " ".join(known[0][3:5]),
        "",
        f"{known[0][-1]} {known[1][0]}",
        " ".join(known[2][-4:]),
    ]
    got = ask([int], "diagnosis:contaminated", tests, [" ".join(row) + "." for row in known], 4)
    case.require(1 in got, "seminar5.diagnosis.leak_spelling")
    case.require(2 not in got and 3 not in got, "seminar5.diagnosis.leak_bag")
    case.require(4 in got, "seminar5.diagnosis.leak_short")
    case.require(5 not in got, "seminar5.diagnosis.leak_empty")
    case.require(6 not in got, "seminar5.diagnosis.leak_across")
    case.require(7 in got, "seminar5.diagnosis.leak_at_the_end")
    case.require(sorted(got) == [1, 4, 7], "seminar5.diagnosis.leak_wrong")
