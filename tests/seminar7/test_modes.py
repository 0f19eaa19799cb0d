"""What `run` compares: equal work in every mode, and a reading that follows the numbers."""

import pytest

from reference.seminar7_inference import modes
from reference.seminar7_inference.cache import Int8KVCache
from reference.seminar7_inference.reading import read

pytestmark = pytest.mark.slow

PROMPTS = [[3, 77, 120, 9], [5, 6], [77, 120, 200, 3, 77]]
NEW = 6


def test_every_mode_says_the_same_words_and_dates_each(tiny):
    theirs, ours = tiny
    told = {
        "generate": modes.transformers_generate(theirs, PROMPTS, NEW),
        "engine": modes.engine_batch(ours, PROMPTS, NEW),
        "uncached": modes.engine_uncached(ours, PROMPTS, NEW),
        "alone": modes.one_by_one(lambda p: modes.engine_batch(ours, p, NEW), PROMPTS),
        "generate alone": modes.one_by_one(
            lambda p: modes.transformers_generate(theirs, p, NEW), PROMPTS
        ),
        "continuous": modes.continuous(ours, PROMPTS, [NEW] * 3, 2)[0],
    }
    words = told["generate"].tokens
    for name, answers in told.items():
        assert answers.tokens == words, name
        assert answers.agreement(told["generate"]) == 1
        for arrival, times in zip(answers.arrivals, answers.times, strict=True):
            assert len(times) == NEW, name
            assert times == sorted(times), name
            assert times[0] > arrival, name
        assert answers.per_second > 0
        assert answers.first > 0
        assert answers.gap > 0
    first, second, _ = told["alone"].arrivals
    assert second == told["alone"].times[0][-1] > first


def test_a_cache_in_eight_bits_answers_too(tiny):
    answers = modes.engine_batch(tiny[1], PROMPTS, NEW, Int8KVCache)
    assert [len(row) for row in answers.tokens] == [NEW] * 3


@pytest.mark.parametrize("layers", [None, 1, 2])
def test_speculation_counts_what_it_took(tiny, layers):
    ours = tiny[1]
    draft = None if layers is None else modes.first_layers(ours, layers)
    told, seconds = modes.speculative(ours, draft, PROMPTS, NEW, 3)
    assert [one.tokens for one in told] == modes.engine_batch(ours, PROMPTS, NEW).tokens
    assert seconds > 0
    if layers == 2:  # all layers: the draft is the target
        assert {one.acceptance for one in told} == {1.0}


def test_agreement_ends_at_the_first_difference():
    one = modes.Answers([[1, 2, 3, 4]], [[1.0, 2.0, 3.0, 4.0]], [0.0])
    other = modes.Answers([[1, 2, 9, 4]], [[1.0, 2.0, 3.0, 4.0]], [0.0])
    assert one.agreement(other) == 0.5


def _answers(gap, rows=4):
    times = [[1.0 + gap * place for place in range(5)] for _ in range(rows)]
    return modes.Answers([[1] * 5 for _ in range(rows)], times, [0.0] * rows)


@pytest.mark.parametrize(
    ("engine", "verdict"),
    [(0.1, "the engine is faster"), (0.4, "the engine is slower"), (0.2, "no difference")],
)
def test_the_reading_follows_the_numbers(engine, verdict):
    alone = {
        "engine, own cache": _answers(engine),
        "engine, no cache": _answers(1.0),
        "generate, dynamic cache": _answers(0.2),
    }
    together = {"generate": _answers(0.2, 8), "engine": _answers(0.1, 8)}
    trials = [
        modes.Trial(16, None, 5.0, 20.0, (1.0, 1.0)),
        modes.Trial(8, None, 4.0, 30.0, (0.99, 1.01)),
        modes.Trial(4, None, 9.0, 40.0, (1.2, 1.5)),
    ]
    assert modes.best_in_a_batch(trials).bits == 8
    told = " ".join(read(alone, together, trials, [("x", 0.9, 0.8)], ["so"]))
    assert verdict in told
    assert "weights of 4 bits are the fastest" in told
    assert "4 bits cost quality" in told
    assert "8 bits show no loss" in told
    assert "slower than plain decoding with every draft" in told
    assert told.endswith("so")
