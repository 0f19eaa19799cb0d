"""The two sides of the bench compute the same, so that its ratio compares like with like."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from leaderboard.ranking import length_controlled, rate
from leaderboard.ranking.battles import KEYS
from leaderboard.ranking.controlled import difficulty, in_units
from leaderboard.ranking.logistic import sigmoid
from tools import bench_ranking

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made():
    return bench_ranking.sample()


def test_the_sample_is_the_size_that_is_claimed(made):
    assert made.scores.shape == (50, 800)
    assert len(made.rows) == 78_400
    assert set(Counter(row[3] for row in made.rows).values()) == {98}
    assert set(Counter(frozenset(row[:2]) for row in made.rows).values()) == {64}


def test_the_loop_and_the_board_refit_to_the_same_ratings(made):
    bench_ranking._same_as_the_loop(made)  # ends the program where they differ


def test_the_loop_and_the_board_fit_the_same_controlled_rate(made):
    table = made.scores[:3], made.lengths[:3]
    found = length_controlled(*table, made.baseline, seed=1, resamples=5)
    gamma, covariates = difficulty(table[0]), np.tanh(in_units(table[1] - made.baseline))
    for team in range(3):
        design = np.column_stack([np.ones(800), covariates[team], gamma[team]])
        beta = bench_ranking.logistic_by_scipy(design, table[0][team], np.ones(800), np.zeros(3))
        wanted = sigmoid(beta[0] + beta[2] * gamma[team]).mean()
        assert found.value[team] == pytest.approx(wanted, abs=1e-5)


def test_the_fresh_process_prints_what_rating_the_battles_gives(made, tmp_path):
    file = tmp_path / "battles.jsonl"
    lines = [json.dumps(dict(zip(KEYS, row, strict=True))) for row in made.rows]
    file.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", bench_ranking.OURS, file], check=True, cwd=ROOT, stdout=-1
    )
    rated = {row.model: row for row in rate(made.battles, seed=1, resamples=2).models}
    wanted = [
        [getattr(rated[name], key) for name in made.names]
        for key in ("rating", "sandwich_low", "sandwich_high")
    ]
    assert np.array(json.loads(done.stdout)) == pytest.approx(np.array(wanted), abs=1e-3)
