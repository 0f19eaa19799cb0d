"""Part "decoding": greedy decoding and sampling, on random models and on planted ones."""

from __future__ import annotations

import math

import pytest

NONE = -1
VOCAB = 40
PLAIN = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}


def _padded(rows, pad=0):
    width = max(map(len, rows))
    ids = [[pad] * (width - len(row)) + row for row in rows]
    return ids, [[0] * (width - len(row)) + [1] * len(row) for row in rows]


def _greedy(student, case, spec, rows, stop):
    got = student.drive("lab", "greedy", spec, *_padded(rows), stop)
    case.require(not got["refused"], "seminar1.decoding.refused")
    case.shaped(got["tokens"], [[int]], "greedy")
    width = max(map(len, rows))
    whole = all(len(row) > stop[0] for row in got["tokens"])
    case.require(not whole, "seminar1.decoding.prompt_returned", n=width)
    return got


@pytest.mark.points("0.6", key="seminar1.decoding.greedy", part="decoding")
def test_greedy_is_generate_without_sampling(student, clean, case, rng, rows, seed):
    for kind in ("llama", "gpt2"):
        spec = {"kind": kind, "seed": seed % 10_000, "vocab": VOCAB}
        prompts = rows(VOCAB, 7, 7, 7)
        stop = [rng.randint(10, 14), NONE, 0]
        got = _greedy(student, case, spec, prompts, stop)["tokens"]
        right = clean.drive("lab", "library_greedy", spec, *_padded(prompts), stop)
        case.require(len(got[0]) == stop[0], "seminar1.decoding.length", n=len(got[0]))
        first = [row[0] for row in got] == [row[0] for row in right]
        case.require(first, "seminar1.decoding.first_token")
        case.require(got == right, "seminar1.decoding.later_tokens")


@pytest.mark.points("0.6", key="seminar1.decoding.padding", part="decoding")
def test_a_left_padded_row_equals_the_row_alone(student, clean, case, rows, seed):
    prompts, stop = rows(VOCAB, 3, 9, 6), [8, NONE, 0]
    found = {}
    for kind in ("llama", "gpt2"):
        spec = {"kind": kind, "seed": seed % 10_000 + 1, "vocab": VOCAB}
        together = _greedy(student, case, spec, prompts, stop)["tokens"]
        alone = [
            clean.drive("lab", "library_greedy", spec, *_padded([prompt]), stop)[0]
            for prompt in prompts
        ]
        case.require(together[1] == alone[1], "seminar1.decoding.unpadded_row")
        found[kind] = together == alone
    case.require(found["llama"], "seminar1.decoding.mask_ignored")
    case.require(found["gpt2"], "seminar1.decoding.positions")
    ids = [[*prompts[0], 0], prompts[1][:4]]
    got = student.drive("lab", "greedy", spec, ids, [[1, 1, 1, 0], [1] * 4], stop)
    case.require(got["refused"], "seminar1.decoding.right_padding")


@pytest.mark.points("0.4", key="seminar1.decoding.eos", part="decoding")
def test_a_row_ends_at_its_eos_and_the_batch_with_its_last_row(student, clean, case, rng, seed):
    # Token i is followed by i + 1, so a row ends after as many steps as its prompt is away.
    table = [[9.0 * (j == (i + 1) % 20) for j in range(20)] for i in range(20)]
    spec, eos, pad = {"kind": "planted", "table": table}, 12, rng.choice((0, 19))
    starts = rng.sample(range(3, 11), 3)
    got = _greedy(student, case, spec, [[start] for start in starts], [30, eos, pad])
    longest = eos - min(starts)
    for start, row in zip(starts, got["tokens"], strict=True):
        new = list(range(start + 1, eos + 1))
        case.require(eos in row, "seminar1.decoding.eos_lost")
        case.require(row[: len(new)] == new, "seminar1.decoding.first_token")
        after = set(row[len(new) :])
        case.require(after <= {pad}, "seminar1.decoding.goes_on_after_eos")
        case.require(len(row) == longest, "seminar1.decoding.too_long", n=len(row) - longest)
    case.require(got["passes"] <= longest + 1, "seminar1.decoding.runs_on", n=got["passes"])


def _softmax(row):
    top = max(row)
    shares = [math.exp(x - top) for x in row]
    return [x / sum(shares) for x in shares]


def _filtered(logits, settings):
    """Return the distribution of settings by hand: temperature, top-k, top-p, min-p."""
    shares = _softmax([x / settings["temperature"] for x in logits])
    order = sorted(range(len(shares)), key=lambda i: -shares[i])
    kept = set(order[: settings["top_k"] or len(order)])
    total = sum(shares[i] for i in kept)
    before, nucleus = 0.0, set()
    for i in order:
        if i in kept and before < settings["top_p"]:
            nucleus.add(i)
            before += shares[i] / total
    least = settings["min_p"] * max(shares)
    kept = {i for i in nucleus if shares[i] >= least}
    total = sum(shares[i] for i in kept)
    return [shares[i] / total if i in kept else 0.0 for i in range(len(shares))]


def _chi_square(counts, shares):
    """Return Pearson's χ² and its critical value at p = 1e-7 (Wilson and Hilferty 1931)."""
    n = sum(counts)
    cells = [(c, n * p) for c, p in zip(counts, shares, strict=True) if p > 0]
    degrees = max(1, len(cells) - 1)
    term = 2 / (9 * degrees)
    critical = degrees * (1 - term + 5.2 * math.sqrt(term)) ** 3
    return sum((c - e) ** 2 / e for c, e in cells), critical


