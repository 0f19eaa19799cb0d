"""Part "losses": log-probabilities of answers, DPO, ORPO."""

from __future__ import annotations

import math

import pytest

IGNORED = -100


def _sum(logits, labels, by_hand, shift=1):
    """Return the summed log-probability of each row's labels and their number, by hand."""
    found = []
    for scores, marks in zip(logits, labels, strict=True):
        told = [by_hand["log_softmax"](row) for row in scores]
        pairs = zip(told[: len(told) - shift], marks[shift:], strict=True)
        terms = [row[mark] for row, mark in pairs if mark != IGNORED]
        found.append((sum(terms), len(terms)))
    return found


def _batch(rng, rows=3, length=8, words=11):
    logits = [[[rng.gauss(0, 2) for _ in range(words)] for _ in range(length)] for _ in range(rows)]
    labels = []
    for _ in range(rows):
        start, end = rng.randint(1, 3), rng.randint(5, length)
        row = [rng.randrange(words) if start <= t < end else IGNORED for t in range(length)]
        labels.append(row)
    return logits, labels


@pytest.mark.points("0.5", key="seminar4.losses.shift", part="losses")
def test_the_logits_at_a_position_score_the_next_token(drive, case, rng, by_hand):
    logits, labels = _batch(rng)
    labels[0][0] = 3  # the first label has nothing before it that could predict it
    expected = [total for total, _ in _sum(logits, labels, by_hand)]
    unshifted = [total for total, _ in _sum(logits, labels, by_hand, shift=0)]
    got = drive("logps", logits, labels, False)
    close = by_hand["close"]
    case.require(got["shape"] == [len(labels)], "seminar4.losses.logps_shape")
    case.require(not close(got["values"], unshifted), "seminar4.losses.unshifted")
    case.require(not close(got["values"], [-v for v in expected]), "seminar4.losses.negative")
    raw = [
        sum(s[m] for s, m in zip(row[:-1], marks[1:], strict=True) if m != IGNORED)
        for row, marks in zip(logits, labels, strict=True)
    ]
    case.require(not close(got["values"], raw), "seminar4.losses.no_softmax")
    case.require(close(got["values"], expected), "seminar4.losses.logps_value")


@pytest.mark.points("0.5", key="seminar4.losses.mask", part="losses")
def test_prompt_and_padding_count_neither_in_the_sum_nor_in_the_average(drive, case, rng, by_hand):
    logits, labels = _batch(rng)
    labels.append([IGNORED] * len(labels[0]))
    logits.append(logits[0])
    counted = _sum(logits, labels, by_hand)
    close = by_hand["close"]
    total = drive("logps", logits, labels, False)["values"]
    mean = drive("logps", logits, labels, True)["values"]
    with_zero = [
        s
        for s, _ in _sum(
            logits, [[0 if m == IGNORED else m for m in row] for row in labels], by_hand
        )
    ]
    case.require(not close(total, with_zero), "seminar4.losses.ignored_counted")
    case.require(close(total, [s for s, _ in counted]), "seminar4.losses.logps_value")
    wide = [s / (len(labels[0]) - 1) for s, _ in counted]
    case.require(not close(mean, wide), "seminar4.losses.average_over_all")
    case.require(not close(mean[:-1], total[:-1]), "seminar4.losses.average_ignored")
    case.require(mean[-1] == 0, "seminar4.losses.average_of_nothing")
    case.require(close(mean, [s / max(n, 1) for s, n in counted]), "seminar4.losses.average")
    # Padding on the left changes nothing.
    words = len(logits[0][0])
    moved = [[[rng.gauss(0, 2) for _ in range(words)] for _ in range(2)] + row for row in logits]
    padded = drive("logps", moved, [[IGNORED] * 2 + row for row in labels], False)["values"]
    case.require(close(padded, total), "seminar4.losses.padding_counts")


@pytest.mark.points("0.5", key="seminar4.losses.stable", part="losses")
def test_log_probabilities_survive_large_logits_and_low_precision(drive, case, rng, by_hand):
    logits, labels = _batch(rng, rows=2, length=12)
    far = [[[200 * s for s in row] for row in rows] for rows in logits]
    expected = [s for s, _ in _sum(far, labels, by_hand)]
    got = drive("logps", far, labels, False)["values"]
    case.require(all(math.isfinite(v) for v in got), "seminar4.losses.logps_overflow")
    case.require(by_hand["close"](got, expected), "seminar4.losses.logps_value")
    # A forbidden word where nothing is asked: minus infinity times zero is not a number.
    where = labels[0].index(IGNORED, 5) if IGNORED in labels[0][5:] else 0
    marks = [list(row) for row in labels]
    marks[0][where] = IGNORED
    logits[0][where - 1 if where else 0][0] = -math.inf
    for row in marks:
        row[1] = IGNORED
    got = drive("logps", logits, marks, False)
    case.require(all(math.isfinite(v) for v in got["values"]), "seminar4.losses.logps_nan")
    case.require(got["gradient"] is not None, "seminar4.losses.logps_no_gradient")
    # bfloat16 in, float32 inside: a sum of 300 terms keeps its third digit.
    long = [[[rng.choice((0.0, 1.0, 2.0, 3.0)) for _ in range(5)] for _ in range(300)]]
    asked = [[IGNORED] + [rng.randrange(5) for _ in range(299)]]
    low = drive("logps", long, asked, False, "bfloat16")["values"]
    exact = [s for s, _ in _sum(long, asked, by_hand)]
    case.require(by_hand["close"](low, exact, 5e-4), "seminar4.losses.logps_precision")


