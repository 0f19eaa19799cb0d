"""Part "beam": the probability of a sequence and the search for a likely one."""

from __future__ import annotations

import math
from itertools import product

import pytest

VOCAB = 40
NEVER = -30.0  # a log-probability that stands for "cannot be"


def _found(student, case, spec, prompt, stop, beams, power=1.0):
    got = student.drive("lab", "beam_search", spec, prompt, stop, beams, power)
    case.require(got, "seminar1.beam.nothing")
    case.require(len(got) <= beams, "seminar1.beam.too_many", n=len(got), beams=beams)
    different = len({tuple(one["tokens"]) for one in got})
    case.require(different == len(got), "seminar1.beam.same_twice", n=len(got) - different)
    scores = [one["score"] for one in got]
    case.require(scores == sorted(scores, reverse=True), "seminar1.beam.not_sorted")
    return got


def _logprob(clean, log_softmax, spec, prompt, tokens):
    """Return Σ log p of tokens after a prompt, by one pass of the library's model."""
    logits = clean.drive("lab", "library_logits", spec, [*prompt, *tokens])
    steps = logits[len(prompt) - 1 : -1]
    return sum(log_softmax(row)[token] for row, token in zip(steps, tokens, strict=True))


@pytest.mark.points("0.6", key="seminar1.beam.logprob", part="beam")
def test_a_sequences_logprob_is_the_sum_over_its_answer(
    student, clean, case, rng, rows, seed, log_softmax
):
    for kind in ("llama", "gpt2"):
        spec = {"kind": kind, "seed": seed % 10_000 + 3, "vocab": VOCAB}
        texts = rows(VOCAB, 9, 6, 11, 7)
        answers = [rng.randint(1, 4) for _ in texts[:-1]] + [0]
        width = max(map(len, texts))
        gaps = [width - len(row) for row in texts]
        right_padded = rng.randrange(3)  # one row that is padded on the other side
        pads = [[(0, gap) if i == right_padded else (gap, 0)] for i, gap in enumerate(gaps)]
        batch, masks, marks = [], [], []
        for row, count, [(left, right)] in zip(texts, answers, pads, strict=True):
            batch.append([2] * left + row + [2] * right)
            masks.append([0] * left + [1] * len(row) + [0] * right)
            marks.append([0] * (left + len(row) - count) + [1] * count + [0] * right)
        got = student.drive("lab", "sequence_logprob", spec, batch, masks, marks)
        got = case.shaped(got, [float], "sequence_logprob")
        case.require(len(got) == len(texts), "seminar1.beam.logprob_shape", n=len(got))
        case.require(abs(got[-1]) < 1e-6, "seminar1.beam.logprob_of_nothing")
        for value, row, count in zip(got[:-1], texts, answers, strict=False):
            steps = clean.drive("lab", "library_logits", spec, row)
            logs = [log_softmax(step) for step in steps]
            at = range(len(row) - count, len(row))
            right = sum(logs[t - 1][row[t]] for t in at)
            mistakes = {
                sum(logs[t][row[t]] for t in at): "seminar1.beam.logprob_unshifted",
                right / count if count > 1 else math.inf: "seminar1.beam.logprob_is_mean",
                sum(steps[t - 1][row[t]] for t in at): "seminar1.beam.logprob_without_softmax",
                sum(
                    logs[t - 1][row[t]] for t in range(1, len(row))
                ): "seminar1.beam.logprob_of_prompt",
                -right: "seminar1.beam.logprob_negated",
                right: "",
            }
            name = mistakes[min(mistakes, key=lambda wrong: abs(value - wrong))]
            case.require(not name, name)
            case.require(abs(value - right) < 1e-3, "seminar1.beam.logprob_wrong")


@pytest.mark.points("0.5", key="seminar1.beam.library", part="beam")
def test_hypotheses_are_those_of_transformers(student, clean, case, rng, rows, seed):
    spec = {"kind": "llama", "seed": seed % 10_000 + 4, "vocab": VOCAB}
    prompt = rows(VOCAB, 6)[0]
    plain = clean.drive("lab", "library_greedy", spec, [prompt], [[1] * 6], [9, -1, 0])[0]
    one = _found(student, case, spec, prompt, [9, 0, 0], 1, 0.0)[0]["tokens"]
    end = plain.index(0) + 1 if 0 in plain else 9
    case.require(one == plain[:end], "seminar1.beam.one_is_not_greedy")
    eos = plain[rng.randint(4, 6)]  # so that some hypotheses end early and others do not
    trials = [(spec, prompt, [9, eos, 0], *how) for how in ((3, 1.0), (4, 0.0), (4, 2.0), (5, 0.6))]
    # A chain that may end at every step: what has ended must not take a live one's place.
    table = _weights(rng, 8)
    for row in table:
        row[1] = max(row) + 0.1
    trials += [(_chain(table), [0], [6, 1, 0], beams, 1.0) for beams in (2, 3)]
    for spec, prompt, stop, beams, power in trials:
        eos = stop[1]
        got = _found(student, case, spec, prompt, stop, beams, power)
        right = clean.drive("lab", "library_beams", spec, prompt, stop, beams, power)
        late = [h for h in got if eos in h["tokens"][:-1]]
        case.require(not late, "seminar1.beam.goes_on_after_eos")
        cut = [h["tokens"][:-1] for h in right if h["tokens"][-1] == eos]
        without = [h for h in got if h["tokens"] in cut]
        case.require(not without, "seminar1.beam.eos_dropped", n=len(without))
        said = {"beams": beams, "power": power}
        same = [h["tokens"] for h in got] == [h["tokens"] for h in right]
        members = sorted(h["tokens"] for h in got) == sorted(h["tokens"] for h in right)
        case.require(same or not members, "seminar1.beam.ranked_otherwise", **said)
        case.require(same, "seminar1.beam.other_hypotheses", **said)


