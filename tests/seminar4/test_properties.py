"""What the seminar's functions promise, whatever they are given."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.seminar4_preferences.pairs import REASONS, build_pairs, same_text
from reference.seminar4_preferences.red_team import ANSWERED, PLAIN, red_team, success_rates, typos
from reference.seminar4_preferences.refusals import examine, is_refusal, passes_over, wilson

TEXTS = st.text("ab .\n", max_size=6)
SCORED = st.lists(st.tuples(TEXTS, st.sampled_from([0.0, 0.5, 1.0])), max_size=4)


@given(st.lists(SCORED, max_size=6), st.sampled_from([0.0, 0.5]), st.randoms())
def test_every_prompt_gives_a_pair_or_a_reason_whatever_the_order_of_candidates(rows, gap, rng):
    prompts = [f"p{place}" for place in range(len(rows))]

    def built(rows):
        texts = [[text for text, _ in row] for row in rows]
        return build_pairs(prompts, texts, [[mark for _, mark in row] for row in rows], gap)

    found = built(rows)
    assert set(found.dropped) == set(REASONS)
    assert len(found.pairs) + sum(found.dropped.values()) == len(rows)
    for pair in found.pairs:
        assert pair.gap > gap
        assert not same_text(pair.chosen, pair.rejected)
    assert built([rng.sample(row, len(row)) for row in rows]) == found


@given(st.text(max_size=80), st.sampled_from([0.0, 0.3, 1.0]), st.integers(0, 99))
def test_typos_keep_every_letter_and_everything_else_in_its_place(text, share, seed):
    got = typos(text, share, seed)
    assert sorted(got) == sorted(text)
    assert [c for c in got if not c.isalpha()] == [c for c in text if not c.isalpha()]


def test_wilsons_interval_is_that_of_a_published_example():
    # Newcombe 1998, table I: 81 of 263, and 15 of 148.
    for successes, count, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        share = wilson(successes, count)
        assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.slow
def test_precision_and_recall_are_those_of_scikit_learn():
    from sklearn.metrics import precision_score, recall_score

    rng = random.Random(3)
    guess, truth = ([rng.random() < 0.4 for _ in range(60)] for _ in range(2))
    found = examine(guess, truth)
    assert found.precision.value == pytest.approx(precision_score(truth, guess))
    assert found.recall.value == pytest.approx(recall_score(truth, guess))


def test_a_reply_that_has_nothing_of_its_prompt_passes_it_over():
    other = "Bake the potatoes until they are golden. " * 9
    assert passes_over("Explain the process of osmosis", other)
    assert not passes_over("How long shall I bake potatoes?", other)
    assert not passes_over("Explain the process of osmosis", "It is water that moves.")


def test_every_look_alike_is_different_and_no_refusal_itself():
    from reference.seminar4_preferences.look_alikes import LOOK_ALIKES

    assert len(set(LOOK_ALIKES)) == len(LOOK_ALIKES) >= 20
    assert not any(is_refusal(text) for text in LOOK_ALIKES)


def test_a_log_of_no_prompts_is_empty():
    log = red_team(lambda texts: texts, [], {"role": "Play: {prompt}"})
    assert log == []
    assert success_rates(log) == {}
    one = red_team(lambda texts: ["Fine"] * len(texts), ["Sing"], {})
    assert [(a.attack, a.verdict) for a in one] == [(PLAIN, ANSWERED)]
