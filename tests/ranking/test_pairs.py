"""Paired tests and Holm's correction against enumeration, SciPy and simulated truth."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import binomtest, ttest_rel

from leaderboard.ranking.pairs import (
    adjusted,
    comparison_of,
    decide,
    differences,
    holm,
    p_values,
    sign_flip,
)


def _one(halves, wholes, ahead):
    return sign_flip(*(np.array([number]) for number in (halves, wholes, ahead)))[0]


@pytest.mark.parametrize(("halves", "wholes"), [(0, 0), (1, 0), (0, 3), (4, 3), (5, 5), (7, 2)])
def test_the_sign_flip_test_equals_going_through_all_signs(halves, wholes):
    sizes = [1] * halves + [2] * wholes
    sums = np.array([np.dot(signs, sizes) for signs in product((-1, 1), repeat=len(sizes))])
    for ahead in {int(one) for one in sums}:
        wanted = (np.abs(sums) >= abs(ahead)).mean() if ahead else 1.0
        assert _one(halves, wholes, ahead) == pytest.approx(wanted, rel=1e-12)


def test_many_questions_have_tails_far_below_what_resamples_can_show():
    # All of 800 wins: 2 / 2^800 is no number any more than 0 is, and 60 of them are 2^-59.
    assert _one(0, 60, 120) == pytest.approx(2.0**-59, rel=1e-9)
    assert _one(0, 800, 1600) < 1e-200


def test_scores_of_0_and_1_get_mcnemars_test():
    random = np.random.default_rng(3)
    right = (random.random((8, 60)) < np.linspace(0.3, 0.9, 8)[:, None]).astype(float)
    right[7] = right[6]
    assert comparison_of(right) == "mcnemar_holm"
    found = p_values(right)
    for i, j in combinations(range(8), 2):
        first, second = ((right[a] > right[b]).sum() for a, b in ((i, j), (j, i)))
        wanted = binomtest(int(first), int(first + second)).pvalue if first + second else 1
        assert found[i, j] == found[j, i] == pytest.approx(wanted, rel=1e-9)


def test_other_scores_get_students_paired_t():
    random = np.random.default_rng(4)
    scores = random.random((4, 50))
    scores[1] += 0.2
    assert comparison_of(scores) == "paired_t_holm"
    found = p_values(scores)
    for i, j in combinations(range(4), 2):
        assert found[i, j] == pytest.approx(ttest_rel(scores[i], scores[j]).pvalue, rel=1e-6)


def test_equal_answers_are_no_evidence_in_any_test():
    for scores in (np.tile([1.0, 0.5, 0.0], (2, 9)), np.tile([0.3, 0.1, 0.7], (2, 9))):
        assert (p_values(scores) == 1).all()


def test_a_constant_lead_is_evidence_in_students_test():
    scores = np.array([[0.31, 0.42, 0.53, 0.7], [0.21, 0.32, 0.43, 0.6]])
    assert p_values(scores)[0, 1] < 1e-9


def test_a_question_without_a_score_counts_for_no_pair_of_its_entrant():
    random = np.random.default_rng(5)
    scores = random.choice([0.0, 0.5, 1.0], (3, 40))
    missing = scores.copy()
    missing[0, :10] = np.nan
    found, whole = p_values(missing), p_values(scores)
    assert found[0, 1] == pytest.approx(p_values(scores[:, 10:])[0, 1], rel=1e-12)
    assert found[1, 2] == whole[1, 2]
    number, mean, error = differences(missing)
    gap = scores[0, 10:] - scores[1, 10:]
    assert (number[0, 1], mean[0, 1]) == (30, pytest.approx(gap.mean()))
    assert error[0, 1] == pytest.approx(gap.std(ddof=1) / np.sqrt(30))


TABLES = hnp.arrays(
    float, st.tuples(st.integers(2, 4), st.integers(1, 25)), elements=st.sampled_from([0, 0.5, 1])
)


@given(TABLES)
@settings(max_examples=40, deadline=None)
def test_p_values_are_symmetric_and_lie_between_0_and_1(scores):
    found = p_values(scores)
    assert (found == found.T).all()
    assert ((found > 0) & (found <= 1)).all()
    assert p_values(1 - scores) == pytest.approx(found, rel=1e-9)


P_VALUES = hnp.arrays(float, st.integers(0, 12), elements=st.floats(1e-9, 1))


@given(P_VALUES, st.sampled_from([0.01, 0.05, 0.1]))
def test_holm_rejects_what_its_definition_rejects(found, alpha):
    wanted = np.zeros(len(found), dtype=bool)
    for step, hypothesis in enumerate(np.argsort(found, kind="stable")):
        if found[hypothesis] > alpha / (len(found) - step):
            break
        wanted[hypothesis] = True
    assert holm(found, alpha).tolist() == wanted.tolist()


def test_holm_adjusts_as_computed_by_hand():
    # 4 · 0.01, 3 · 0.013, then 2 · 0.02 and 0.9; none below the one before.
    wanted = [0.9, 0.04, 0.04, 0.04]
    assert adjusted(np.array([0.9, 0.013, 0.01, 0.02])) == pytest.approx(wanted)


@given(P_VALUES)
def test_an_adjusted_p_value_is_the_least_level_of_rejection(found):
    for one, alpha in enumerate(adjusted(found)):
        assert alpha == 1 or holm(found, alpha * (1 + 1e-9))[one]
        assert not holm(found, alpha * (1 - 1e-9))[one]


def test_a_large_class_is_told_apart():
    # 40 entrants are 780 pairs: no count of 2000 resamples gets below 0.05 / 780.
    random = np.random.default_rng(19)
    skill = np.repeat([0.75, 0.4], 20)[:, None]
    drawn = random.random((40, 1000))
    scores = np.where(drawn < skill, 1.0, np.where(drawn < skill + 0.15, 0.5, 0.0))
    found = decide(scores, 0.95).better
    assert found[:20, 20:].all()
    assert not found[20:].any()
    assert not found[:20, :20].any()


@pytest.mark.slow
def test_equal_skill_is_told_apart_less_often_than_once_in_20_boards():
    random = np.random.default_rng(13)
    apart = sum(
        decide(random.choice([0.0, 0.5, 1.0], (12, 200)), 0.95).better.any() for _ in range(400)
    )
    assert apart <= 32  # a true 5 % gives more than 32 of 400 once in 400 runs
