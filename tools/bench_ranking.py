"""What ranking costs: a whole board against a loop, ratings against the package arena-rank.

`rows` gives what `tools/bench.py` writes; run alone (``python -m tools.bench_ranking``) it prints
the same rows. Results are compared before times are: a difference ends the program.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from leaderboard.ranking import length_controlled, rate, stand
from leaderboard.ranking.battles import KEYS, Battles, from_rows
from leaderboard.ranking.bradley import bootstrap, fit, paired, scaled
from leaderboard.ranking.controlled import COVARIATE_RIDGE, STRENGTH_RIDGE, difficulty, in_units
from leaderboard.ranking.resampling import FloatArray, resample_counts

ROOT = Path(__file__).resolve().parents[1]
ARENA = ROOT / "build" / "arena-venv"
# datasets is left out: arena-rank asks for it and the parts used here do not import it.
ARENA_NEEDS = ("jax==0.8.1", "numpy==2.3.3", "jaxtyping", "optax", "pandas")
TEAMS, QUESTIONS, PER_QUESTION = 50, 800, 49  # pairs on a question, each in both orders
LC_REFITS, BT_REFITS, RESAMPLES = 500, 2000, 2000
LOOP_LC, LOOP_BT, LOOP_MEANS = 4, 8, 100  # the loop's own numbers, scaled up
SEED, BOUND, TRIES = 2026, 3.0, 3

OURS = """
import json, sys
from pathlib import Path
from leaderboard.ranking.battles import read_battles
from leaderboard.ranking.bradley import fit, sandwich, sandwich_interval, scaled
battles = read_battles(Path(sys.argv[1]))
beta = fit(battles).beta
low, high = sandwich_interval(beta, sandwich(battles, beta), 0.95)
print(json.dumps([scaled(x).tolist() for x in (beta, low, high)]))
"""
THEIRS = """
import json, sys
import pandas as pd
from arena_rank.models.bradley_terry import BradleyTerry
from arena_rank.utils.data_utils import PairDataset
data = PairDataset.from_pandas(pd.read_json(sys.argv[1], lines=True))
found = BradleyTerry(len(data.competitors)).compute_ratings_and_cis(data)
keys = ("ratings", "rating_lower", "rating_upper")
print(json.dumps([found[key].tolist() for key in keys]))
"""


@dataclass(frozen=True)
class Sample:
    """A made board: what a judge said of every team on every question, and battles of teams."""

    names: tuple[str, ...]
    scores: FloatArray
    lengths: FloatArray
    baseline: FloatArray
    rows: tuple[tuple[str, str, str, str], ...]
    battles: Battles


def sample(seed: int = SEED) -> Sample:
    """Return 50 teams on 800 questions and 78 400 battles among them, all pairs as often."""
    random = np.random.default_rng(seed)
    skill, easy = random.normal(0, 0.5, TEAMS), random.normal(size=QUESTIONS)
    lengths = random.integers(20, 90, (TEAMS, QUESTIONS)).astype(np.float64)
    baseline = random.integers(20, 90, QUESTIONS).astype(np.float64)
    chance = expit(skill[:, None] + easy + 0.01 * (lengths - baseline))
    drawn = random.random((TEAMS, QUESTIONS))
    scores = np.where(drawn < 0.8 * chance, 1.0, np.where(drawn < 0.8 * chance + 0.2, 0.5, 0.0))
    names = tuple(f"team{number:02}" for number in range(TEAMS))
    rows = tuple(_battles(names, skill, random))
    return Sample(names, scores, lengths, baseline, rows, from_rows(rows))


def _battles(
    names: Sequence[str], skill: FloatArray, random: np.random.Generator
) -> Iterator[tuple[str, str, str, str]]:
    pairs = list(combinations(range(len(names)), 2))
    order = random.permutation(np.repeat(np.arange(len(pairs)), 32))
    for place, pair in enumerate(order):
        question = f"q{place % QUESTIONS:03}"
        for a, b in (pairs[pair], pairs[pair][::-1]):
            tied, won = random.random(2)
            decided = "model_a" if won < expit(skill[a] - skill[b]) else "model_b"
            yield names[a], names[b], "tie" if tied < 0.2 else decided, question


def board(made: Sample) -> None:
    """Compute a whole board: win rates, controlled ones, ratings, all pairs, rank sets."""
    stand(made.scores, made.names, seed=SEED, resamples=RESAMPLES)
    length_controlled(made.scores, made.lengths, made.baseline, seed=SEED, resamples=LC_REFITS)
    rate(made.battles, seed=SEED, resamples=BT_REFITS)


def loop(made: Sample) -> float:
    """Return the seconds of the same by a loop that refits with SciPy, scaled to all resamples."""
    covariates = np.tanh(in_units(made.lengths - made.baseline))
    gamma = difficulty(made.scores)
    counts = resample_counts(QUESTIONS, max(LOOP_LC, LOOP_BT, LOOP_MEANS), SEED)
    started = time.perf_counter()
    for team in range(TEAMS):
        design = np.column_stack([np.ones(QUESTIONS), covariates[team], gamma[team]])
        start = logistic_by_scipy(design, made.scores[team], np.ones(QUESTIONS), np.zeros(3))
        for weights in counts[:LOOP_LC]:
            found = logistic_by_scipy(design, made.scores[team], weights, start)
            np.average(expit(found[0] + found[2] * gamma[team]), weights=weights)
    controlled = (time.perf_counter() - started) * LC_REFITS / LOOP_LC
    started = time.perf_counter()
    start = np.zeros(TEAMS)
    for weights in counts[:LOOP_BT]:
        start = ratings_by_scipy(made.battles, weights, start)
    rated = (time.perf_counter() - started) * BT_REFITS / LOOP_BT
    return controlled + rated + _pairs_by_loop(made, counts[:LOOP_MEANS])


def _pairs_by_loop(made: Sample, counts: FloatArray) -> float:
    """Return the seconds of paired resampling, pair by pair, scaled."""
    started = time.perf_counter()
    for weights in counts:
        means = [float(weights @ row) / QUESTIONS for row in made.scores]
        [one - other for one, other in combinations(means, 2)]
    return (time.perf_counter() - started) * RESAMPLES / len(counts)


def logistic_by_scipy(
    design: FloatArray, scores: FloatArray, weights: FloatArray, start: FloatArray
) -> FloatArray:
    """Fit one penalised logistic regression with scipy.optimize, given its gradient."""
    ridge = np.array([STRENGTH_RIDGE] + [COVARIATE_RIDGE] * (design.shape[1] - 1))

    def loss(beta: FloatArray) -> tuple[float, FloatArray]:
        line = design @ beta
        value = weights @ (np.logaddexp(0, line) - scores * line) + ridge @ beta**2 / 2
        slope = design.T @ (weights * (expit(line) - scores)) + ridge * beta
        return float(value), slope

    return minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-4}).x


def ratings_by_scipy(battles: Battles, weights: FloatArray, start: FloatArray) -> FloatArray:
    """Fit Bradley–Terry of one resample of the questions with scipy.optimize."""
    pairs, pair, points = paired(battles)
    often = weights[battles.question]
    met = np.bincount(pair, often, minlength=len(pairs.first))
    won = np.bincount(pair, often * points, minlength=len(pairs.first))

    def loss(beta: FloatArray) -> tuple[float, FloatArray]:
        gap = beta[pairs.first] - beta[pairs.second]
        pull = met * expit(gap) - won
        slope = np.bincount(pairs.first, pull, minlength=len(beta))
        slope = slope - np.bincount(pairs.second, pull, minlength=len(beta))
        value = met @ np.logaddexp(0, gap) - won @ gap + 1e-6 * beta @ beta / 2
        return float(value), slope + 1e-6 * beta

    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-3}).x


def ensure_arena() -> Path:
    """Return the Python that has arena-rank, which needs another numpy; skipped when there."""
    python = ARENA / "bin" / "python"
    done = ARENA / "done"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", ARENA], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *ARENA_NEEDS], check=True)
        subprocess.run([*pip, "--no-deps", "arena-rank==0.1.1"], check=True)
        done.touch()
    return python


def against_arena(made: Sample) -> tuple[float, float]:
    """Return the seconds of a fresh process that loads, fits and prints intervals: ours, theirs.

    The smallest of some tries each: that one was disturbed least.
    """
    arena = ensure_arena()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "battles.jsonl"
        lines = [json.dumps(dict(zip(KEYS, row, strict=True))) for row in made.rows]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        ours = [_fresh([sys.executable, "-c", OURS, file]) for _ in range(TRIES)]
        theirs = [_fresh([arena, "-c", THEIRS, file]) for _ in range(TRIES)]
    gap = np.abs(np.array(ours[0][1]) - np.array(theirs[0][1])).max()
    if gap > 0.01:
        sys.exit(f"bench: ratings or intervals differ from arena-rank's by {gap}")
    return min(seconds for seconds, _ in ours), min(seconds for seconds, _ in theirs)


def _fresh(command: Sequence[Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    done = subprocess.run(
        list(map(str, command)), check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    return time.perf_counter() - started, json.loads(done.stdout)


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _row(name: str, ours: float, other: float, against: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours": round(ours, 3),
        "other": round(other, 3),
        "ratio": round(other / ours, 2),
        "unit": "s",
        "against": against,
        "command": "make bench",
    }


def _same_as_the_loop(made: Sample) -> None:
    """End the program if the fast board and the loop disagree."""
    counts = resample_counts(QUESTIONS, 3, SEED)
    fitted = fit(made.battles)
    fast = scaled(bootstrap(made.battles, fitted, seed=SEED, resamples=3))
    slow = scaled(np.array([ratings_by_scipy(made.battles, one, fitted.beta) for one in counts]))
    gap = float(np.abs(fast - slow + (slow - fast).mean(axis=1, keepdims=True)).max())
    if math.isnan(gap) or gap > 0.01:
        sys.exit(f"bench: refitted ratings differ from SciPy's by {gap}")


def rows() -> list[dict[str, Any]]:
    """Measure, and return the rows board_seconds, board_ratio and bt_vs_arena_rank_ratio."""
    made = sample()
    _same_as_the_loop(made)
    board(made)
    seconds = min(_timed(lambda: board(made)) for _ in range(TRIES))
    slow = loop(made)
    ours, theirs = against_arena(made)
    what = f"{TEAMS} teams, {QUESTIONS} questions, {len(made.rows)} battles"
    return [
        _row("board_seconds", seconds, BOUND, f"the bound of {BOUND:g} s; {what}"),
        _row(
            "board_ratio",
            seconds,
            slow,
            f"a loop that refits with scipy per resample, {LOOP_LC} of {LC_REFITS} and {LOOP_BT} "
            f"of {BT_REFITS} refits and {LOOP_MEANS} of {RESAMPLES} resamples, scaled; {what}",
        ),
        _row(
            "bt_vs_arena_rank_ratio",
            ours,
            theirs,
            f"arena-rank 0.1.1 in a fresh process: load {len(made.rows)} battles, fit, sandwich "
            "intervals; results equal to 0.01 rating points",
        ),
    ]


def main() -> None:
    """Print the rows."""
    print(json.dumps(rows(), indent=2))


if __name__ == "__main__":
    main()
