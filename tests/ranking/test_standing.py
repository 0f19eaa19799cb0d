"""A whole ranking: what fills the standings, and what changes nothing."""

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.core.errors import CourseError
from leaderboard.ranking import stand

NAMES = ("бета", "alpha", "gamma", "delta")


@pytest.fixture(scope="module")
def scores():
    random = np.random.default_rng(2)
    drawn = random.random((4, 120))
    skill = np.array([0.7, 0.45, 0.7, 0.15])[:, None]
    table = np.where(drawn < skill, 1.0, np.where(drawn < skill + 0.1, 0.5, 0.0))
    table[2] = table[0, ::-1]  # as good as the first, on other questions
    return table


def test_rows_are_in_order_and_equals_share_everything_but_their_name(scores):
    found = stand(scores, NAMES, seed=1, resamples=400)
    assert [row.name for row in found.rows] == ["gamma", "бета", "alpha", "delta"]
    first, second, third, fourth = found.rows
    assert [row.place for row in found.rows] == [1, 1, 3, 4]
    assert (first.rank_low, first.rank_high, first.tier) == (1, 2, 1)
    assert (second.rank_low, second.rank_high, second.tier) == (1, 2, 1)
    assert first.score.value == second.score.value
    assert (third.tier, fourth.tier) == (2, 3)
    assert first.gain is second.gain is None
    assert third.gain > first.score.value - third.score.value
    assert found.comparison == "signflip_holm"
    assert (found.questions, found.resamples, found.seed) == (120, 400, 1)


def test_chances_of_the_top_sum_as_ranks_do(scores):
    found = stand(scores[[1, 3]], ("a", "b"), seed=1, resamples=500, top=(1, 2))
    assert found.rows[0].top[1] + found.rows[1].top[1] == 1
    assert [row.top[2] for row in found.rows] == [1, 1]


def test_pairs_are_all_there_in_the_order_of_rows_and_point_down(scores):
    found = stand(scores, NAMES, seed=1, resamples=400)
    order = [row.name for row in found.rows]
    wanted = [(a, b) for place, a in enumerate(order) for b in order[place + 1 :]]
    assert [(pair.first, pair.second) for pair in found.pairs] == wanted
    value = {row.name: row.score.value for row in found.rows}
    for pair in found.pairs:
        gap = value[pair.first] - value[pair.second]
        assert pair.difference.value == pytest.approx(gap, abs=Decimal("0.0002"))
        assert pair.difference.low <= pair.difference.value <= pair.difference.high
        assert pair.p_value <= pair.adjusted
    assert found.pairs[0].p_value == 1


def test_ranks_follow_from_the_adjusted_p_values(scores):
    found = stand(scores, NAMES, seed=1, resamples=10)
    for row in found.rows:
        worse = sum(p.first == row.name and p.adjusted <= Decimal("0.05") for p in found.pairs)
        better = sum(p.second == row.name and p.adjusted <= Decimal("0.05") for p in found.pairs)
        assert (row.rank_low, row.rank_high) == (1 + better, 4 - worse)


@given(st.permutations(range(4)), st.permutations(range(30)))
@settings(max_examples=15, deadline=None)
def test_the_order_of_entrants_and_questions_changes_nothing(rows, columns):
    table = np.random.default_rng(3).choice([0.0, 0.5, 1.0, np.nan], (4, 30))
    ids = [f"q{number:02}" for number in range(30)]
    whole = stand(table, NAMES, seed=5, resamples=60, questions=ids)
    turned = stand(
        table[rows][:, columns],
        [NAMES[row] for row in rows],
        seed=5,
        resamples=60,
        questions=[ids[column] for column in columns],
    )
    assert whole == turned


