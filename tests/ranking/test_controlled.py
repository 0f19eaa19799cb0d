"""Controlled win rates against closed forms, SciPy's fits, symmetry and made judges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, logit

from leaderboard.ranking.controlled import (
    COVARIATE_RIDGE,
    STRENGTH_RIDGE,
    difficulty,
    in_units,
    length_controlled,
    style_controlled,
    style_differences,
)
from leaderboard.ranking.logistic import fit_once, refit, sigmoid
from leaderboard.ranking.resampling import resample_counts

RIDGE = np.array([STRENGTH_RIDGE, COVARIATE_RIDGE, COVARIATE_RIDGE])


def _by_scipy(design, scores, counts, ridge):
    def loss(beta):
        line = design @ beta
        value = counts @ (np.logaddexp(0, line) - scores * line) + ridge @ beta**2 / 2
        return value, design.T @ (counts * (expit(line) - scores)) + ridge * beta

    start = np.zeros(design.shape[1])
    return minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-7}).x


def _judged(strength, pull, lengths, seed):
    """Return scores of a judge to whom an answer is better the longer it is."""
    random = np.random.default_rng(seed)
    return (random.random(lengths.shape) < expit(strength + pull * np.tanh(lengths))).astype(float)


def test_each_refit_equals_scipys_on_the_same_resample():
    random = np.random.default_rng(2)
    design = np.column_stack([np.ones(90), np.tanh(random.normal(size=90)), random.normal(size=90)])
    scores = random.choice([0.0, 0.5, 1.0], 90)
    counts = resample_counts(90, 15, 4)
    ours = refit(design, scores, RIDGE, counts, fit_once(design, scores, RIDGE))
    for beta, weights in zip(ours, counts, strict=True):
        assert beta == pytest.approx(_by_scipy(design, scores, weights, RIDGE), abs=1e-5)


def test_the_interval_is_made_of_refits_on_the_shared_resamples():
    random = np.random.default_rng(6)
    scores = random.choice([0.0, 0.5, 1.0], (3, 60))
    lengths, baseline = random.integers(5, 60, (3, 60)) * 1.0, random.integers(5, 60, 60) * 1.0
    found = length_controlled(scores, lengths, baseline, seed=9, resamples=40, level=0.9)
    gamma, gap = difficulty(scores), lengths - baseline
    for entrant in range(3):
        longer = np.tanh(gap[entrant] / gap[entrant].std(ddof=1))
        design = np.column_stack([np.ones(60), longer, gamma[entrant]])
        drawn = []
        for weights in resample_counts(60, 40, 9):
            beta = _by_scipy(design, scores[entrant], weights, RIDGE)
            drawn.append(np.average(expit(beta[0] + beta[2] * gamma[entrant]), weights=weights))
        ends = found.low[entrant], found.high[entrant], found.error[entrant]
        wanted = (*np.quantile(drawn, [0.05, 0.95]), np.std(drawn, ddof=1))
        assert ends == pytest.approx(wanted, abs=1e-5)


def test_two_lengths_have_the_closed_form():
    # Longer by 10 on one half, which wins 80 in 100; shorter by 10 on the other, 50 in 100. The
    # fit is exact on both: θ is the mean of the log-odds (ln 4 + 0) / 2 = ln 2, so LC = 2/3.
    scores = np.concatenate([np.repeat([1.0, 0.0], [80, 20]), np.repeat([1.0, 0.0], [50, 50])])
    lengths, baseline = np.repeat([60.0, 40.0], 100), np.full(200, 50.0)
    found = length_controlled(scores[None], lengths[None], baseline, seed=1, resamples=100)
    assert scores.mean() == 0.65
    assert found.value[0] == pytest.approx(2 / 3, abs=1e-4)
    tanh = np.tanh(np.sqrt(199 / 200))
    assert found.effects[0, 0] == pytest.approx((logit(0.8) - logit(0.5)) / 2 / tanh, abs=2e-3)


def test_equal_differences_of_length_leave_the_raw_rate():
    scores = np.repeat([1.0, 0.5, 0.0], [50, 20, 30])[None]
    for longer in (0.0, 25.0):
        lengths = np.full((1, 100), 30 + longer)
        found = length_controlled(scores, lengths, np.full(100, 30.0), seed=1, resamples=20)
        assert found.value[0] == pytest.approx(0.6, abs=1e-5)
        assert found.effects[0, 0] == 0


def test_what_length_bought_is_taken_away():
    random = np.random.default_rng(12)
    lengths = random.normal(0.8, 1.0, (1, 4000))  # mostly longer, to a judge who likes that
    scores = _judged(0.0, 1.2, lengths / lengths.std(ddof=1), seed=13)
    found = length_controlled(scores, lengths, np.zeros(4000), seed=1, resamples=200)
    assert scores.mean() > 0.62
    assert found.value[0] == pytest.approx(0.5, abs=0.03)
    assert found.low[0] < 0.5 < found.high[0]
    assert found.effects[0, 0] == pytest.approx(1.2, abs=0.15)


def test_a_clean_sweep_and_a_clean_loss_are_finite():
    scores = np.array([np.ones(50), np.zeros(50), np.full(50, np.nan)])
    lengths = np.random.default_rng(1).integers(1, 99, (3, 50)) * 1.0
    found = length_controlled(scores, lengths, np.full(50, 50.0), seed=1, resamples=30)
    assert 0.99 < found.low[0] <= found.value[0] <= found.high[0] <= 1
    assert 0 <= found.low[1] <= found.value[1] <= found.high[1] < 0.01
    assert np.isnan([found.value[2], found.low[2], found.high[2]]).all()


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_a_covariate_that_is_nearly_constant_settles_where_scipy_does(seed):
    """Answers of one short length that nearly always lose: strength and style look the same."""
    random = np.random.default_rng(seed)
    theirs = random.integers(20, 80, 20)
    style = (4 - theirs) / (4 + theirs)
    design = np.column_stack([np.ones(20), style / style.std(ddof=1)])
    scores = np.zeros(20)
    scores[random.integers(20)], scores[random.integers(20)] = 1, 0.5
    ridge, counts = RIDGE[:2], resample_counts(20, 500, 1)
    ours = refit(design, scores, ridge, counts, fit_once(design, scores, ridge))
    for beta, weights in zip(ours[::25], counts[::25], strict=True):
        theirs = _by_scipy(design, scores, weights, ridge)
        assert expit(design @ beta) == pytest.approx(expit(design @ theirs), abs=1e-4)


def test_an_unscored_question_is_left_out_and_no_loss():
    random = np.random.default_rng(7)
    scores = random.choice([0.0, 0.5, 1.0], (1, 80))
    lengths, base = random.integers(5, 60, (1, 80)) * 1.0, np.full(80, 30.0)
    scores[0, 60:] = np.nan
    lengths[0, 60:] = np.resize(lengths[0, :60], 20)
    some = length_controlled(scores, lengths, base, seed=1, resamples=5)
    gap = lengths[0] - base
    design = np.column_stack([np.ones(60), np.tanh(gap / gap.std(ddof=1))[:60]])
    beta = _by_scipy(design, scores[0, :60], np.ones(60), RIDGE[:2])
    assert some.value[0] == pytest.approx(expit(beta[0]), abs=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_changing_sides_turns_the_rate_round(seed):
    random = np.random.default_rng(seed)
    scores = random.choice([0.0, 0.5, 1.0], (1, 50))
    lengths, base = random.integers(5, 60, (1, 50)) * 1.0, random.integers(5, 60, 50) * 1.0
    one = length_controlled(scores, lengths, base, seed=3, resamples=20)
    other = length_controlled(1 - scores, base[None], lengths[0], seed=3, resamples=20)
    assert other.value[0] == pytest.approx(1 - one.value[0], abs=1e-7)
    assert other.low[0] == pytest.approx(1 - one.high[0], abs=1e-6)


@given(st.integers(0, 10_000), st.integers(0, 49))
@settings(max_examples=15, deadline=None)
def test_another_win_raises_the_controlled_rate_where_lengths_do_not_tell(seed, question):
    random = np.random.default_rng(seed)
    scores = random.choice([0.0, 0.5], (1, 50))
    base = np.full(50, 30.0)
    before = length_controlled(scores, base[None], base, seed=3, resamples=2).value[0]
    scores[0, question] = 1.0
    assert length_controlled(scores, base[None], base, seed=3, resamples=2).value[0] > before


def test_difficulty_is_what_the_others_found():
    scores = np.array([[1.0, 0.0, 0.5], [1.0, 0.0, 0.5], [np.nan, 1.0, 1.0]])
    found = difficulty(scores)
    odds = np.log(
        [1.5 / 0.5, 1.5 / 1.5, 2.0 / 1.0]
    )  # of the first: the other two, half a win added
    assert found[0] == pytest.approx((odds - odds.mean()) / odds.std())
    assert (difficulty(scores[:1]) == 0).all()
    assert difficulty(np.tile([1.0, 0.0], (3, 2))).std(axis=1) == pytest.approx(1)


def test_known_difficulties_are_used_as_they_are():
    random = np.random.default_rng(21)
    gamma = random.normal(size=3000)
    scores = (random.random((1, 3000)) < expit(0.4 + 1.5 * gamma)).astype(float)
    lengths = random.integers(5, 60, (1, 3000)) * 1.0
    found = length_controlled(
        scores, lengths, np.full(3000, 30.0), seed=1, resamples=10, gamma=gamma
    )
    assert found.strength[0] == pytest.approx(0.4, abs=0.12)
    assert found.effects[0] == pytest.approx([0, 1.5], abs=0.15)
    assert found.value[0] == pytest.approx(scores.mean(), abs=0.02)


def test_questions_of_a_cluster_are_drawn_together():
    random = np.random.default_rng(5)
    scores = np.repeat(random.choice([0.0, 1.0], 40), 5)[None]
    lengths = np.full((1, 200), 3.0)
    alone = length_controlled(scores, lengths, lengths[0], seed=1, resamples=400)
    together = length_controlled(
        scores, lengths, lengths[0], seed=1, resamples=400, clusters=np.repeat(np.arange(40), 5)
    )
    assert together.error[0] == pytest.approx(np.sqrt(5) * alone.error[0], rel=0.15)


def test_styles_are_counted_as_chatbot_arena_counts_them():
    mine = ["# T\n- a\n- b\n1. c\n**x** and __y__\n", "plain", ""]
    theirs = ["12345", "plain", ""]
    found = style_differences(mine, theirs)
    length = len(mine[0])
    assert found[0] == pytest.approx(
        [(length - 5) / (length + 5), 1 / length, 3 / length, 2 / length]
    )
    assert (found[1:] == 0).all()


def test_what_bold_type_bought_is_taken_away():
    random = np.random.default_rng(31)
    styles = np.zeros((1, 3000, 4))
    styles[0, :, 3] = random.random(3000)  # always bolder than the baseline
    drawn = expit(-0.5 + 2 * styles[0, :, 3])
    scores = (random.random((1, 3000)) < drawn).astype(float)
    found = style_controlled(scores, styles, seed=1, resamples=100)
    assert scores.mean() > 0.58
    assert found.value[0] == pytest.approx(expit(-0.5), abs=0.04)
    assert found.effects[0, :3] == pytest.approx(0, abs=1e-9)


def test_the_same_seed_gives_the_same_bytes_and_blocks_change_nothing(monkeypatch):
    random = np.random.default_rng(8)
    scores = random.choice([0.0, 0.5, 1.0], (4, 70))
    lengths, base = random.integers(5, 60, (4, 70)) * 1.0, np.full(70, 30.0)
    runs = [length_controlled(scores, lengths, base, seed=2, resamples=30) for _ in range(2)]
    assert runs[0].low.tobytes() == runs[1].low.tobytes()
    monkeypatch.setattr("leaderboard.ranking.logistic.BLOCK", 500)
    cut = length_controlled(scores, lengths, base, seed=2, resamples=30)
    assert cut.low == pytest.approx(runs[0].low, abs=1e-9)


def test_units_are_sample_deviations_and_nothing_where_nothing_varies():
    assert in_units(np.array([[1.0, 3.0, 5.0]])).tolist() == [[0.5, 1.5, 2.5]]
    assert in_units(np.array([[4.0, 4.0], [0.0, 0.0]])).tolist() == [[0, 0], [0, 0]]
    assert in_units(np.array([[4.0]])).tolist() == [[0]]


def test_a_sigmoid_far_out_does_not_overflow():
    assert sigmoid(np.array([-1e6, 0.0, 1e6])).tolist() == pytest.approx([0, 0.5, 1])


@pytest.mark.slow
def test_95_percent_intervals_cover_the_truth_about_95_times_in_100():
    random = np.random.default_rng(17)
    lengths = random.normal(0.5, 1.0, (400, 250))
    scores = _judged(0.3, 0.8, lengths / lengths.std(axis=1, ddof=1, keepdims=True), seed=18)
    found = length_controlled(
        scores, lengths, np.zeros(250), seed=1, resamples=500, gamma=np.zeros(250)
    )
    truth = expit(0.3)
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    # 400 entrants: a true 94.5 % gives 0.915 to 0.97. The model's own mean over x is at Δ = 0.
    assert 0.91 <= covered <= 0.975
