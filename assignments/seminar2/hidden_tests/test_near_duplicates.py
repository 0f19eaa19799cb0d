"""Part "near": shingles, MinHash, LSH and what is made of them. The oracle is the exact Jaccard."""

from __future__ import annotations

import itertools
import math
import re
import statistics

import pytest

PRIME = 2**31 - 1
ROW = {"id": str, "text": str}


def _shingles(text, width):
    words = re.findall(r"\w+", text.casefold())
    if not words:
        return set()
    size = min(width, len(words))
    return {" ".join(words[at : at + size]) for at in range(len(words) - size + 1)}


def _jaccard(one, other):
    return len(one & other) / len(one | other) if one | other else 0.0


@pytest.mark.points("0.30", key="seminar2.near.shingles", part="near")
def test_shingles_are_words_in_a_row(student, case, rng, words):
    some = words(9)
    some[4] = some[4].upper()
    text = ", ".join(some[:5]) + "! " + " ".join(some[5:]) + " " + " ".join(some[:4]) + " Straße"
    for width in (1, 2, 3, 5):
        got = student.drive("near", "shingle_list", text, width)
        wanted = _shingles(text, width)
        case.require(
            not any(g != g.casefold() for g in got), "seminar2.near.shingles_case", width=width
        )
        case.require(
            all(len(g.split()) == width for g in got), "seminar2.near.shingles_width", width=width
        )
        case.require(len(got) >= len(wanted), "seminar2.near.shingles_last", width=width)
        case.require(sorted(got) == sorted(wanted), "seminar2.near.shingles_wrong", width=width)
    whole = student.drive("near", "shingle_list", f"{some[0]} {some[1]}", 4)
    case.require(whole == [f"{some[0]} {some[1]}"], "seminar2.near.shingles_short")
    case.require(
        student.drive("near", "shingle_list", "?! ...", 2) == [], "seminar2.near.shingles_empty"
    )
    one, other = set(some[:6]), set(some[3:])
    got = case.shaped(student.call("near_duplicates:jaccard", sorted(one), sorted(other)), float)
    case.require(not math.isclose(got, 3 / 6), "seminar2.near.jaccard_min")
    case.require(math.isclose(got, 3 / 9), "seminar2.near.jaccard_wrong")
    case.require(
        student.call("near_duplicates:jaccard", [], []) == 0, "seminar2.near.jaccard_empty"
    )


@pytest.mark.points("0.60", key="seminar2.near.minhash", part="near")
def test_a_signature_holds_the_minima_of_random_orders(student, case, ask, rng, words):
    items = words(30)
    seed, count = rng.randint(0, 10**6), rng.choice((16, 24, 32))

    def sign(own, number=count, other=seed):
        return ask([int], "near_duplicates:minhash", own, number, other)

    one, other = sign(items[:20]), sign(items[12:])
    case.require(len(one) == count, "seminar2.near.signature_length", n=len(one))
    case.require(all(0 <= v < PRIME for v in (*one, *other)), "seminar2.near.signature_range")
    both = [min(a, b) for a, b in zip(one, other, strict=True)]
    case.require(sign(items) == both, "seminar2.near.not_minimum")
    case.require(sign(items[:20][::-1]) == one, "seminar2.near.signature_order")
    case.require(sign(items[:20] * 2) == one, "seminar2.near.signature_repeats")
    case.require(sign(items[:20], count, seed + 1) != one, "seminar2.near.seed_ignored")
    case.require(sign(items[:20]) == one, "seminar2.near.signature_changes")
    calls = student.drive("near", "calls_of_hash", items[:20], count, seed)
    case.require(calls == 0, "seminar2.near.builtin_hash")
    single = [sign([item]) for item in items]
    case.require(
        len({tuple(own) for own in single}) == len(items), "seminar2.near.signature_collides"
    )
    # An order is (a·x + b) mod p: the differences of three items have a fixed ratio.
    (x, y, z) = single[:3]
    cross = {
        (x[k] - y[k]) * pow(x[k] - z[k], -1, PRIME) % PRIME for k in range(count) if x[k] != z[k]
    }
    case.require(len(cross) == 1, "seminar2.near.not_linear")
    case.require(
        len({(a - b) % PRIME for a, b in zip(x, y, strict=True)}) > 1, "seminar2.near.one_a"
    )
    case.require(student.drive("near", "refuses_nothing", count), "seminar2.near.empty_set_signed")


