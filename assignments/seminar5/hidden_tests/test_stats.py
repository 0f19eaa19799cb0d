"""Part "stats": intervals, paired tests, many tests, agreement."""

from __future__ import annotations

import itertools
from statistics import NormalDist, mean, pstdev

import numpy as np
import pytest

ENDS = (float, float)


def _percentiles(sums, sizes, level, rng):
    """Return the percentile interval of the mean from many resamples of groups."""
    generator = np.random.default_rng(rng.getrandbits(64))
    drawn = generator.integers(0, len(sums), size=(8000, len(sums)))
    means = np.asarray(sums)[drawn].sum(axis=1) / np.asarray(sizes)[drawn].sum(axis=1)
    return np.quantile(means, [(1 - level) / 2, (1 + level) / 2])


@pytest.mark.points("0.5", key="seminar5.stats.bootstrap", part="stats")
def test_the_interval_is_the_percentiles_of_resampled_means(case, ask, rng):
    # One far value makes the resampled means skewed, so a symmetric interval cannot be right.
    skewed = [rng.random() for _ in range(11)] + [25.0 + rng.random()]
    even = [rng.gauss(3, 1) for _ in range(40)]
    for sample, level in ((skewed, 0.95), (skewed[::-1], 0.9), (even, 0.8)):
        low, high = ask(ENDS, "stats:bootstrap_ci", sample, level, 4000, 3)
        case.require(low < high, "seminar5.stats.interval_order")
        want_low, want_high = _percentiles(sample, [1.0] * len(sample), level, rng)
        width = want_high - want_low
        far = NormalDist().inv_cdf((1 + level) / 2) * pstdev(sample) / len(sample) ** 0.5
        normal = abs(low - mean(sample) + far) + abs(high - mean(sample) - far) < 0.08 * width
        case.require(sample is even or not normal, "seminar5.stats.interval_normal")
        case.require(high - low < 2 * width, "seminar5.stats.interval_of_values")
        near = abs(low - want_low) < 0.1 * width and abs(high - want_high) < 0.12 * width
        case.require(near, "seminar5.stats.interval_level", level=level)
    twins = [ask(ENDS, "stats:bootstrap_ci", skewed, 0.9, 300, 5) for _ in range(2)]
    case.require(list(twins[0]) == list(twins[1]), "seminar5.stats.seed_ignored")
    others = [ask(ENDS, "stats:bootstrap_ci", skewed, 0.9, 30, s) for s in range(6, 10)]
    case.require(any(list(o) != list(others[0]) for o in others), "seminar5.stats.seed_fixed")


@pytest.mark.points("0.3", key="seminar5.stats.coverage", part="stats")
def test_intervals_hold_the_truth_about_as_often_as_they_say(case, ask, rng):
    tries, held = 250, 0
    for number in range(tries):
        sample = [rng.gauss(0.6, 1) for _ in range(50)]
        low, high = ask(ENDS, "stats:bootstrap_ci", sample, 0.8, 200, number)
        held += low <= 0.6 <= high
    # 79 % of 250 are 197, give or take 6: of 50 values the percentile method is a bit short.
    case.require(held >= 172, "seminar5.stats.coverage_low", held=held, tries=tries)
    case.require(held <= 220, "seminar5.stats.coverage_high", held=held, tries=tries)


@pytest.mark.points("0.4", key="seminar5.stats.groups", part="stats")
def test_items_of_a_group_are_drawn_together(case, ask, rng):
    sizes = [rng.choice([1, 2, 6]) for _ in range(25)]
    heights = [rng.gauss(size / 2, 1) for size in sizes]  # large groups are unlike small ones
    rows = [
        (f"g{g}", height + rng.gauss(0, 0.1))
        for g, (size, height) in enumerate(zip(sizes, heights, strict=True))
        for _ in range(size)
    ]
    rng.shuffle(rows)  # the items of a group need not stand together
    names, values = [name for name, _ in rows], [value for _, value in rows]
    sums = [sum(v for n, v in rows if n == f"g{g}") for g in range(len(sizes))]
    want_low, want_high = _percentiles(sums, sizes, 0.9, rng)
    width = want_high - want_low
    low, high = ask(ENDS, "stats:bootstrap_ci", values, 0.9, 4000, 7, groups=names)
    alone = ask(ENDS, "stats:bootstrap_ci", values, 0.9, 4000, 7)
    case.require([low, high] != list(alone), "seminar5.stats.groups_ignored")
    means = [s / n for s, n in zip(sums, sizes, strict=True)]
    of_means = _percentiles(means, [1.0] * len(means), 0.9, rng)
    shift = abs(sum(of_means) - want_low - want_high) / 2
    close = abs(low - want_low) < 0.12 * width and abs(high - want_high) < 0.12 * width
    averaged = abs(low - of_means[0]) < 0.08 * width and abs(high - of_means[1]) < 0.08 * width
    case.require(close or not averaged or shift < 0.1 * width, "seminar5.stats.groups_averaged")
    case.require(close, "seminar5.stats.groups_wrong")


def _sign_flips(differences):
    """Return the exact two-sided p-value: the share of sign patterns at least as far out."""
    observed = abs(sum(differences))
    patterns = itertools.product((1, -1), repeat=len(differences))
    sums = (abs(sum(s * d for s, d in zip(p, differences, strict=True))) for p in patterns)
    return sum(total >= observed - 1e-9 for total in sums) / 2 ** len(differences)


