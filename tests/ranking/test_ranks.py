"""Places, rank ranges, tiers, chances and gains against counting by hand."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import binomtest, rankdata

from leaderboard.ranking.pairs import decide, p_values
from leaderboard.ranking.ranks import RankRange, gain, places, rank_ranges, tiers, top_chances


def test_equals_share_a_place_and_the_next_is_left_out():
    assert places(np.array([0.5, 0.9, 0.5, 0.1, 0.5])).tolist() == [2, 1, 2, 5, 2]


@given(hnp.arrays(float, st.integers(1, 12), elements=st.sampled_from([0.1, 0.2, 0.3, 0.4])))
def test_places_are_scipys_minimum_ranks(values):
    assert places(values).tolist() == rankdata(-values, method="min").tolist()


@pytest.mark.parametrize("seed", range(8))
def test_rank_ranges_equal_counting_by_hand(seed):
    random = np.random.default_rng(seed)
    entrants = int(random.integers(2, 6))
    right = (random.random((entrants, 40)) < random.random(entrants)[:, None]).astype(float)
    pairs = {}
    for i, j in combinations(range(entrants), 2):
        first, second = int((right[i] > right[j]).sum()), int((right[j] > right[i]).sum())
        pairs[i, j] = binomtest(first, first + second).pvalue if first + second else 1.0
    told = set()
    for step, (pair, p_value) in enumerate(sorted(pairs.items(), key=lambda item: item[1])):
        if p_value > 0.05 / (len(pairs) - step):
            break
        told.add(pair)
    for i, found in enumerate(rank_ranges(right.mean(axis=1), decide(right, 0.95).better)):
        others = [j for j in range(entrants) if (min(i, j), max(i, j)) in told]
        above = sum(right[j].sum() > right[i].sum() for j in others)
        assert found == RankRange(1 + above, entrants - (len(others) - above))


def test_equals_share_the_range_that_holds_all_of_theirs():
    beats = np.zeros((4, 4), dtype=bool)
    beats[0, 2] = beats[1, 3] = True  # of the equals 1 and 2 one is beaten, the other beats
    found = rank_ranges(np.array([0.9, 0.5, 0.5, 0.1]), beats)
    assert found[1] == found[2] == RankRange(1, 4)
    assert found[0] == RankRange(1, 3)
    assert found[3] == RankRange(2, 4)


def test_a_range_holds_the_place_even_where_pairs_disagree_with_scores():
    beats = np.zeros((2, 2), dtype=bool)
    beats[1, 0] = True  # on the questions that both have, the second is better
    assert rank_ranges(np.array([0.9, 0.5]), beats) == (RankRange(1, 2), RankRange(1, 2))


def test_a_tier_begins_where_its_predecessors_first_is_better():
    values = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    beats = np.zeros((5, 5), dtype=bool)
    beats[0, 2:] = beats[2, 4] = True
    assert tiers(values, beats).tolist() == [1, 1, 2, 2, 3]
    assert tiers(values, beats, most=2).tolist() == [1, 1, 2, 2, 2]
    assert tiers(values[::-1], beats[::-1, ::-1]).tolist() == [3, 2, 2, 1, 1]


def test_one_of_equals_that_cannot_be_told_apart_keeps_all_in_the_tier():
    beats = np.zeros((3, 3), dtype=bool)
    beats[0, 1] = True
    assert tiers(np.array([0.9, 0.5, 0.5]), beats).tolist() == [1, 1, 1]
    beats[0, 2] = True
    assert tiers(np.array([0.9, 0.5, 0.5]), beats).tolist() == [1, 2, 2]


@given(
    hnp.arrays(
        float, st.tuples(st.integers(2, 6), st.just(30)), elements=st.sampled_from([0, 0.5, 1])
    )
)
@settings(max_examples=30, deadline=None)
def test_who_scores_more_is_never_in_a_worse_tier_or_place(scores):
    values, beats = scores.mean(axis=1), decide(scores, 0.95).better
    place, tier, ranges = places(values), tiers(values, beats), rank_ranges(values, beats)
    for i, j in combinations(range(len(scores)), 2):
        up, down = (i, j) if values[i] >= values[j] else (j, i)
        assert place[up] <= place[down]
        assert tier[up] <= tier[down]
        if values[i] == values[j]:
            assert (place[i], tier[i], ranges[i]) == (place[j], tier[j], ranges[j])
    assert all(one.low <= at <= one.high for one, at in zip(ranges, place, strict=True))


def test_chances_of_the_top_count_resamples():
    means = np.array([[0.9, 0.5, 0.7, 0.4], [0.8, 0.5, 0.9, 0.6], [0.1, 0.4, 0.2, 0.5]])
    found = top_chances(means, (1, 2))
    assert found.tolist() == [[0.5, 0.75], [0.75, 1.0], [0.0, 0.25]]


def test_a_gain_of_that_much_is_significant_and_a_smaller_one_is_not():
    random = np.random.default_rng(3)
    scores = random.choice([0.0, 0.5, 1.0], (2, 400))
    gap = scores[1] - scores[0]
    needed = gain(gap.mean(), gap.std(ddof=1) / 20, 0.05, 400)
    for share, significant in ((1.25, True), (0.75, False)):
        better_ = scores.copy()
        losses = np.flatnonzero(scores[1] < 1)
        halves = round(share * needed * 400 * 2)
        for question in np.resize(random.permutation(losses), 800):
            if halves and better_[1, question] < 1:
                better_[1, question] += 0.5
                halves -= 1
        assert (p_values(better_)[0, 1] <= 0.05) == significant


def test_twins_need_the_questions_that_an_exact_test_needs():
    assert gain(0.0, 0.0, 0.05, 100) == 0.06  # 2 / 2^6 is below 0.05, 2 / 2^5 is not
