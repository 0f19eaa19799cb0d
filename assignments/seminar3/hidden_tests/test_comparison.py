"""Part "comparison": a paired comparison, an exact test, and perplexity before and after."""

from __future__ import annotations

import math

import pytest


def _answers(rng, gold, share):
    return [g if rng.random() < share else 1 - g for g in gold]


@pytest.mark.points("0.5", key="seminar3.comparison.paired", part="comparison")
def test_two_systems_are_compared_on_the_same_items(student, case, rng):
    n = 160
    gold = [rng.randint(0, 1) for _ in range(n)]
    base = _answers(rng, gold, 0.7)
    # Nearly the same answers: the two accuracies vary together, their difference hardly at all.
    changed = rng.sample(range(n), 12)
    adapted = [gold[i] if i in changed else base[i] for i in range(n)]
    spoilt = rng.choice([i for i in range(n) if i not in changed and base[i] == gold[i]])
    adapted[spoilt] = 1 - gold[spoilt]
    got = student.drive("tiny", "compared", gold, base, adapted, 2000, 7)
    right = [[int(a == g) for a, g in zip(one, gold, strict=True)] for one in (base, adapted)]
    fixed = sum(b > a for a, b in zip(*right, strict=True))
    broken = sum(b < a for a, b in zip(*right, strict=True))
    case.require(got["n"] == n, "seminar3.comparison.count")
    shares = [sum(one) / n for one in right]
    for name, share in zip(("base", "adapted"), shares, strict=True):
        case.require(math.isclose(got[name], share), "seminar3.comparison.accuracy", name=name)
        low, high = got[f"{name}_interval"]
        half = 1.96 * math.sqrt(share * (1 - share) / n)
        fits = abs((high - low) / 2 - half) < 0.15 * half and low < share < high
        case.require(fits, "seminar3.comparison.interval", name=name)
    case.require((got["fixed"], got["broken"]) != (broken, fixed), "seminar3.comparison.swapped")
    case.require((got["fixed"], got["broken"]) == (fixed, broken), "seminar3.comparison.counts")
    difference = shares[1] - shares[0]
    case.require(not math.isclose(got["difference"], -difference), "seminar3.comparison.sign")
    case.require(math.isclose(got["difference"], difference), "seminar3.comparison.difference")
    low, high = got["difference_interval"]
    spread = math.sqrt((fixed + broken) / n - difference**2)
    half = 1.96 * spread / math.sqrt(n)
    case.require((high - low) / 2 < 1.5 * half, "seminar3.comparison.unpaired")
    case.require(low < difference < high, "seminar3.comparison.difference_interval")
    case.require((high - low) / 2 > 0.7 * half, "seminar3.comparison.difference_interval")
    again = student.drive("tiny", "compared", gold, base, adapted, 2000, 7)
    case.require(again == got, "seminar3.comparison.not_repeatable")
    other = student.drive("tiny", "compared", gold, base, adapted, 25, 8)
    case.require(
        other["difference_interval"] != got["difference_interval"],
        "seminar3.comparison.seed_unused",
    )
    bad = [([1, 0], [1], [1, 0]), ([], [], []), ([1, 0], [1, 0], [1])]
    errors = [student.drive("tiny", "comparison_error", *three) for three in bad]
    case.require(errors == ["ValueError"] * 3, "seminar3.comparison.lengths")


@pytest.mark.points("0.25", key="seminar3.comparison.mcnemar", part="comparison")
def test_disagreements_alone_are_evidence(student, case, rng):
    case.require(student.call("comparison:mcnemar", 0, 0) == 1, "seminar3.comparison.no_evidence")
    for _ in range(4):
        fixed, broken = rng.randint(8, 20), rng.randint(0, 7)
        n = fixed + broken
        tail = sum(math.comb(n, k) for k in range(broken + 1)) / 2**n
        got = student.call("comparison:mcnemar", fixed, broken)
        case.require(not math.isclose(got, tail), "seminar3.comparison.one_sided")
        chi2 = math.erfc(abs(fixed - broken) / math.sqrt(2 * n))
        case.require(not math.isclose(got, chi2, rel_tol=1e-6), "seminar3.comparison.approximate")
        case.require(math.isclose(got, 2 * tail, rel_tol=1e-9), "seminar3.comparison.p_wrong")
        swapped = student.call("comparison:mcnemar", broken, fixed)
        case.require(math.isclose(swapped, got), "seminar3.comparison.p_one_way")
    even = rng.randint(3, 9)
    case.require(
        student.call("comparison:mcnemar", even, even) == 1, "seminar3.comparison.p_over_one"
    )
    many = student.call("comparison:mcnemar", 1100, 900)
    case.require(0 < many < 1e-4, "seminar3.comparison.p_many")


@pytest.mark.points("0.25", key="seminar3.comparison.forgetting", part="comparison")
def test_perplexity_weighs_tokens_and_ignores_padding(student, clean, case, rng, small, tokens):
    texts = [tokens(1, length)[0] for length in rng.sample(range(3, 14), 4)]
    losses, counts = student.drive("tiny", "text_losses", small, texts)
    case.require(counts == [len(text) - 1 for text in texts], "seminar3.comparison.token_counts")
    wanted = clean.drive("oracle", "text_losses", small, texts)
    for got, right in zip(losses, wanted, strict=True):
        case.require(math.isclose(got, right, rel_tol=1e-3), "seminar3.comparison.text_loss")
    ppl = student.call("comparison:perplexity", losses, counts)
    case.require(
        math.isclose(ppl, math.exp(sum(losses) / sum(counts)), rel_tol=1e-6),
        "seminar3.comparison.perplexity",
    )
    # Texts of very different lengths: the short ones got much worse, the long one did not.
    before, after = [40.0, 4.0, 3.0, 5.0], [40.0, 6.0, 5.0, 6.5]
    sizes = [40, 2, 2, 2]
    ratio, (low, high) = student.call("comparison:forgetting", before, after, sizes, 500, 3)
    right = math.exp((sum(after) - sum(before)) / sum(sizes))
    case.require(not math.isclose(ratio, 1 / right), "seminar3.comparison.ratio_inverse")
    case.require(math.isclose(ratio, right, rel_tol=1e-6), "seminar3.comparison.ratio")
    case.require(1 - 1e-9 <= low <= ratio <= high, "seminar3.comparison.ratio_interval")
    case.require(1.5 < high <= math.exp(1) + 1e-9, "seminar3.comparison.ratio_interval")
    same = student.call("comparison:forgetting", before, before, sizes, 50, 3)
    case.require(same == (1.0, (1.0, 1.0)), "seminar3.comparison.ratio_interval")