@pytest.mark.points("0.5", key="seminar4.losses.first_step", part="losses")
def test_a_model_that_is_its_own_reference_loses_ln_2(drive, case, rng, seed, by_hand):
    length, rows = 10, 3
    ids = [[[rng.randrange(64) for _ in range(length)] for _ in range(rows)] for _ in range(2)]
    labels = [[[IGNORED] * 4 + row[4:] for row in part] for part in ids]
    beta = rng.choice((0.1, 0.3, 0.5))
    got = drive("first_step", seed % 10_000, *ids, labels, beta)
    case.require(by_hand["close"](got["same"], math.log(2), 1e-5), "seminar4.losses.not_ln_2")
    margins = [
        beta * ((c - fc) - (r - fr))
        for c, r, fc, fr in zip(*got["moved"], *got["frozen"], strict=True)
    ]
    expected = -sum(map(by_hand["logsigmoid"], margins)) / rows
    case.require(by_hand["close"](got["away"], expected), "seminar4.losses.dpo_value")


def _four(rng, count=5):
    return [[rng.uniform(-40, -5) for _ in range(count)] for _ in range(4)]


@pytest.mark.points("0.75", key="seminar4.losses.dpo_value", part="losses")
def test_the_dpo_loss_is_that_of_the_paper(drive, case, rng, by_hand):
    values, beta = _four(rng), rng.uniform(0.05, 0.4)
    chosen = [beta * (p - f) for p, f in zip(values[0], values[2], strict=True)]
    rejected = [beta * (p - f) for p, f in zip(values[1], values[3], strict=True)]
    margins = [c - r for c, r in zip(chosen, rejected, strict=True)]
    terms = [-by_hand["logsigmoid"](m) for m in margins]
    got = drive("dpo", values, beta)
    close, count = by_hand["close"], len(terms)

    def mean(found):
        return sum(found) / count

    case.require(got["shape"] == [], "seminar4.losses.not_scalar")
    plain = [-by_hand["logsigmoid"](m / beta) for m in margins]
    no_reference = [
        -by_hand["logsigmoid"](beta * (c - r)) for c, r in zip(values[0], values[1], strict=True)
    ]
    mistakes = {
        mean(plain): "seminar4.losses.beta_lost",
        mean(no_reference): "seminar4.losses.reference_lost",
        sum(terms): "seminar4.losses.sum_not_mean",
        -mean(terms): "seminar4.losses.sign",
        mean([-by_hand["logsigmoid"](-m) for m in margins]): "seminar4.losses.pair_swapped",
    }
    for wrong, message in mistakes.items():
        case.require(not close(got["loss"], wrong), message)
    case.require(close(got["loss"], mean(terms)), "seminar4.losses.dpo_value_wrong")
    case.require(close(got["chosen"], chosen), "seminar4.losses.reward_chosen")
    case.require(close(got["rejected"], rejected), "seminar4.losses.reward_rejected")
    case.require(got["detached"], "seminar4.losses.rewards_hold_graph")


@pytest.mark.points("0.5", key="seminar4.losses.dpo_symmetry", part="losses")
def test_dpo_sees_differences_alone_and_a_swapped_pair_negates_the_margin(
    drive, case, rng, by_hand
):
    values, beta = _four(rng), 0.2
    first = drive("dpo", values, beta)
    close = by_hand["close"]
    shifts = [rng.uniform(-30, 30) for _ in values[0]]
    # A constant of each prompt's, added to both log-ratios.
    moved = [[v + s for v, s in zip(row, shifts, strict=True)] for row in values[:2]]
    got = drive("dpo", [*moved, *values[2:]], beta)
    case.require(close(got["loss"], first["loss"]), "seminar4.losses.not_invariant")
    swapped = drive("dpo", [values[1], values[0], values[3], values[2]], beta)
    back = [-(c - r) for c, r in zip(first["chosen"], first["rejected"], strict=True)]
    margins = [c - r for c, r in zip(swapped["chosen"], swapped["rejected"], strict=True)]
    case.require(close(margins, back), "seminar4.losses.swap_keeps_margin")
    # -log σ(m) and -log σ(-m) differ by m.
    shift = sum(back) / len(back)
    case.require(close(swapped["loss"] - first["loss"], -shift, 1e-3), "seminar4.losses.swap_loss")


