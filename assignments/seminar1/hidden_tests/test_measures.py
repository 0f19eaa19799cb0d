"""Part "measures": distinct-n, self-BLEU and stability over seeds."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations
from statistics import fmean, pstdev, stdev

import pytest

WORDS = ("a", "b", "c", "d", "e")


def _texts(rng, count, least=5, most=9):
    return [" ".join(rng.choices(WORDS, k=rng.randint(least, most))) for _ in range(count)]


def _grams(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


@pytest.mark.points("0.4", key="seminar1.measures.distinct", part="measures")
def test_distinct_n_is_the_share_of_different_ngrams_of_all_texts(student, case, rng):
    for n in (1, 2, 3):
        texts = [*_texts(rng, 5), "a", ""]
        rng.shuffle(texts)
        got = case.shaped(student.call("measures:distinct_n", texts, n), float, "distinct_n")
        each = [_grams(text.split(), n) for text in texts]
        pooled = [gram for grams in each for gram in grams]
        crossing = _grams(" ".join(texts).split(), n)
        right = len(set(pooled)) / len(pooled)
        mistakes = {
            fmean(
                len(set(grams)) / len(grams) for grams in each if grams
            ): "seminar1.measures.distinct_by_text",
            len(set(crossing)) / len(crossing): "seminar1.measures.distinct_crosses",
            len(set(pooled))
            / sum(len(text.split()) for text in texts): "seminar1.measures.distinct_by_words",
            float(len(set(pooled))): "seminar1.measures.distinct_not_a_share",
            1 - right: "seminar1.measures.distinct_upside_down",
            right: "",
        }
        name = mistakes[min(mistakes, key=lambda wrong: abs(got - wrong))]
        case.require(not name, name)
        case.require(abs(got - right) < 1e-6, "seminar1.measures.distinct_wrong", n=n)
    for nothing in ([], ["a b"]):
        got = student.call("measures:distinct_n", nothing, 3)
        case.require(got == 0, "seminar1.measures.distinct_of_nothing")


def _bleu(words, others):
    """Return BLEU-4 with effective order and exponential smoothing, by its definition."""
    if not words or not any(set(words) & set(other) for other in others):
        return 0.0
    logs, misses = [], 0
    for n in range(1, min(4, len(words)) + 1):
        counts = Counter(_grams(words, n))
        limits = [Counter(_grams(other, n)) for other in others]
        hits = sum(min(c, max(limit[g] for limit in limits)) for g, c in counts.items())
        misses += hits == 0
        logs.append(math.log((hits or 0.5**misses) / sum(counts.values())))
    size = min((abs(len(other) - len(words)), len(other)) for other in others)[1]
    return math.exp(min(0.0, 1 - size / len(words)) + fmean(logs))


@pytest.mark.points("0.6", key="seminar1.measures.self_bleu", part="measures")
def test_self_bleu_is_the_mean_bleu_of_each_text_against_the_others(student, case, rng):
    same = case.shaped(student.call("measures:self_bleu", ["a b c d e f"] * 3), float)
    case.require(abs(same - 100) > 1e-3, "seminar1.measures.bleu_percent")
    case.require(abs(same - 1) < 1e-6, "seminar1.measures.bleu_of_equal_texts")
    # Each kind of mistake inside BLEU has a pair of texts of its own.
    for text, reference, key in (
        ("a b c d a b c d", "a b c d e f g h", "seminar1.measures.bleu_unclipped"),
        ("a b c d", "a b c d e f g h", "seminar1.measures.bleu_no_brevity"),
        ("a b", "a b", "seminar1.measures.bleu_short_texts"),
        ("a b c d e", "e d c b a", "seminar1.measures.bleu_no_smoothing"),
    ):
        got = student.call("measures:bleu", text, [reference])
        right = _bleu(text.split(), [reference.split()])
        case.require(abs(got - right) < 1e-5, key)
    got = student.call("measures:bleu", "a b c d a", ["a b c d", "a x b c d e"])
    right = _bleu(list("abcda"), [list("abcd"), list("axbcde")])
    case.require(abs(got - right) < 1e-5, "seminar1.measures.bleu_closest")
    sets = [_texts(rng, 4, 6, 12), _texts(rng, 5, 1, 5), ["a b c d e", "c d", "d a b c x y z w"]]
    sets += [[*_texts(rng, 2), "", "p q r s t"], _texts(rng, 2)]
    for texts in sets:
        got = case.shaped(student.call("measures:self_bleu", texts), float, "self_bleu")
        split = [text.split() for text in texts]
        right = fmean(_bleu(one, split[:i] + split[i + 1 :]) for i, one in enumerate(split))
        itself = fmean(_bleu(one, split) for one in split)
        pairs = [_bleu(a, [b]) for i, a in enumerate(split) for j, b in enumerate(split) if i != j]
        case.require(
            not (abs(got - itself) < 1e-6 < abs(right - itself)), "seminar1.measures.bleu_of_itself"
        )
        case.require(
            not (abs(got - fmean(pairs)) < 1e-6 < abs(right - fmean(pairs))),
            "seminar1.measures.bleu_by_pairs",
        )
        case.require(abs(got - right) < 1e-5, "seminar1.measures.bleu_wrong", n=len(texts))


@pytest.mark.points("0.5", key="seminar1.measures.stability", part="measures")
def test_stability_tells_seeds_from_prompts(student, case, rng):
    seeds = rng.sample(range(0, 400, 4), 4)
    seeds = [seed + i for i, seed in enumerate(seeds)]  # each a row of its own
    rng.shuffle(seeds)
    texts = [[rng.choice("xy") for _ in range(6)] for _ in range(4)]
    scores = [[rng.random() for _ in range(6)] for _ in range(4)]
    # The first seed agrees with none, the others at least about one prompt.
    texts = [["v", *row[1:]] for row in texts]
    texts[seeds[0] % 4] = ["u"] * 6
    got = student.drive("lab", "stability", texts, scores, seeds)
    case.require(not got["refused"], "seminar1.measures.stability_refused")
    case.require(sorted(got["asked"]) == sorted(seeds), "seminar1.measures.seeds_asked")
    found = case.shaped(
        got["found"],
        dict.fromkeys(("mean", "between_seeds", "within_prompt", "agreement"), float),
        "stability",
    )
    chosen = [(texts[seed % 4], scores[seed % 4]) for seed in seeds]
    means = [fmean(score) for _, score in chosen]
    columns = list(zip(*(score for _, score in chosen), strict=True))
    equal = [
        x == y for (a, _), (b, _) in combinations(chosen, 2) for x, y in zip(a, b, strict=True)
    ]

    def near(name, value):
        return abs(found[name] - value) < 1e-6

    case.require(near("mean", fmean(means)), "seminar1.measures.mean_wrong")
    population = near("between_seeds", pstdev(means)) or near(
        "within_prompt", fmean(pstdev(column) for column in columns)
    )
    case.require(not population, "seminar1.measures.population_deviation")
    flat = [value for _, score in chosen for value in score]
    case.require(not near("between_seeds", stdev(flat)), "seminar1.measures.all_scores_together")
    case.require(near("between_seeds", stdev(means)), "seminar1.measures.between_wrong")
    across = fmean(stdev(score) for _, score in chosen)
    case.require(not near("within_prompt", across), "seminar1.measures.across_prompts")
    inside = fmean(stdev(column) for column in columns)
    case.require(near("within_prompt", inside), "seminar1.measures.within_wrong")
    case.require(near("agreement", fmean(equal)), "seminar1.measures.agreement_wrong")
    found = student.drive("lab", "stability", texts, scores, seeds[:2])
    case.require(not found["refused"], "seminar1.measures.stability_refused")
    for bad in ([seeds[0]], [seeds[0], seeds[1], seeds[0]]):
        got = student.drive("lab", "stability", texts, scores, bad)
        case.require(got["refused"], "seminar1.measures.seeds_accepted", n=len(bad))
