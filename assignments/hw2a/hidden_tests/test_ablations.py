"""Part "ablations": the statistics' code, and every number of the table computed again."""

from __future__ import annotations

import math

import pytest

NAMES = ("metric", "level", "items", "variants")
ROUNDED = 0.0011  # what is given with three decimals may differ by so much


@pytest.mark.points("0.20", key="hw2a.ablations.rouge", part="ablations")
def test_rouge_is_f1_of_the_longest_common_subsequence(case, ask, rng, statistics):
    words = ["sum", "of", "the", "rows", "mean", "axis", "2d"]
    for _ in range(12):
        first = " ".join(rng.choices(words, k=rng.randint(3, 9)))
        second = " ".join(rng.choices(words, k=rng.randint(3, 9)))
        got = ask(float, "evaluation:rouge_l", first, second)
        case.require(abs(got - statistics["rouge_l"](first, second)) < 1e-6, "hw2a.rouge.wrong")
    for first, second, wanted, key in (
        ("Sum the ROWS.", "sum, the rows", 1.0, "hw2a.rouge.words"),
        ("x.mean_of(axis=0)", "x mean of axis 0", 1.0, "hw2a.rouge.words"),
        ("", "sum the rows", 0.0, "hw2a.rouge.empty"),
        ("...", "", 0.0, "hw2a.rouge.empty"),
    ):
        got = ask(float, "evaluation:rouge_l", first, second)
        case.require(abs(got - wanted) < 1e-6, key)


@pytest.mark.points("0.15", key="hw2a.ablations.bootstrap", part="ablations")
def test_the_bootstrap_resamples_items_in_pairs(case, ask, rng, statistics):
    hard = [rng.random() for _ in range(120)]
    ours = [min(1.0, max(0.0, value + rng.gauss(0.03, 0.05))) for value in hard]
    shape = {"difference": float, "low": float, "high": float}

    def compare(a, b, seed=3, level=0.95):
        found = ask(shape, "evaluation:paired_bootstrap", a, b, level, 2000, seed)
        return found["difference"], (found["low"], found["high"])

    gains = [a - b for a, b in zip(ours, hard, strict=True)]
    difference, ends = compare(ours, hard)
    wanted = sum(gains) / len(gains)
    case.require(abs(difference + wanted) > 1e-9, "hw2a.bootstrap.sign")
    case.require(abs(difference - wanted) < 1e-9, "hw2a.bootstrap.difference")
    own = statistics["interval"](gains)
    case.require(ends[1] - ends[0] < 3 * (own[1] - own[0]), "hw2a.bootstrap.not_paired")
    case.require(statistics["near"](ends, own), "hw2a.bootstrap.interval")
    half = compare(ours, hard, level=0.5)[1]
    near = statistics["near"](half, statistics["interval"](gains, 0.5))
    case.require(near, "hw2a.bootstrap.interval")
    case.require(compare(ours, hard) == (difference, ends), "hw2a.bootstrap.seed")
    case.require(compare(ours, hard, 4)[1] != ends, "hw2a.bootstrap.seed")
    case.require(compare(hard, hard) == (0, (0, 0)), "hw2a.bootstrap.difference")


@pytest.mark.points("0.15", key="hw2a.ablations.split", part="ablations")
def test_no_package_is_on_both_sides_of_the_split(case, ask, rng, invent):
    rows = invent([6] * 120, packages=12)
    shape = {"train": [{"id": str}], "validation": [{"id": str}]}
    parts = ask(shape, "data:split", rows, 0.25, 5)
    sides = [{row["id"] for row in parts[name]} for name in ("train", "validation")]
    whole = sorted([*sides[0], *sides[1]]) == sorted(row["id"] for row in rows)
    case.require(whole and not sides[0] & sides[1], "hw2a.split.rows")
    packages = [{row["package"] for row in rows if row["id"] in side} for side in sides]
    crossing = packages[0] & packages[1]
    case.require(not crossing, "hw2a.split.package_crosses", n=len(crossing))
    share = len(sides[1]) / len(rows)
    case.require(0.1 <= share <= 0.4, "hw2a.split.share", share=share)
    again = ask(shape, "data:split", rng.sample(rows, len(rows)), 0.25, 5)
    same = {row["id"] for row in again["validation"]} == sides[1]
    case.require(same, "hw2a.split.order_decides")
    others = [
        {row["id"] for row in ask(shape, "data:split", rows, 0.25, seed)["validation"]}
        for seed in (6, 7, 8)
    ]
    case.require(any(side != sides[1] for side in others), "hw2a.split.seed_ignored")


# ---- the table that was handed in ----------------------------------------------------------------