@pytest.mark.points("0.25", key="seminar4.losses.dpo_gradient", part="losses")
def test_the_gradient_pushes_the_pair_apart_and_leaves_the_reference_alone(
    drive, case, rng, by_hand
):
    values, beta = _four(rng, 4), 0.15
    got = drive("dpo", values, beta)
    chosen, rejected, *frozen = got["gradients"]
    case.require(chosen is not None and rejected is not None, "seminar4.losses.dpo_no_gradient")
    still = all(row is None or not any(row) for row in frozen)
    case.require(still, "seminar4.losses.reference_learns")
    margins = [c - r for c, r in zip(got["chosen"], got["rejected"], strict=True)]
    expected = [-beta * math.exp(by_hand["logsigmoid"](-m)) / len(margins) for m in margins]
    case.require(by_hand["close"](chosen, expected), "seminar4.losses.dpo_gradient_wrong")
    case.require(by_hand["close"](rejected, [-g for g in expected]), "seminar4.losses.dpo_one_side")
    # A pair that is far on the wrong side is learned from, not lost to log(0).
    far = drive("dpo", [[-900.0], [-10.0], [-10.0], [-10.0]], 0.5)
    case.require(by_hand["close"](far["loss"], 445.0), "seminar4.losses.dpo_underflow")


def _orpo(values, nll, weight, by_hand, turn=lambda p: p):
    terms = [
        by_hand["logsigmoid"](by_hand["odds"](turn(c)) - by_hand["odds"](turn(r)))
        for c, r in zip(*values, strict=True)
    ]
    return nll - weight * sum(terms) / len(terms), terms


@pytest.mark.points("0.5", key="seminar4.losses.orpo_value", part="losses")
def test_the_orpo_loss_is_that_of_the_paper(drive, case, rng, by_hand):
    values = [[rng.uniform(-3, -0.05) for _ in range(5)] for _ in range(2)]
    nll, weight = rng.uniform(1, 4), rng.uniform(0.2, 0.9)
    expected, terms = _orpo(values, nll, weight, by_hand)
    got = drive("orpo", values, nll, weight)
    close, mean = by_hand["close"], sum(terms) / len(terms)
    ratio = [by_hand["logsigmoid"](c - r) for c, r in zip(*values, strict=True)]
    mistakes = {
        nll - mean: "seminar4.losses.weight_lost",
        -weight * mean: "seminar4.losses.nll_lost",
        nll + weight * mean: "seminar4.losses.orpo_sign",
        nll - weight * sum(ratio) / len(ratio): "seminar4.losses.ratio_not_odds",
        nll - weight * sum(terms): "seminar4.losses.sum_not_mean",
    }
    case.require(got["shape"] == [], "seminar4.losses.not_scalar")
    for wrong, message in mistakes.items():
        case.require(not close(got["loss"], wrong), message)
    case.require(close(got["loss"], expected), "seminar4.losses.orpo_value_wrong")
    worth = [[weight * v for v in row] for row in values]
    case.require(close([got["chosen"], got["rejected"]], worth), "seminar4.losses.orpo_rewards")
    case.require(got["detached"], "seminar4.losses.rewards_hold_graph")
    case.require(close(got["gradients"][2], 1.0), "seminar4.losses.nll_gradient")
    points = [rng.uniform(-6, -0.01) for _ in range(5)] + [-30.0]
    told, slopes = drive("odds", points)
    case.require(close(told, [by_hand["odds"](p) for p in points]), "seminar4.losses.odds")
    expected_slopes = [-1 / math.expm1(p) for p in points]
    case.require(close(slopes, expected_slopes, 1e-3), "seminar4.losses.odds_slope")


@pytest.mark.points("0.5", key="seminar4.losses.certain", part="losses")
def test_orpo_stays_finite_where_the_model_is_certain(drive, case, rng, by_hand):
    sure = [0.0, -1e-12, -1e-8, -rng.uniform(1e-7, 3e-7), -200.0]
    told, slopes = drive("odds", sure)
    case.require(all(map(math.isfinite, told)), "seminar4.losses.odds_infinite")
    case.require(all(map(math.isfinite, slopes)), "seminar4.losses.odds_gradient")
    case.require(min(told[:4]) > 10, "seminar4.losses.odds_too_small", got=round(min(told[:4]), 2))
    # Near 1, 1 - p is a small difference: exp() in float32 has lost it.
    near = [-rng.uniform(2e-6, 1e-5) for _ in range(16)] + [-1e-3]
    close = by_hand["close"]
    told, _ = drive("odds", near)
    case.require(close(told, [by_hand["odds"](p) for p in near]), "seminar4.losses.cancelled")
    for values in ([[0.0], [-2.0]], [[-2.0], [0.0]], [[0.0], [0.0]], [[-300.0], [-0.5]]):
        got = drive("orpo", values, 1.0, 0.5)
        case.require(math.isfinite(got["loss"]), "seminar4.losses.orpo_infinite")
        flat = [g for row in got["gradients"][:2] for g in row or [math.nan]]
        case.require(all(map(math.isfinite, flat)), "seminar4.losses.odds_gradient")