def _draws(student, case, logits, settings, chance):
    """Return 64 × 40 draws of a model that always gives these logits."""
    spec = {"kind": "planted", "table": [logits] * len(logits)}
    got = student.drive("lab", "sample", spec, [[3, 4]] * 64, [40, NONE, 0], settings, chance)
    return case.shaped(got["tokens"], [[int]], "sample")


@pytest.mark.points("0.6", key="seminar1.decoding.distribution", part="decoding")
def test_tokens_are_drawn_from_the_warped_distribution(student, case, rng):
    even = [0.0] * 12
    slope = [rng.gauss(0, 1.2) for _ in range(12)]
    trials = [
        (even, PLAIN),
        (slope, PLAIN),
        (slope, PLAIN | {"temperature": rng.choice((0.5, 2.0))}),
        (slope, PLAIN | {"top_k": 4}),
        (slope, PLAIN | {"temperature": 2.5, "top_p": 0.6}),
        (slope, PLAIN | {"temperature": 0.6, "min_p": 0.15}),
        (slope, PLAIN | {"top_k": 5, "top_p": 0.8}),
    ]
    for logits, settings in trials:
        rows = _draws(student, case, logits, settings, [rng.randrange(2**30), 0])
        case.require(len(set(map(tuple, rows))) > 1, "seminar1.decoding.rows_share_chance")
        drawn = [token for row in rows for token in row]
        counts = [drawn.count(token) for token in range(12)]
        shares = _filtered(logits, settings)
        said = ", ".join(f"{name} = {value:g}" for name, value in settings.items())
        outside = sum(c for c, p in zip(counts, shares, strict=True) if p == 0)
        cold = _filtered(logits, settings | {"temperature": 1.0})
        raw, limit = _chi_square(counts, cold)
        ignored = settings["temperature"] != 1 and not any(
            c for c, p in zip(counts, cold, strict=True) if p == 0
        )
        case.require(not (ignored and raw < limit), "seminar1.decoding.temperature_ignored")
        inverse = _filtered(logits, settings | {"temperature": 1 / settings["temperature"]})
        turned, limit = _chi_square(counts, inverse)
        upside = settings["temperature"] != 1 and turned < limit and not outside
        case.require(not upside, "seminar1.decoding.temperature_inverted")
        case.require(not outside, "seminar1.decoding.tail_drawn", settings=said, n=outside)
        missing = sum(p > 0.02 and not c for c, p in zip(counts, shares, strict=True))
        case.require(not missing, "seminar1.decoding.never_drawn", settings=said, n=missing)
        value, limit = _chi_square(counts, shares)
        case.require(value < limit, "seminar1.decoding.wrong_frequencies", settings=said)


@pytest.mark.points("0.4", key="seminar1.decoding.cold", part="decoding")
def test_at_temperature_towards_zero_sampling_is_greedy(student, clean, case, rows, seed, rng):
    spec = {"kind": "llama", "seed": seed % 10_000 + 2, "vocab": VOCAB}
    prompts, stop = rows(VOCAB, 5, 5), [10, NONE, 0]
    right = clean.drive("lab", "library_greedy", spec, *_padded(prompts), stop)
    for temperature, key in (
        (1e-6, "seminar1.decoding.not_greedy_when_cold"),
        (0.0, "seminar1.decoding.not_greedy_at_zero"),
    ):
        settings = PLAIN | {"temperature": temperature, "top_p": 0.9}
        chance = [rng.randrange(2**30), 1]
        got = student.drive("lab", "sample", spec, prompts, stop, settings, chance)["tokens"]
        case.require(got == right, key)
    ties = [[1.0, 2.0, 2.0, 2.0, 0.0]] * 5
    spec = {"kind": "planted", "table": ties}
    settings = PLAIN | {"temperature": 0.0}
    got = student.drive("lab", "sample", spec, [[3]] * 4, [6, NONE, 0], settings, [5, 1])
    case.require(got["tokens"] == [[1] * 6] * 4, "seminar1.decoding.ties_at_zero")


@pytest.mark.points("0.4", key="seminar1.decoding.seeded", part="decoding")
def test_chance_comes_from_the_generator_alone(student, case, rng):
    logits = [rng.gauss(0, 1) for _ in range(16)]
    spec = {"kind": "planted", "table": [logits] * 16}
    ask = (spec, [[3, 4]] * 3, [12, NONE, 0], PLAIN)
    first, second = rng.sample(range(2**30), 2)
    one = student.drive("lab", "sample", *ask, [first, 1])
    other = student.drive("lab", "sample", *ask, [first, 2])
    case.require(not one["global"], "seminar1.decoding.global_chance")
    case.require(one["tokens"] == other["tokens"], "seminar1.decoding.not_repeatable")
    new = student.drive("lab", "sample", *ask, [second, 1])
    case.require(new["tokens"] != one["tokens"], "seminar1.decoding.seed_ignored")
    # Sampling ends as greedy does: at EOS, with padding after it.
    table = [[9e3 * (j == (i + 1) % 20) for j in range(20)] for i in range(20)]
    spec = {"kind": "planted", "table": table}
    got = student.drive("lab", "sample", spec, [[9], [5]], [30, 12, 0], PLAIN, [first, 1])
    right = [[10, 11, 12, 0, 0, 0, 0], [6, 7, 8, 9, 10, 11, 12]]
    case.require(got["tokens"] == right, "seminar1.decoding.sample_ends")