@pytest.fixture
def table(submission, case, train_rows):
    """Return ablations.json, with the shape that the numbers need."""
    told = submission.json("ablations.json")
    case.require(type(told) is dict, "hw2a.table.keys", names=", ".join(NAMES))
    missing = [name for name in NAMES if name not in told]
    case.require(not missing, "hw2a.table.keys", names=", ".join(missing))
    case.require(told["metric"] == "rouge_l", "hw2a.table.metric")
    case.require(told["level"] == 0.95, "hw2a.table.level")
    case.shaped(told["items"], [str], "items")
    variant = {"name": str, "change": str, "mean": float, "scores": [float], "answers": [str]}
    case.shaped(told["variants"], [variant], "variants")
    unknown = [name for name in told["items"] if name not in train_rows]
    case.require(not unknown, "hw2a.table.unknown_item", id=(unknown or [""])[0])
    case.require(len(set(told["items"])) == len(told["items"]), "hw2a.table.item_twice")
    for one in told["variants"]:
        for name in ("scores", "answers"):
            fits = len(one[name]) == len(told["items"])
            case.require(fits, "hw2a.table.not_paired", name=one["name"], list=name)
    return told


@pytest.mark.points("0.15", key="hw2a.ablations.table", part="ablations")
def test_variants_are_compared_on_the_same_held_out_items(case, table, settings):
    needed = int(settings["ablation_items"])
    case.require(len(table["items"]) >= needed, "hw2a.table.few_items", needed=needed)
    variants = table["variants"]
    needed = int(settings["ablation_variants"])
    case.require(len(variants) >= needed, "hw2a.table.few_variants", needed=needed)
    names = [one["name"].strip() for one in variants]
    case.require(all(names) and len(set(names)) == len(names), "hw2a.table.names")
    told = [" ".join(one["change"].split()) for one in variants]
    case.require(all(told) and len(set(told)) == len(told), "hw2a.table.changes")
    texts = {tuple(one["answers"]) for one in variants}
    case.require(len(texts) == len(variants), "hw2a.table.same_answers")
    case.fact("ablations", {one["name"]: f"{one['mean']:.4f}" for one in variants})


@pytest.mark.points("0.30", key="hw2a.ablations.scores", part="ablations")
def test_scores_and_means_are_those_of_the_answers(case, table, train_rows, statistics):
    for one in table["variants"]:
        for item, answer, score in zip(table["items"], one["answers"], one["scores"], strict=True):
            own = statistics["rouge_l"](answer, train_rows[item]["summary"])
            fits = abs(score - own) <= ROUNDED
            case.require(fits, "hw2a.table.score", name=one["name"], id=item)
        mean = math.fsum(one["scores"]) / len(one["scores"])
        case.require(abs(one["mean"] - mean) <= ROUNDED, "hw2a.table.mean", name=one["name"])


@pytest.mark.points("0.25", key="hw2a.ablations.intervals", part="ablations")
def test_every_mean_has_an_interval_that_holds(case, table, statistics):
    for one in table["variants"]:
        name = one["name"]
        low, high = _ends(case, one, "ci")
        case.require(low <= one["mean"] <= high, "hw2a.table.ci_without_mean", name=name)
        own = statistics["interval"](one["scores"])
        case.require(high - low >= 0.6 * (own[1] - own[0]), "hw2a.table.ci_narrow", name=name)
        case.require(statistics["near"]((low, high), own), "hw2a.table.ci_wrong", name=name)


@pytest.mark.points("0.30", key="hw2a.ablations.differences", part="ablations")
def test_differences_are_paired_and_have_intervals(case, table, statistics):
    known = {one["name"]: one for one in table["variants"]}
    compared = [one for one in table["variants"] if one.get("against") is not None]
    case.require(len(compared) >= len(known) - 1, "hw2a.table.not_compared")
    for one in compared:
        name, other = one["name"], known.get(str(one["against"]))
        case.require(other is not None and other is not one, "hw2a.table.against", name=name)
        gains = [a - b for a, b in zip(one["scores"], other["scores"], strict=True)]
        gain = math.fsum(gains) / len(gains)
        told = one.get("difference")
        case.require(type(told) in (int, float), "hw2a.table.no_difference", name=name)
        turned = abs(told + gain) <= ROUNDED < abs(told - gain)
        case.require(not turned, "hw2a.table.difference_sign", name=name)
        case.require(abs(told - gain) <= ROUNDED, "hw2a.table.difference", name=name)
        low, high = _ends(case, one, "difference_ci")
        own = statistics["interval"](gains)
        wide = high - low > 1.3 * (own[1] - own[0]) + ROUNDED
        case.require(not wide, "hw2a.table.difference_ci_wide", name=name)
        near = statistics["near"]((low, high), own)
        case.require(near, "hw2a.table.difference_ci", name=name)


def _ends(case, one, key):
    """Return the two ends of an interval that must be there."""
    told = one.get(key)
    pair = isinstance(told, list) and len(told) == 2
    pair = pair and all(type(end) in (int, float) for end in told)
    case.require(pair, "hw2a.table.no_ci", name=one["name"], list=key)
    case.require(told[0] <= told[1], "hw2a.table.ci_turned", name=one["name"], list=key)
    return told