@pytest.mark.points("0.40", key="seminar2.near.estimate", part="near")
def test_the_share_of_equal_minima_is_the_jaccard(case, ask, rng, words):
    items = words(90)
    number = 256
    errors = []
    for shared in (0, 12, 30, 45, 54, 60):
        one, other = items[:60], items[60 - shared : 120 - shared]
        exact = _jaccard(set(one), set(other))
        seed = rng.randint(0, 10**6)
        a, b = (ask([int], "near_duplicates:minhash", s, number, seed) for s in (one, other))
        equal = sum(v == w for v, w in zip(a, b, strict=True)) / number
        sigma = math.sqrt(exact * (1 - exact) / number)
        far = abs(equal - exact) > 4.5 * sigma + 1e-9
        case.require(
            not far, "seminar2.near.estimate_off", exact=round(exact, 2), got=round(equal, 2)
        )
        errors.append(abs(equal - exact))
    case.require(statistics.mean(errors) < 0.05, "seminar2.near.estimate_noisy")


@pytest.mark.points("0.40", key="seminar2.near.candidates", part="near")
def test_candidates_share_a_whole_band_at_the_same_place(student, case, ask, rng):
    bands, rows = rng.choice(((4, 3), (5, 2), (3, 4)))
    signatures = [[rng.randint(0, 3) for _ in range(bands * rows)] for _ in range(24)]
    signatures.append(list(signatures[0]))
    # The first band of one is the second of another: no reason to compare them.
    moved = [100 + k for k in range(bands * rows)]
    signatures += [moved, [*range(500, 500 + rows), *moved[:-rows]]]
    wanted, anywhere, partly = set(), set(), set()
    for i, j in itertools.combinations(range(len(signatures)), 2):
        a, b = (
            [tuple(signatures[k][at * rows : (at + 1) * rows]) for at in range(bands)]
            for k in (i, j)
        )
        if any(x == y for x, y in zip(a, b, strict=True)):
            wanted.add((i, j))
        if set(a) & set(b):
            anywhere.add((i, j))
        if any(v == w for v, w in zip(signatures[i], signatures[j], strict=True)):
            partly.add((i, j))
    answer = ask([(int, int)], "near_duplicates:lsh_candidates", signatures, bands)
    got = [tuple(pair) for pair in answer]
    # A text is its own candidate when two of its own bands meet in one table.
    case.require(all(i != j for i, j in got), "seminar2.near.bands_mixed")
    case.require(all(i < j for i, j in got), "seminar2.near.pair_order")
    case.require(len(got) == len(set(got)), "seminar2.near.pairs_twice")
    case.require(set(got) - wanted == set() or set(got) != partly, "seminar2.near.one_row_enough")
    extra = set(got) - wanted
    case.require(not (extra and extra <= anywhere), "seminar2.near.bands_mixed")
    case.require(not extra, "seminar2.near.candidates_extra", n=len(extra))
    case.require(set(got) == wanted, "seminar2.near.candidates_missed", n=len(wanted - set(got)))
    case.require(got == sorted(got), "seminar2.near.pairs_unsorted")
    case.require(
        student.drive("near", "refuses_bands", signatures, bands * rows - 1),
        "seminar2.near.uneven_bands",
    )
    for few in ([], signatures[:1]):
        none = ask([int], "near_duplicates:lsh_candidates", few, bands)
        case.require(none == [], "seminar2.near.no_texts")


def _texts(rng, words):
    """Return texts of which some are near to others, from almost equal to hardly alike."""
    vocabulary = words(200)
    texts = []
    for number in range(8):
        base = rng.choices(vocabulary, k=60)
        texts.append(" ".join(base))
        for edits in (1, 2 + number % 3, 8, 14):
            changed = list(base)
            for at in rng.sample(range(60), edits):
                changed[at] = rng.choice(vocabulary)
            texts.append(" ".join(changed))
    return texts


