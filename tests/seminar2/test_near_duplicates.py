"""MinHash and LSH against the exact Jaccard, and splits that divide no family."""

from __future__ import annotations

import itertools
import math
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.seminar2_data_and_sft.near_duplicates import (
    BANDS,
    PERMUTATIONS,
    components,
    jaccard,
    lsh_candidates,
    minhash,
    minhash_lsh,
    near_dedup,
    shingles,
)
from reference.seminar2_data_and_sft.splitting import contamination_ngrams, group_split

ROOT = Path(__file__).resolve().parents[2]
WORDS = [f"w{k}" for k in range(300)]


@pytest.mark.parametrize("likeness", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_the_estimate_has_the_mean_and_the_deviation_of_a_binomial(likeness):
    # Broder 1997: P(equal minima) = J, so a share of P of them has variance J(1 - J) / P.
    shared = round(200 * likeness / (1 + likeness))
    one = {f"x{k}" for k in range(100)}
    other = {f"x{k}" for k in range(100 - shared, 200 - shared)}
    exact = jaccard(one, other)
    shares = []
    for seed in range(60):
        a, b = (np.array(minhash(sorted(own), 64, seed)) for own in (one, other))
        shares.append((a == b).mean())
    sigma = math.sqrt(exact * (1 - exact) / 64)
    assert abs(np.mean(shares) - exact) < 4 * sigma / math.sqrt(60)
    assert 0.7 * sigma < np.std(shares) < 1.35 * sigma


def test_a_signature_is_the_same_in_a_process_with_other_hashes():
    items = ["a b c", "b c d"]
    code = (
        "from reference.seminar2_data_and_sft.near_duplicates import minhash;"
        f"print(minhash({items}, 8, 7))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-B", "-c", code],
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert said == {str(minhash(items, 8, 7))}


def test_lsh_finds_pairs_as_often_as_its_curve_says():
    rng = random.Random(5)
    rows = PERMUTATIONS // BANDS
    for likeness in (0.3, 0.5, 0.7):
        hits, trials = 0, 400
        for _ in range(trials):
            one = [rng.randrange(10**6) for _ in range(PERMUTATIONS)]
            other = [v if rng.random() < likeness else -1 for v in one]
            hits += bool(lsh_candidates([one, other], BANDS))
        promised = 1 - (1 - likeness**rows) ** BANDS
        sigma = math.sqrt(promised * (1 - promised) / trials)
        assert abs(hits / trials - promised) <= 4 * sigma + 1e-9


def _texts():
    rng = random.Random(2)
    texts = []
    for _ in range(12):
        base = rng.choices(WORDS, k=60)
        for edits in (0, 2, 5, 12):
            own = list(base)
            for at in rng.sample(range(60), edits):
                own[at] = rng.choice(WORDS)
            texts.append(" ".join(own))
    return texts


def test_near_duplicates_are_those_of_brute_force():
    texts = _texts()
    sets = [shingles(text, 3) for text in texts]
    pairs = itertools.combinations(range(len(texts)), 2)
    exact = {(i, j) for i, j in pairs if jaccard(sets[i], sets[j]) >= 0.7}
    assert exact
    assert set(minhash_lsh(texts, 0.7)) == exact


@settings(max_examples=60)
@given(st.data())
def test_components_are_those_of_a_breadth_first_search(data):
    count = data.draw(st.integers(1, 12))
    place = st.integers(0, count - 1)
    pairs = data.draw(st.lists(st.tuples(place, place), max_size=14))
    near = {k: {k} for k in range(count)}
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    for k in range(count):
        seen, waiting = set(), {k}
        while waiting:
            seen |= waiting
            waiting = set().union(*(near[w] for w in waiting)) - seen
        assert components(count, pairs)[k] == min(seen)


def test_near_dedup_leaves_no_pair_and_depends_on_no_order():
    rows = [{"id": f"r{k:02}", "text": text} for k, text in enumerate(_texts())]
    left = near_dedup(rows, 0.6)
    assert len(left) < len(rows)
    assert minhash_lsh([row["text"] for row in left], 0.6) == []
    assert near_dedup(left, 0.6) == left
    assert near_dedup(random.Random(1).sample(rows, len(rows)), 0.6) == left


@settings(max_examples=60)
@given(st.data())
def test_a_split_divides_no_family_and_loses_no_row(data):
    count = data.draw(st.integers(0, 25))
    ids = [f"r{k:02}" for k in range(count)]
    groups = data.draw(st.lists(st.integers(0, 8), min_size=count, max_size=count))
    rows = [{"id": i, "group": str(g)} for i, g in zip(ids, groups, strict=True)]
    some = st.sampled_from([*ids, "nobody"])
    links = data.draw(st.lists(st.tuples(some, some), max_size=5))
    share = data.draw(st.floats(0, 1))
    parts = group_split(rows, links, share, data.draw(st.integers(0, 9)))
    side = {row["id"]: name for name, part in parts.items() for row in part}
    assert sorted(side) == ids
    assert sum(map(len, parts.values())) == count
    where = {(row["group"], side[row["id"]]) for row in rows}
    assert len(where) == len(set(groups))
    assert all(side[a] == side[b] for a, b in links if a in side and b in side)


def test_no_near_duplicate_crosses_the_split():
    texts = _texts()
    rows = [{"id": f"r{k:02}", "group": f"g{k}", "text": t} for k, t in enumerate(texts)]
    pairs = minhash_lsh(texts, 0.5)
    links = [(rows[i]["id"], rows[j]["id"]) for i, j in pairs]
    parts = group_split(rows, links, 0.3, 1)
    held = [shingles(row["text"], 3) for row in parts["validation"]]
    taught = [shingles(row["text"], 3) for row in parts["train"]]
    assert held
    assert max(jaccard(a, b) for a in held for b in taught) < 0.5


def test_every_shared_word_in_a_row_is_found():
    train = ["alpha beta gamma delta epsilon"]
    test = ["x beta GAMMA, delta y", "beta x gamma delta", "delta epsilon", "epsilon delta"]
    assert contamination_ngrams(train, test, 3) == [pytest.approx(1 / 3), 0.0, 1.0, 0.0]
