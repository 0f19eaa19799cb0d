"""Seminar 5's functions against the libraries that one would use, and against plain definitions."""

from __future__ import annotations

import random
import re
import string
import warnings
from collections import Counter

import numpy as np
import pytest

from reference.seminar5_benchmark.metrics import exact_match, rouge_l, token_f1
from reference.seminar5_benchmark.stats import (
    bootstrap_ci,
    cohen_kappa,
    holm,
    paired_permutation,
)

WORDS = ["the", "river", "a", "Museum,", "robot's", "engine!", "an", "bridge", "5", "x_y", "(gold)"]


@pytest.fixture
def rng():
    return random.Random(20)


def texts(rng, count, most=9):
    return [" ".join(rng.choices(WORDS, k=rng.randint(0, most))) for _ in range(count)]


def squad_words(text):
    """Return the words of a text as SQuAD's evaluation defines them (ASCII only)."""
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def test_exact_match_and_f1_equal_squads_definitions(rng):
    for given, wanted in zip(texts(rng, 300, 5), texts(rng, 300, 5), strict=True):
        left, right = squad_words(given), squad_words(wanted)
        assert exact_match(given, [wanted]) == float(left == right)
        if not left or not right:
            expected = float(left == right)
        else:
            hits = sum((Counter(left) & Counter(right)).values())
            precision, recall = hits / len(left), hits / len(right)
            expected = 2 * precision * recall / (precision + recall) if hits else 0.0
        assert token_f1(given, [wanted]) == pytest.approx(expected)


@pytest.mark.slow
def test_f1_of_different_words_is_scikit_learns(rng):
    from sklearn.metrics import f1_score

    names = [f"w{n}" for n in range(12)]
    for _ in range(50):
        given, wanted = (rng.sample(names, rng.randint(1, 9)) for _ in range(2))
        marks = [[int(name in side) for name in names] for side in (wanted, given)]
        expected = f1_score(*marks, zero_division=0.0)
        assert token_f1(" ".join(given), [" ".join(wanted)]) == pytest.approx(expected)


@pytest.mark.slow
def test_rouge_l_is_rouge_scores(rng):
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    for given, wanted in zip(texts(rng, 200), texts(rng, 200), strict=True):
        expected = scorer.score(wanted, given)["rougeL"].fmeasure
        assert rouge_l(given, wanted) == pytest.approx(expected)


@pytest.mark.slow
def test_rouge_l_of_russian_is_rouge_scores_with_a_tokenizer_that_knows_russian(rng):
    from rouge_score.rouge_scorer import RougeScorer
    from rouge_score.tokenizers import Tokenizer

    class Any(Tokenizer):
        def tokenize(self, text):
            return re.findall(r"\w+", text.lower())

    words = ["мост", "поезд", "ёжик", "Зима", "рынок"]
    plain, knowing = RougeScorer(["rougeL"]), RougeScorer(["rougeL"], tokenizer=Any())
    for _ in range(50):
        given, wanted = (" ".join(rng.choices(words, k=6)) for _ in range(2))
        assert plain.score(wanted, given)["rougeL"].fmeasure == 0
        expected = knowing.score(wanted, given)["rougeL"].fmeasure
        assert rouge_l(given, wanted) == pytest.approx(expected)


@pytest.mark.slow
def test_kappa_is_scikit_learns(rng):
    from sklearn.metrics import cohen_kappa_score

    for labels in ("ab", "abc", "abcde"):
        first = rng.choices(labels, k=60)
        second = [x if rng.random() < 0.5 else rng.choice(labels) for x in first]
        assert cohen_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn has no number for this, by a warning
        assert np.isnan(cohen_kappa_score(["a"] * 3, ["a"] * 3))
    assert cohen_kappa(["a"] * 3, ["a"] * 3) == 1


@pytest.mark.slow
def test_the_bootstrap_interval_is_scipys(rng):
    from scipy.stats import bootstrap

    for values in ([rng.gauss(0, 1) for _ in range(40)], [rng.random() ** 4 for _ in range(25)]):
        sample = np.array(values)
        known = bootstrap((sample,), np.mean, n_resamples=9999, method="percentile", rng=1)
        low, high = bootstrap_ci(values, 0.95, 9999, 2)
        near = 0.05 * (known.confidence_interval.high - known.confidence_interval.low)
        assert low == pytest.approx(known.confidence_interval.low, abs=near)
        assert high == pytest.approx(known.confidence_interval.high, abs=near)


def test_groups_of_one_are_no_groups_and_groups_of_copies_are_one_item_each(rng):
    values = [rng.random() for _ in range(30)]
    alone = bootstrap_ci(values, 0.9, 500, 3)
    assert bootstrap_ci(values, 0.9, 500, 3, groups=list(range(30))) == alone
    tripled = bootstrap_ci(values * 3, 0.9, 500, 3, groups=list(range(30)) * 3)
    assert tripled == pytest.approx(alone)
    low, high = bootstrap_ci(values * 3, 0.9, 500, 3)
    assert high - low < 0.8 * (alone[1] - alone[0])  # what forgetting the groups pretends


@pytest.mark.slow
def test_the_permutation_test_is_scipys_exact_and_drawn(rng):
    from scipy.stats import permutation_test

    def total(x, y, axis):
        return np.sum(x - y, axis=axis)

    def known(first, second, resamples):
        return permutation_test(
            (np.array(first), np.array(second)),
            total,
            permutation_type="samples",
            n_resamples=resamples,
            vectorized=True,
            rng=3,
        ).pvalue

    for shift in (0.0, 0.4, 0.8):
        second = [rng.gauss(0, 1) for _ in range(10)]
        first = [value + rng.gauss(shift, 1) for value in second]
        exact = known(first, second, 2000)
        assert paired_permutation(first, second, 2000, 1) == pytest.approx(exact)
        second = [rng.gauss(0, 1) for _ in range(40)]
        first = [value + rng.gauss(shift / 2, 1) for value in second]
        drawn = known(first, second, 9999)
        assert paired_permutation(first, second, 9999, 1) == pytest.approx(drawn, abs=0.02)


def test_holm_rejects_what_its_step_down_procedure_rejects(rng):
    for _ in range(100):
        values = [rng.random() ** 3 for _ in range(7)]
        for alpha in (0.01, 0.05, 0.2):
            rejected = set()
            for rank, place in enumerate(sorted(range(7), key=values.__getitem__)):
                if values[place] > alpha / (7 - rank):
                    break
                rejected.add(place)
            assert {i for i, p in enumerate(holm(values)) if p <= alpha} == rejected
