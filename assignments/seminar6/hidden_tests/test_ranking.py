"""Part "ranking": the metrics, the logistic regression and the reranker."""

from __future__ import annotations

import math

import pytest


@pytest.mark.points("0.3", key="seminar6.ranking.recall", part="ranking")
def test_recall_is_a_share_of_all_that_is_relevant(student, case, rng):
    names = [f"d{number}" for number in range(20)]
    for _ in range(8):
        ranking = rng.sample(names, 12)
        relevant = rng.sample(names, rng.randint(2, 8))
        k = rng.randint(1, 6)
        found = len(set(ranking[:k]) & set(relevant))
        got = case.shaped(student.call("metrics:recall_at_k", ranking, relevant, k), float)
        precision = not math.isclose(found / k, found / len(relevant)) and math.isclose(
            got, found / k
        )
        case.require(not precision, "seminar6.ranking.recall_is_precision")
        case.require(math.isclose(got, found / len(relevant)), "seminar6.ranking.recall_wrong")
    got = student.call("metrics:recall_at_k", ["a", "a", "b", "c"], ["a", "b", "z"], 2)
    case.require(math.isclose(got, 2 / 3), "seminar6.ranking.repetition")
    case.require(
        student.call("metrics:recall_at_k", ["a"], [], 3) == 0, "seminar6.ranking.none_relevant"
    )


@pytest.mark.points("0.3", key="seminar6.ranking.mrr", part="ranking")
def test_mrr_counts_ranks_from_one_and_misses_as_zero(student, case, rng):
    names = [f"d{number}" for number in range(9)]
    rankings, relevant, expected = [], [], []
    for hit in (0, 2, 5, None, rng.randrange(6)):
        ranking = rng.sample(names, 6)
        rankings.append(ranking)
        # Two relevant ones: the first counts.
        relevant.append(["nowhere"] if hit is None else [ranking[hit], ranking[5]])
        expected.append(0.0 if hit is None else 1 / (hit + 1))
        got = student.call("metrics:reciprocal_rank", ranking, relevant[-1])
        case.require(got == 0 or hit is not None, "seminar6.ranking.miss")
        case.require(math.isclose(got, expected[-1]), "seminar6.ranking.rank_wrong")
    got = student.call("metrics:mrr", rankings, relevant)
    hits = [value for value in expected if value]
    case.require(not math.isclose(got, sum(hits) / len(hits)), "seminar6.ranking.misses_left_out")
    case.require(math.isclose(got, sum(expected) / 5), "seminar6.ranking.mrr_wrong")
    got = student.call("metrics:reciprocal_rank", ["x", "x", "y"], ["y"])
    case.require(math.isclose(got, 1 / 2), "seminar6.ranking.repetition")
    case.require(student.call("metrics:mrr", [], []) == 0, "seminar6.ranking.mrr_wrong")
    uneven = student.drive("parts", "mean_rank", rankings, relevant[:-1])
    case.require(uneven["refused"], "seminar6.ranking.mrr_uneven")


def _dcg(values, k):
    return sum(value / math.log2(rank + 1) for rank, value in enumerate(values[:k], 1))


@pytest.mark.points("0.45", key="seminar6.ranking.ndcg", part="ranking")
def test_ndcg_is_normalized_by_the_best_ranking_of_all_gains(student, case, rng):
    names = [f"d{number}" for number in range(20)]
    for _ in range(8):
        ranking = rng.sample(names, 9)
        gains = {name: float(rng.randint(1, 4)) for name in rng.sample(names, 9)}
        gains["unfound"] = 5.0
        k = rng.randint(3, 7)
        values = [gains.get(one, 0.0) for one in ranking]
        ideal = sorted(gains.values(), reverse=True)
        expected = _dcg(values, k) / _dcg(ideal, k)
        got = case.shaped(student.call("metrics:ndcg", ranking, gains, k), float)
        if expected > 0:
            powers = _dcg([2**v - 1 for v in values], k) / _dcg([2**v - 1 for v in ideal], k)
            mistakes = {
                "seminar6.ranking.ndcg_retrieved": _dcg(values, k)
                / _dcg(sorted(values, reverse=True), k),
                "seminar6.ranking.ndcg_ideal_uncut": _dcg(values, k) / _dcg(ideal, 99),
                "seminar6.ranking.ndcg_powers": powers,
            }
            for message, mistaken in mistakes.items():
                wrong = math.isclose(got, mistaken) and not math.isclose(mistaken, expected)
                case.require(not wrong, message)
        case.require(math.isclose(got, expected, abs_tol=1e-12), "seminar6.ranking.ndcg_wrong")
    got = student.call("metrics:ndcg", ["a", "a", "b"], {"a": 1.0, "b": 1.0}, 3)
    case.require(math.isclose(got, 1.0), "seminar6.ranking.repetition")
    case.require(student.call("metrics:ndcg", ["a"], {}, 3) == 0, "seminar6.ranking.none_relevant")


