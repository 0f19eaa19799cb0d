"""Raw win rates against counting by hand, SciPy and simulated truth."""

import numpy as np
import pytest
from scipy.stats import binom, bootstrap, sem

from graders.core.errors import CourseError
from leaderboard.ranking.resampling import (
    percentile_interval,
    resample_counts,
    resampled,
)
from leaderboard.ranking.winrates import estimates, resampled_means, win_rates


def test_a_win_rate_is_wins_and_half_of_ties_over_all():
    scores = np.array([np.repeat([1.0, 0.5, 0.0], [6, 3, 1])])
    found = win_rates(scores, seed=1, resamples=50)
    assert found.value[0] == (6 + 3 / 2) / 10
    assert found.error[0] == pytest.approx(sem(scores[0]))
    assert found.unscored[0] == 0


def test_an_unscored_question_is_no_loss():
    scores = np.array([[1.0, np.nan, 0.5, np.nan], [np.nan] * 4, [1.0, np.nan, np.nan, np.nan]])
    found = win_rates(scores, seed=1, resamples=200)
    assert found.value[0] == 0.75
    assert found.error[0] == pytest.approx(sem([1, 0.5]))
    assert found.unscored.tolist() == [0.5, 1.0, 0.75]
    assert np.isnan(found.value[1])
    assert (found.low[2], found.high[2]) == (1.0, 1.0)
    assert np.isnan(found.error[2])
    shown = estimates(found.value, found.low, found.high)
    assert shown[1] is None
    assert str(shown[0].value) == "0.7500"


def test_resampled_means_are_means_over_the_resamples_written_out():
    random = np.random.default_rng(1)
    scores = random.choice([0.0, 0.5, 1.0, np.nan], (4, 30), p=[0.3, 0.3, 0.3, 0.1])
    ours = resampled_means(scores, 7, 260)
    for number, counts in enumerate(resample_counts(30, 260, 7).astype(int)):
        written = np.repeat(scores, counts, axis=1)
        assert ours[:, number] == pytest.approx(np.nanmean(written, axis=1))


def test_every_resample_has_as_many_questions_as_there_are():
    chunks = list(resampled(37, 601, seed=1))
    assert sum(len(chunk) for chunk in chunks) == 601
    assert all((chunk.sum(axis=1) == 37).all() for chunk in chunks)
    assert np.concatenate(chunks).mean() == 1


def test_the_interval_of_a_share_of_wins_is_that_of_the_binomial_law():
    # Resampling a share is drawing from a binomial law, exactly.
    won = np.array([np.arange(400) < hits for hits in (200, 330, 396)], dtype=float)
    low, high = percentile_interval(resampled_means(won, 2, 20_000), 0.95)
    shares = won.mean(axis=1)
    assert low == pytest.approx(binom.ppf(0.025, 400, shares) / 400, abs=1.01 / 400)
    assert high == pytest.approx(binom.ppf(0.975, 400, shares) / 400, abs=1.01 / 400)


def test_the_percentile_interval_agrees_with_scipy():
    scores = np.random.default_rng(5).choice([0.0, 0.5, 1.0], 300)
    theirs = bootstrap(
        (scores,), np.mean, n_resamples=9999, method="percentile", rng=1
    ).confidence_interval
    found = win_rates(scores[None], seed=1, resamples=9999)
    assert [found.low[0], found.high[0]] == pytest.approx([theirs.low, theirs.high], abs=1.01 / 300)


def test_95_percent_intervals_cover_the_truth_about_95_times_in_100():
    random = np.random.default_rng(11)
    scores = random.choice([0.0, 0.5, 1.0], (600, 250), p=[0.3, 0.2, 0.5])
    found = win_rates(scores, seed=4, resamples=1000)
    covered = ((found.low <= 0.6) & (found.high >= 0.6)).mean()
    # 600 boards: a true 94 % (the percentile method is a little short) gives 0.91 to 0.97.
    assert 0.91 <= covered <= 0.97


def test_missing_values_are_left_out_of_an_interval():
    values = np.array([[1.0, np.nan, 3.0, 2.0], [np.nan] * 4, [1.0, 2.0, 3.0, 4.0]])
    low, high = percentile_interval(values, 0.5)
    assert low[[0, 2]].tolist() == [1.5, 1.75]
    assert high[[0, 2]].tolist() == [2.5, 3.25]
    assert np.isnan([low[1], high[1]]).all()


@pytest.mark.parametrize(
    ("scores", "level", "resamples"),
    [
        (np.zeros((2, 0)), 0.95, 10),
        (np.zeros(3), 0.95, 10),
        (np.array([[np.inf]]), 0.95, 10),
        (np.zeros((1, 3)), 1.0, 10),
        (np.zeros((1, 3)), 0.95, 0),
    ],
)
def test_what_no_interval_can_be_computed_from_is_refused(scores, level, resamples):
    with pytest.raises(CourseError):
        win_rates(scores, seed=1, resamples=resamples, level=level)