@pytest.mark.points("0.5", key="seminar5.stats.permutation", part="stats")
def test_the_permutation_test_is_paired_two_sided_and_corrected(case, number, rng):
    # Items differ far more than the two systems do: only a paired test sees the difference.
    hard = [rng.uniform(0, 50) for _ in range(20)]
    better = [value + rng.uniform(0.5, 1.0) for value in hard]
    p = number("stats:paired_permutation", better, hard, 199, 4)
    case.require(p < 0.5, "seminar5.stats.not_paired")
    case.require(p > 0, "seminar5.stats.p_zero")
    case.require(abs(p - 1 / 200) < 1e-9, "seminar5.stats.p_correction")
    back = number("stats:paired_permutation", hard, better, 199, 4)
    case.require(abs(back - p) < 1e-9, "seminar5.stats.one_sided")
    for shift in (0.0, 0.5, 0.9):
        ones = [1.0 + rng.gauss(shift, 1.0) for _ in range(9)]
        exact = _sign_flips([value - 1 for value in ones])
        got = number("stats:paired_permutation", ones, [1.0] * 9, 3000, 5)
        halved = abs(got - exact / 2) < 1e-9 and exact > 0.01
        case.require(not halved, "seminar5.stats.one_sided")
        case.require(abs(got - exact) < 0.045, "seminar5.stats.p_wrong")
        case.require(abs(got - exact) < 1e-9, "seminar5.stats.not_exact")
        drawn = number("stats:paired_permutation", ones, [1.0] * 9, 500, 5)
        case.require(abs(drawn - exact) < 0.09, "seminar5.stats.p_wrong")
    same = number("stats:paired_permutation", hard, hard, 99, 6)
    case.require(abs(same - 1.0) < 1e-9, "seminar5.stats.p_ties")
    # Many sums of tenths are equal, and differ in their last bits.
    for _ in range(4):
        tenths = [rng.randint(-9, 9) / 10 for _ in range(9)]
        got = number("stats:paired_permutation", tenths, [0.0] * 9, 600, 6)
        exact = _sign_flips(tenths)
        case.require(got > exact - 1e-9, "seminar5.stats.p_ties")
        case.require(abs(got - exact) < 1e-9, "seminar5.stats.not_exact")
    noisy = [rng.gauss(0.2, 1.0) for _ in range(30)]
    twice = [number("stats:paired_permutation", noisy, [0.0] * 30, 200, 8) for _ in range(2)]
    case.require(twice[0] == twice[1], "seminar5.stats.seed_ignored")


def _holm(values):
    """Return Holm's adjusted values from their definition: a maximum over the smaller ones."""
    ranked = sorted(values)
    m = len(values)
    return [
        max(min(1.0, (m - i) * ranked[i]) for i in range(ranked.index(value) + 1))
        for value in values
    ]


@pytest.mark.points("0.3", key="seminar5.stats.holm", part="stats")
def test_holm_adjusts_each_in_its_place(case, ask, rng):
    for _ in range(3):
        values = [*(rng.random() ** 2 * 0.2 for _ in range(5)), 0.7, 0.9]
        rng.shuffle(values)
        got = ask([float], "stats:holm", values)
        want = _holm(values)
        case.require(len(got) == len(want), "seminar5.stats.holm_wrong")

        def equal(other, got=got):
            return all(abs(a - b) < 1e-9 for a, b in zip(got, other, strict=True))

        bonferroni = [min(1.0, 7 * value) for value in values]
        case.require(equal(want) or not equal(bonferroni), "seminar5.stats.holm_bonferroni")
        case.require(equal(want) or not equal(sorted(want)), "seminar5.stats.holm_order")
        case.require(max(got) <= 1, "seminar5.stats.holm_above_one")
        case.require(equal(want), "seminar5.stats.holm_wrong")
    # 2 × .03 is less than 3 × .021: the larger of two p-values must not become the smaller.
    got = ask([float], "stats:holm", [0.03, 0.021, 0.9])
    case.require(abs(got[0] - 0.063) < 1e-9, "seminar5.stats.holm_monotone")
    case.require(ask(list, "stats:holm", []) == [], "seminar5.stats.holm_wrong")


@pytest.mark.points("0.5", key="seminar5.stats.kappa", part="stats")
def test_kappa_is_agreement_beyond_chance(case, number, rng):
    for labels in ("AB", "ABC", "ABCD"):
        first = [rng.choice(labels + "AA") for _ in range(40)]
        second = [a if rng.random() < 0.6 else rng.choice(labels) for a in first]
        agreed = sum(a == b for a, b in zip(first, second, strict=True)) / 40
        chance = sum(first.count(x) * second.count(x) for x in labels) / 1600
        want = (agreed - chance) / (1 - chance)
        got = number("stats:cohen_kappa", first, second)
        pooled = sum(((first + second).count(x) / 80) ** 2 for x in labels)
        mistakes = {
            agreed: "seminar5.stats.kappa_raw",
            (agreed - 1 / len(labels)) / (1 - 1 / len(labels)): "seminar5.stats.kappa_uniform",
            (agreed - pooled) / (1 - pooled): "seminar5.stats.kappa_pooled",
        }
        for value, name in mistakes.items():
            wrong = abs(got - value) < 1e-9 and abs(value - want) > 1e-9
            case.require(not wrong, name)
        case.require(abs(got - want) < 1e-9, "seminar5.stats.kappa_wrong")
    turned = number("stats:cohen_kappa", ["A", "B"] * 5, ["B", "A"] * 5)
    case.require(abs(turned + 1) < 1e-9, "seminar5.stats.kappa_negative")
    same = number("stats:cohen_kappa", ["A"] * 6, ["A"] * 6)
    case.require(abs(same - 1) < 1e-9, "seminar5.stats.kappa_constant")
    lazy = number("stats:cohen_kappa", ["A"] * 6, ["A", "B"] * 3)
    case.require(abs(lazy) < 1e-9, "seminar5.stats.kappa_wrong")