@pytest.mark.points("0.40", key="seminar2.near.minhash_lsh", part="near")
def test_near_duplicates_are_those_of_the_exact_jaccard(student, case, ask, rng, words):
    texts = [*_texts(rng, words), "", "?!", "..."]
    rng.shuffle(texts)
    threshold = rng.choice((0.5, 0.55, 0.6))
    sets = [_shingles(text, 3) for text in texts]
    exact = {
        (i, j): _jaccard(sets[i], sets[j]) for i, j in itertools.combinations(range(len(texts)), 2)
    }
    answer = ask([(int, int)], "near_duplicates:minhash_lsh", texts, threshold)
    got = {tuple(pair) for pair in answer}
    case.require(all(i < j for i, j in got), "seminar2.near.pair_order")
    blank = {k for k, text in enumerate(texts) if not sets[k]}
    case.require(not any(blank & set(pair) for pair in got), "seminar2.near.blank_alike")
    wrong = [pair for pair in got if exact[pair] < threshold]
    case.require(not wrong, "seminar2.near.unverified", n=len(wrong))
    sure = {pair for pair, likeness in exact.items() if likeness >= 0.8}
    case.require(sure <= got, "seminar2.near.pairs_missed", n=len(sure - got))
    over = {pair for pair, likeness in exact.items() if likeness >= threshold}
    case.require(len(got) >= 0.75 * len(over), "seminar2.near.recall_low", n=len(over - got))
    case.require([tuple(p) for p in answer] == sorted(got), "seminar2.near.pairs_unsorted")
    strict = ask(
        [(int, int)], "near_duplicates:minhash_lsh", ["one text, that is there twice"] * 2, 1.0
    )
    case.require([tuple(p) for p in strict] == [(0, 1)], "seminar2.near.threshold_open")
    few = student.drive("near", "signature_sizes", texts[:6], 64, 16)
    case.require(few == [64], "seminar2.near.permutations_ignored")


@pytest.mark.points("0.40", key="seminar2.near.near_dedup", part="near")
def test_a_chain_leaves_one_row_whatever_the_order(student, case, ask, rng, words):
    count = rng.randint(12, 16)
    order = rng.sample(range(count), count)
    pairs = [(order[0], order[1]), (order[2], order[1]), (order[3], order[2]), (order[5], order[6])]
    low, middle, high = sorted(order[7:10])  # joined by the largest, one after the other
    pairs = [*rng.sample(pairs, len(pairs)), (middle, high), (low, high)]
    joined = {place: place for place in range(count)}
    for family in (order[:4], order[5:7], order[7:10]):
        joined.update(dict.fromkeys(family, min(family)))
    got = ask([int], "near_duplicates:components", count, pairs)
    case.require(len(got) == count, "seminar2.near.components_count")
    families = (order[:4], order[7:10])
    chained = all(len({got[place] for place in family}) == 1 for family in families)
    case.require(chained, "seminar2.near.not_transitive")
    case.require(got == [joined[k] for k in range(count)], "seminar2.near.components_root")

    vocabulary = words(120)
    base = rng.choices(vocabulary, k=80)
    chain = [list(base)]
    for step in range(3):  # each version differs from the one before in two words more
        chain.append(list(chain[-1]))
        for at in (10 + 20 * step, 20 + 20 * step):
            chain[-1][at] = f"new{step}{at}"
    texts = [*map(" ".join, chain), *(" ".join(rng.choices(vocabulary, k=80)) for _ in range(5))]
    ids = [f"r{n}" for n in rng.sample(range(100, 999), len(texts))]
    rows = [{"id": i, "text": t, "more": 1} for i, t in zip(ids, texts, strict=True)]
    sets = [_shingles(text, 3) for text in texts]
    threshold = 0.8
    assert _jaccard(sets[0], sets[1]) >= threshold > _jaccard(sets[0], sets[3])
    wanted = sorted([min(ids[:4]), *ids[4:]])
    seed = rng.randint(0, 99)
    first = ask([ROW], "near_duplicates:near_dedup", rows, threshold, seed)
    case.require(len(first) != len(rows), "seminar2.near.near_left")
    case.require(len(first) >= len(wanted), "seminar2.near.distinct_dropped")
    case.require(
        len(first) == len(wanted), "seminar2.near.chain_broken", n=len(first) - len(wanted)
    )
    shuffled = [
        ask([ROW], "near_duplicates:near_dedup", rng.sample(rows, len(rows)), threshold, seed)
        for _ in range(2)
    ]
    case.require(all(s == first for s in shuffled), "seminar2.near.order_decides")
    case.require([row["id"] for row in first] == wanted, "seminar2.near.not_smallest_id")
    again = ask([ROW], "near_duplicates:near_dedup", first, threshold, seed)
    case.require(again == first, "seminar2.near.dedup_not_idempotent")