@pytest.mark.points("0.3", key="seminar1.beam.score", part="beam")
def test_a_score_is_the_recomputed_logprob_by_its_length(
    student, clean, case, rng, rows, seed, log_softmax
):
    spec = {"kind": "llama", "seed": seed % 10_000 + 5, "vocab": VOCAB}
    power = rng.choice((0.5, 1.5))
    found = [
        (prompt, hypothesis)
        for prompt in rows(VOCAB, 5, 4, 6)
        for hypothesis in _found(student, case, spec, prompt, [7, 1, 0], 4, power)
    ]
    for prompt, hypothesis in found:
        tokens = hypothesis["tokens"]
        right = _logprob(clean, log_softmax, spec, prompt, tokens)
        case.require(
            math.isclose(hypothesis["logprob"], right, rel_tol=1e-3),
            "seminar1.beam.not_its_logprob",
        )
        multiplied = right * len(tokens) ** power
        wrong = len(tokens) > 1 and math.isclose(hypothesis["score"], multiplied, rel_tol=1e-3)
        case.require(not wrong, "seminar1.beam.penalty_multiplied")
        score = right / len(tokens) ** power
        fits = math.isclose(hypothesis["score"], score, rel_tol=1e-3)
        case.require(fits, "seminar1.beam.penalty_wrong")


def _chain(logs):
    """Return the model of a table of transition log-probabilities."""
    return {"kind": "planted", "table": logs}


def _weights(rng, words):
    """Return random log-probabilities of a Markov chain over some words."""
    table = []
    for _ in range(words):
        shares = [rng.uniform(0.1, 1) for _ in range(words)]
        table.append([math.log(share / sum(shares)) for share in shares])
    return table


@pytest.mark.points("0.4", key="seminar1.beam.planted", part="beam")
def test_a_wide_beam_is_exhaustive_and_a_narrow_one_may_lose_to_greedy(student, case, rng):
    # Token 0 starts, 1 and 2 begin, and 5 ends nothing: the likely start leads to poor ends.
    first = rng.uniform(0.41, 0.44)
    second = 1 - first - 0.2
    logs = [[NEVER] * 8 for _ in range(8)]
    logs[0][1], logs[0][2], logs[0][3] = math.log(first), math.log(second), math.log(0.2)
    for token in (4, 5, 6):
        logs[1][token] = math.log(1 / 3) + 0.01 * (token == 4)
    logs[2][5] = logs[2][6] = math.log(0.5)
    logs[3][5] = 0.0
    logs[4][7] = 0.0  # where greedy goes, and where it is then sure
    for token in (5, 6):
        logs[token][1] = logs[token][2] = logs[token][3] = logs[token][7] = math.log(0.25)
    logs[7][7] = 0.0
    got = _found(student, case, _chain(logs), [0], [3, NONE, 0], 2, 0.0)
    greedy = math.log(first / 3)
    # The two best prefixes of length 2 begin with 3 and 2 (or 2 twice): greedy's is not in.
    case.require(got[0]["logprob"] < greedy - 0.05, "seminar1.beam.never_worse_than_greedy")

    words, steps = 4, 3
    table = _weights(rng, words)
    everything = {}
    for path in product(range(words), repeat=steps):
        end = path.index(3) + 1 if 3 in path else steps
        tokens, before, total = path[:end], 0, 0.0
        for token in tokens:
            total += table[before][token]
            before = token
        everything[tokens] = total
    best = sorted(everything, key=lambda tokens: -everything[tokens] / len(tokens))
    got = _found(student, case, _chain(table), [0], [steps, 3, 0], 64)
    late = [one for one in got if 3 in one["tokens"][:-1]]
    case.require(not late, "seminar1.beam.goes_on_after_eos")
    case.require(len(got) == len(best), "seminar1.beam.not_exhaustive", n=len(got))
    right = [list(tokens) for tokens in best]
    case.require(got[0]["tokens"] == right[0], "seminar1.beam.best_missed")
    close = all(
        abs(one["score"] - everything[tokens] / len(tokens)) < 1e-3
        for one, tokens in zip(got, best, strict=True)
    )
    case.require(close, "seminar1.beam.penalty_wrong")


NONE = -1


@pytest.mark.points("0.2", key="seminar1.beam.longer", part="beam")
def test_the_search_goes_on_while_something_better_can_come(student, case, rng):
    # After token 0 the text ends at once with probability p; or it goes on, surely, to the end.
    steps = rng.randint(6, 9)
    logs = [[NEVER] * 6 for _ in range(6)]
    share = rng.uniform(0.55, 0.65)
    logs[0][1], logs[0][2] = math.log(share), math.log(1 - share - 0.05)
    logs[0][3] = math.log(0.05)
    logs[2][2], logs[2][1] = math.log(0.98), math.log(0.02)
    logs[3][1] = 0.0
    got = _found(student, case, _chain(logs), [0], [steps, 1, 0], 2, 1.0)
    long = [2] * steps
    ended = [h for h in got if h["tokens"][-1:] == [1]]
    case.require(got[0]["tokens"] != [1] or not ended, "seminar1.beam.stopped_early")
    case.require(got[0]["tokens"] == long, "seminar1.beam.best_missed")
    short = _found(student, case, _chain(logs), [0], [steps, 1, 0], 2, 0.0)
    case.require(short[0]["tokens"] == [1], "seminar1.beam.penalty_at_zero")