def _gradient(rows, labels, weights, bias, l2):
    """Return the gradient of the objective at a point."""
    total = [l2 * weight for weight in weights] + [0.0]
    for row, label in zip(rows, labels, strict=True):
        logit = sum(x * w for x, w in zip(row, weights, strict=True)) + bias
        miss = 1 / (1 + math.exp(-max(-60.0, min(60.0, logit)))) - label
        for at, value in enumerate((*row, 1.0)):
            total[at] += miss * value
    return total


@pytest.mark.points("0.4", key="seminar6.ranking.logistic", part="ranking")
def test_logistic_regression_stands_at_the_optimum(student, case, rng):
    for l2 in (0.3, 5.0):
        rows = [[rng.gauss(0, 1), rng.gauss(2, 1)] for _ in range(60)]
        # Rare, and never by a straight rule: a bias of its own, and no separation.
        labels = [int(row[0] + rng.gauss(0, 1) > 0.8) for row in rows]
        labels[:2] = [0, 1]
        got = case.shaped(
            student.drive("parts", "fit", rows, labels, l2), {"weights": [float], "bias": float}
        )
        weights, bias = got["weights"], got["bias"]
        case.require(len(weights) == 2, "seminar6.ranking.logistic_shape")

        def flat(gradient):
            return max(map(abs, gradient)) < 1e-3

        right = _gradient(rows, labels, weights, bias, l2)
        punished = [*right[:2], right[2] + l2 * bias]
        mean = _gradient(rows, labels, weights, bias, l2 * len(rows))
        case.require(flat(right) or not flat(punished), "seminar6.ranking.bias_punished")
        case.require(flat(right) or not flat(mean), "seminar6.ranking.loss_is_mean")
        none = _gradient(rows, labels, weights, bias, 0.0)
        case.require(flat(right) or not flat(none), "seminar6.ranking.unregularized")
        case.require(flat(right), "seminar6.ranking.not_optimal")
    apart = student.drive("parts", "fit", [[-3.0], [-2.0], [2.0], [3.0]], [0, 0, 1, 1], 0.01)
    case.require(
        math.isfinite(apart["bias"])
        and max(map(abs, _gradient([[-3], [-2], [2], [3]], [0, 0, 1, 1], **apart, l2=0.01))) < 1e-3,
        "seminar6.ranking.separable",
    )


@pytest.mark.points("0.3", key="seminar6.ranking.rerank", part="ranking")
def test_reranking_orders_the_head_and_keeps_the_tail(student, case, rng):
    half = student.call("reranking:overlap", ["a", "b", "a", "c", "d"], ["c", "a", "x"])
    case.require(math.isclose(half, 0.5), "seminar6.ranking.overlap_wrong")
    case.require(
        student.call("reranking:overlap", [], ["a"]) == 0, "seminar6.ranking.overlap_wrong"
    )
    ids = [f"d{number}" for number in rng.sample(range(100), 9)]
    rows = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(5)]
    rows[3] = list(rows[1])  # a tie
    weights, bias = [rng.gauss(0, 1), rng.gauss(0, 1)], rng.gauss(0, 1)
    got = student.drive("parts", "reorder", ids, rows, weights, bias)
    found = [one for one, _ in got]
    case.require(len(found) >= len(ids), "seminar6.ranking.tail_lost", n=len(ids) - len(found))
    case.require(found[5:] == ids[5:], "seminar6.ranking.tail_moved")
    logits = [sum(x * w for x, w in zip(row, weights, strict=True)) + bias for row in rows]
    order = sorted(range(5), key=lambda at: -logits[at])
    case.require(found[:5] != [ids[at] for at in order[::-1]], "seminar6.ranking.rerank_ascending")
    case.require(found[:5] == [ids[at] for at in order], "seminar6.ranking.rerank_order")
    chances = [1 / (1 + math.exp(-logits[at])) for at in order]
    near = all(math.isclose(c, g, abs_tol=1e-9) for c, (_, g) in zip(chances, got, strict=False))
    case.require(near, "seminar6.ranking.rerank_chances")
    case.require([chance for _, chance in got[5:]] == [0] * 4, "seminar6.ranking.rerank_chances")
    # Far from 0 chances round to the same number; the order must not.
    far = student.drive(
        "parts", "reorder", ["a", "b", "c"], [[100.0], [900.0], [500.0]], [1.0], 0.0
    )
    case.require([one for one, _ in far] == ["b", "c", "a"], "seminar6.ranking.rerank_saturated")
    case.require(
        student.drive("parts", "reorder", ids, [], weights, bias) == [[one, 0.0] for one in ids],
        "seminar6.ranking.rerank_nothing",
    )