@given(st.integers(0, 10_000), st.integers(0, 3), st.integers(0, 39))
@settings(max_examples=15, deadline=None)
def test_a_better_answer_never_costs_a_place(seed, entrant, question):
    table = np.random.default_rng(seed).choice([0.0, 0.5, 1.0], (4, 40))
    before = {row.name: row for row in stand(table, NAMES, seed=1, resamples=20).rows}
    table[entrant, question] = 1.0
    after = {row.name: row for row in stand(table, NAMES, seed=1, resamples=20).rows}
    name = NAMES[entrant]
    assert after[name].place <= before[name].place
    assert after[name].score.value >= before[name].score.value
    assert after[name].score.low >= before[name].score.low


def test_intervals_are_shared_resamples_so_twins_differ_by_exactly_nothing(scores):
    twins = stand(np.stack([scores[0], scores[0]]), ("a", "b"), seed=1, resamples=200)
    assert twins.rows[0].score == twins.rows[1].score
    difference = twins.pairs[0].difference
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert [row.top[1] for row in twins.rows] == [1, 1]


def test_unscored_questions_are_left_out_of_a_pair(scores):
    table = scores.copy()
    table[0, :60] = np.nan
    found = stand(table, NAMES, seed=1, resamples=300)
    row = next(row for row in found.rows if row.name == NAMES[0])
    assert row.unscored == Decimal("0.5000")
    pair = next(p for p in found.pairs if {p.first, p.second} == {NAMES[0], NAMES[3]})
    gap = (scores[0, 60:] - scores[3, 60:]).mean()
    assert float(pair.difference.value) == pytest.approx(gap, abs=1e-4)
    assert pair.difference.low < pair.difference.value < pair.difference.high


def test_tiers_can_be_capped(scores):
    found = stand(scores, NAMES, seed=1, resamples=10, most_tiers=2)
    assert [row.tier for row in found.rows] == [1, 1, 2, 2]


def test_other_scores_are_ranked_too():
    random = np.random.default_rng(9)
    table = np.clip(random.normal([[0.3], [0.6], [0.62]], 0.1, (3, 200)), 0, 1)
    found = stand(table, ("a", "b", "c"), seed=1, resamples=100)
    assert found.comparison == "paired_t_holm"
    assert found.rows[-1].rank_low == 3
    values = [row.score.value for row in found.rows]
    assert all(one >= other for one, other in pairwise(values))


def test_nobody_and_somebody_alone_are_ranked():
    assert stand(np.zeros((0, 5)), (), seed=1).rows == ()
    (only,) = stand(np.array([[1.0, 0.0]]), ("a",), seed=1, resamples=20).rows
    assert (only.place, only.rank_low, only.rank_high, only.tier, only.gain) == (1, 1, 1, 1, None)


@pytest.mark.parametrize(
    ("table", "names", "settings_"),
    [
        (np.ones((2, 3)), ("a", "a"), {}),
        (np.ones((2, 3)), ("a",), {}),
        (np.ones((1, 3)), ("a",), {"questions": ["q"]}),
        (np.ones((1, 0)), ("a",), {}),
        (np.array([[np.nan, np.nan]]), ("a",), {}),
        (np.ones((1, 3)), ("a",), {"level": Decimal(1)}),
        (np.ones((1, 3)), ("a",), {"resamples": 0}),
    ],
)
def test_what_cannot_be_ranked_is_refused(table, names, settings_):
    with pytest.raises(CourseError):
        stand(table, names, seed=1, **settings_)


@pytest.mark.slow
def test_all_true_ranks_lie_in_their_ranges_at_least_95_times_in_100():
    random = np.random.default_rng(17)
    skills = np.array([0.75, 0.7, 0.6, 0.57, 0.4, 0.2])[:, None]
    missed = 0
    for _ in range(200):
        drawn = random.random((6, 200))
        table = np.where(drawn < skills, 1.0, np.where(drawn < skills + 0.1, 0.5, 0.0))
        rows = {row.name: row for row in stand(table, "abcdef", seed=1, resamples=10).rows}
        missed += any(
            not rows[name].rank_low <= rank <= rows[name].rank_high
            for rank, name in enumerate("abcdef", 1)
        )
    assert missed <= 10
