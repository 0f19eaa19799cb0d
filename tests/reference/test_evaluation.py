"""Numbers against scikit-learn and SciPy, answers against one headline at a time."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import module

evaluation = module("evaluation")
answers = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40)
HEADLINES = [
    "man walks dog",
    "area man confirms that he has, in fact, always been right about it",
    "a",
    "",
    "senate votes on the bill after a long night of talks",
]


@given(answers)
def test_accuracy_and_macro_f1_are_scikit_learns(pairs):
    from sklearn.metrics import accuracy_score, f1_score

    gold, guess = map(list, zip(*pairs, strict=True))
    assert evaluation.accuracy(gold, guess) == pytest.approx(accuracy_score(gold, guess))
    expected = f1_score(gold, guess, labels=[0, 1], average="macro", zero_division=0)
    assert evaluation.macro_f1(gold, guess) == pytest.approx(expected)


@pytest.mark.parametrize(("right", "count", "level"), [(140, 200, 0.95), (30, 50, 0.8)])
def test_the_bootstrap_interval_is_scipys_percentile_interval(right, count, level):
    from scipy.stats import bootstrap

    values = [1.0] * right + [0.0] * (count - right)
    expected = bootstrap(
        (values,),
        np.mean,
        confidence_level=level,
        n_resamples=10_000,
        method="percentile",
        rng=np.random.default_rng(7),
    ).confidence_interval
    found = evaluation.bootstrap_ci(values, level, 10_000, seed=3)
    # Ends are quantiles of multiples of 1 / count: two samples of draws differ by one at most.
    assert found == pytest.approx((expected.low, expected.high), abs=1 / count + 1e-9)


def test_the_bootstrap_depends_on_its_seed_alone():
    values = list(np.random.default_rng(0).normal(size=30))
    first, again, other = (evaluation.bootstrap_ci(values, 0.95, 500, s) for s in (1, 1, 2))
    assert first == again
    assert first != other
    assert evaluation.bootstrap_ci([0.7] * 9, 0.95, 100, 1) == pytest.approx((0.7, 0.7))


def test_the_permutation_test_nears_the_exact_p_value():
    from scipy.stats import permutation_test

    rng = np.random.default_rng(5)
    first, second = rng.integers(0, 2, 12).astype(float), np.zeros(12)
    second[:3] = 1.0

    def statistic(a, b, axis):
        return np.sum(a - b, axis=axis)

    exact = permutation_test(
        (first, second), statistic, permutation_type="samples", vectorized=True, n_resamples=5000
    ).pvalue
    differences = first - second
    sums = [abs(np.dot(s, differences)) for s in itertools.product((-1, 1), repeat=12)]
    by_hand = np.mean(np.array(sums) >= abs(differences.sum()) - 1e-9)
    assert exact == pytest.approx(by_hand)  # 2 ** 12 patterns: SciPy took all of them
    found = evaluation.paired_permutation(list(first), list(second), 20_000, seed=1)
    assert found == pytest.approx(by_hand, abs=0.015)  # about four standard errors


def test_no_finite_sample_claims_a_p_value_of_zero_and_equal_systems_get_one():
    assert evaluation.paired_permutation([1.0] * 60, [0.0] * 60, 999, 1) == pytest.approx(1 / 1000)
    assert evaluation.paired_permutation([0.1, 0.2], [0.1, 0.2], 99, 1) == 1.0


def test_equal_sums_count_whatever_their_last_bits():
    # Every pattern's sum is as far from zero as the observed one.
    assert evaluation.paired_permutation([0.1 + 0.2], [0.0], 200, 1) == 1.0


@pytest.mark.usefixtures("one_thread")
def test_margins_are_those_of_each_headline_alone(model, tokenizer, training):
    import torch

    no, yes = (tokenizer(word)["input_ids"][0] for word in training.LABEL_WORDS)
    alone = []
    for headline in HEADLINES:
        ids = torch.tensor([tokenizer(training.build_prompt(headline))["input_ids"]])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, -1]
        alone.append(float(logits[yes] - logits[no]))
    for size in (1, 2, 5, 32):
        found = evaluation.label_margins(model, tokenizer, HEADLINES, size)
        assert found == pytest.approx(alone, abs=1e-4), size
    assert len({margin > 0 for margin in alone}) == 2
    guesses = evaluation.predict(model, tokenizer, HEADLINES, 3)
    assert guesses == [int(margin > 0) for margin in alone]


def test_no_headlines_get_no_answers(model, tokenizer):
    assert evaluation.predict(model, tokenizer, [], 8) == []
