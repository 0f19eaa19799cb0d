"""What the reference says of itself: measures by hand, and where a beam loses to greedy."""

from __future__ import annotations

import math

import pytest

from reference.seminar1_decoding.measures import bleu, distinct_n, self_bleu, stability


def test_distinct_counts_over_all_texts_and_never_across_them():
    assert distinct_n(["a b a b", "a b"], 2) == 2 / 4
    assert distinct_n(["a", "b"], 2) == 0
    assert distinct_n([], 1) == 0


def test_bleu_of_a_text_is_one_for_itself_and_less_for_a_shorter_one():
    assert bleu("a b c d e", ["a b c d e"]) == pytest.approx(1)
    assert bleu("a b c d", ["a b c d e"]) == pytest.approx(math.exp(1 - 5 / 4))
    assert bleu("x", ["a b"]) == 0
    with pytest.raises(ValueError, match="two"):
        self_bleu(["a"])


def test_stability_of_a_run_that_ignores_its_seed_is_perfect():
    found = stability(lambda seed: (["x", "y"], [0.25, 0.75]), [1, 2, 3])
    assert found == {"mean": 0.5, "between_seeds": 0, "within_prompt": 0, "agreement": 1}


@pytest.mark.parametrize("seeds", [[], [1], [1, 2, 1]])
def test_stability_takes_no_seed_twice(seeds):
    with pytest.raises(ValueError, match="seeds"):
        stability(lambda seed: ([], []), seeds)


@pytest.mark.slow
def test_the_tour_shows_a_beam_that_loses_to_greedy(capsys):
    from reference.seminar1_decoding import tour

    assert tour.total == pytest.approx(math.log(0.42 * 0.34), abs=1e-3)
    best = tour.beam_search(tour.model, tour.prompt, tour.stop, 2)[0]
    assert best.logprob < tour.total - 0.1
    wide = tour.beam_search(tour.model, tour.prompt, tour.stop, 4)[0]
    assert wide.logprob == pytest.approx(tour.total, abs=1e-3)
    assert "beam 2" in capsys.readouterr().out


@pytest.mark.slow
def test_every_pad_must_be_on_the_left(lab):
    import torch

    from reference.seminar1_decoding.reading import Reader

    with pytest.raises(ValueError, match="left"):
        Reader(lab.model({"kind": "gpt2", "seed": 1, "vocab": 8}), torch.tensor([[1, 0], [1, 1]]))
