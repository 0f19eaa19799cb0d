"""Part "search": chunks, BM25, the dense index and the fusion."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest

END = re.compile(r"[.!?…][\"'»”)\]]*$")


def _spans(student, case, text, size, overlap):
    got = case.shaped(student.drive("parts", "spans", text, size, overlap), {"spans": list})
    case.require(not got["refused"], "seminar6.search.chunk_refused")
    return [tuple(span) for span in got["spans"]]


@pytest.mark.points("0.6", key="seminar6.search.chunk_whole", part="search")
def test_spans_reconstruct_the_document(student, case, rng, text_of):
    for _ in range(12):
        text = text_of(rng.randint(1, 60))
        size = rng.randint(3, 14)
        spans = _spans(student, case, text, size, rng.randrange((size + 1) // 2))
        case.require(spans, "seminar6.search.chunk_nothing")
        case.require(spans[0][0] == 0, "seminar6.search.chunk_beginning")
        case.require(spans[-1][1] == len(text), "seminar6.search.chunk_end")
        rebuilt, reached = "", 0
        for start, end in spans:
            case.require(start <= reached, "seminar6.search.chunk_gap")
            case.require(end > reached, "seminar6.search.chunk_tail")
            rebuilt += text[reached:end]
            reached = end
            cut = 0 < end < len(text) and not text[end - 1].isspace()
            case.require(not cut, "seminar6.search.chunk_word_cut")
        case.require(rebuilt == text, "seminar6.search.chunk_gap")
    for nothing in ("", " ", "\n\t "):
        case.require(not _spans(student, case, nothing, 5, 0), "seminar6.search.chunk_of_nothing")


def _expected(text, size, overlap):
    """Cut by the rules, word by word."""
    words = [(m.start(), m.end()) for m in re.finditer(r"\S+", text)]
    spans, first = [], 0
    while True:
        last = min(first + size, len(words))
        if last < len(words):
            ends = [
                at + 1
                for at in range(first, last)
                if END.search(text[slice(*words[at])]) and at + 1 - first > size / 2
            ]
            last = ends[-1] if ends else last
        start = words[first][0] if first else 0
        spans.append((start, words[last][0] if last < len(words) else len(text)))
        if last == len(words):
            return spans
        first = last - overlap


@pytest.mark.points("0.6", key="seminar6.search.chunk_rules", part="search")
def test_spans_keep_size_overlap_and_sentences(student, case, rng, text_of):
    for _ in range(12):
        text = text_of(rng.randint(20, 60))
        size = rng.randint(3, 14)
        overlap = rng.randrange((size + 1) // 2)
        spans = _spans(student, case, text, size, overlap)
        for start, end in spans:
            case.require(
                len(text[start:end].split()) <= size, "seminar6.search.chunk_long", size=size
            )
        for (start, end), (following, _) in pairwise(spans):
            common = len(text[following:end].split()) if following < end else 0
            case.require(common == overlap, "seminar6.search.chunk_overlap", n=overlap, got=common)
            case.require(following > start, "seminar6.search.chunk_stuck")
        expected = _expected(text, size, overlap)
        case.require(spans == expected, "seminar6.search.chunk_sentence")
    for size, overlap in ((4, 2), (0, 0), (5, -1), (3, 3)):
        got = student.drive("parts", "spans", "one two three four five six", size, overlap)
        case.require(got["refused"], "seminar6.search.chunk_accepts", size=size, overlap=overlap)


def _bm25(query, documents, k1, b, *, lucene=True, own_mean=True):
    """Compute the formula word by word."""
    n = len(documents)
    mean = sum(map(len, documents)) / n if own_mean else 1.0
    scores = []
    for words in documents:
        score = 0.0
        for word in query:
            count = words.count(word)
            if count:
                holding = sum(word in other for other in documents)
                rarity = (n - holding + 0.5) / (holding + 0.5)
                idf = math.log(1 + rarity) if lucene else math.log(rarity)
                damping = k1 * (1 - b + b * len(words) / mean)
                score += idf * count * (k1 + 1) / (count + damping)
        scores.append(score)
    return scores


def _near(got, expected, tolerance=1e-6):
    return len(got) == len(expected) and all(
        math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
        for a, b in zip(got, expected, strict=True)
    )


@pytest.mark.points("0.8", key="seminar6.search.bm25", part="search")
def test_bm25_is_the_formula(student, case, rng, invent):
    for _ in range(6):
        documents = [invent(rng.randint(1, 25)) for _ in range(rng.randint(4, 9))]
        documents[0] = documents[0] + ["common"]
        for words in documents[1:]:
            words.append("common")  # stands in all of them: its plain idf is negative
        query = ["common", *invent(3), "unknownword"]
        k1, b = rng.choice((0.9, 1.2, 2.0)), rng.choice((0.3, 0.75, 1.0))
        got = case.shaped(student.call("search:bm25", query, documents, k1, b), [float])
        case.require(len(got) == len(documents), "seminar6.search.bm25_length")
        case.require(min(got) >= 0, "seminar6.search.bm25_negative")
        mistakes = {
            "seminar6.search.bm25_unlucene": _bm25(query, documents, k1, b, lucene=False),
            "seminar6.search.bm25_length_ignored": _bm25(query, documents, k1, 0.0),
            "seminar6.search.bm25_not_mean": _bm25(query, documents, k1, b, own_mean=False),
            "seminar6.search.bm25_constants": _bm25(query, documents, 1.2, 0.75),
        }
        expected = _bm25(query, documents, k1, b)
        for message, mistaken in mistakes.items():
            wrong = _near(got, mistaken) and not _near(got, expected)
            case.require(not wrong, message)
        # The factor k1 + 1 changes no order, but it is in the formula that is asked for.
        unscaled = [score / (k1 + 1) for score in expected]
        case.require(not _near(got, unscaled), "seminar6.search.bm25_unscaled")
        case.require(_near(got, expected), "seminar6.search.bm25_wrong")


@pytest.mark.points("0.4", key="seminar6.search.bm25_edges", part="search")
def test_bm25_counts_repetition_and_survives_emptiness(student, case, rng, invent):
    documents = [[*invent(6), "rare"], invent(9), []]
    once = student.call("search:bm25", ["rare"], documents)
    twice = student.call("search:bm25", ["rare", "rare"], documents)
    case.require(once[0] > 0, "seminar6.search.bm25_wrong")
    case.require(
        math.isclose(twice[0], 2 * once[0], rel_tol=1e-6), "seminar6.search.bm25_query_set"
    )
    case.require(once[2] == 0, "seminar6.search.bm25_empty_document")
    case.require(student.call("search:bm25", ["a"], [[], []]) == [0, 0], "seminar6.search.bm25_nan")
    case.require(student.call("search:bm25", ["a"], []) == [], "seminar6.search.bm25_nan")
    case.require(
        student.call("search:bm25", [], documents) == [0, 0, 0], "seminar6.search.bm25_nan"
    )


def _brute(vectors, query, k):
    """Return [(place, cosine)] of every document, by hand."""

    def cosine(one, other):
        lengths = math.sqrt(sum(x * x for x in one)) * math.sqrt(sum(x * x for x in other))
        product = sum(x * y for x, y in zip(one, other, strict=True))
        return product / lengths if lengths else 0.0

    scored = [(place, cosine(vector, query)) for place, vector in enumerate(vectors)]
    return sorted(scored, key=lambda entry: (-entry[1], entry[0]))[:k]


@pytest.mark.points("0.6", key="seminar6.search.dense", part="search")
def test_dense_top_k_equals_brute_force_whatever_the_block(student, case, rng):
    width, count = rng.randint(4, 8), rng.randint(20, 30)
    vectors = [[rng.gauss(0.5, 1) * 4 ** rng.randint(0, 3)] * width for _ in range(count)]
    vectors = [[x * rng.gauss(0, 1) for x in row] for row in vectors]
    queries = [[3 * rng.gauss(0, 1) for _ in range(width)] for _ in range(4)]
    k = rng.randint(3, 7)
    for block in (count + 10, 7, 1):
        got = student.drive("parts", "dense", vectors, queries, k, block)
        case.require(len(got["places"]) == len(queries), "seminar6.search.dense_shape")
        for row, cosines, query in zip(got["places"], got["cosines"], queries, strict=True):
            expected = _brute(vectors, query, k)
            by_product = sorted(
                range(count),
                key=lambda at: -sum(x * y for x, y in zip(vectors[at], query, strict=True)),
            )
            case.require(row != by_product[:k], "seminar6.search.dense_unnormalized")
            case.require(len(row) == k, "seminar6.search.dense_shape")
            local = sum(place >= min(block, count) for place, _ in expected)
            case.require(
                not local or max(row) >= min(block, count), "seminar6.search.dense_block_places"
            )
            case.require(row == [place for place, _ in expected], "seminar6.search.dense_wrong")
            case.require(
                _near(cosines, [value for _, value in expected], 1e-4),
                "seminar6.search.dense_cosines",
            )


@pytest.mark.points("0.3", key="seminar6.search.dense_edges", part="search")
def test_dense_search_orders_ties_and_knows_zero_and_few(student, case, rng):
    one = [1.0, 0.0, 0.0]
    vectors = [[0.0, 1.0, 0.0], one, [0.0, 0.0, 0.0], one, [-1.0, 0.0, 0.0], one]
    for block in (2, 100):
        got = student.drive("parts", "dense", vectors, [[2.0, 0.0, 0.0]], 6, block)
        places, cosines = got["places"][0], got["cosines"][0]
        case.require(all(map(math.isfinite, cosines)), "seminar6.search.dense_nan")
        case.require(places == [1, 3, 5, 0, 2, 4], "seminar6.search.dense_ties")
        few = student.drive("parts", "dense", vectors[:2], [one], rng.randint(3, 9), block)
        case.require(few["places"] == [[1, 0]], "seminar6.search.dense_few")


def _rrf(rankings, k):
    scores = {}
    for ranking in rankings:
        for rank, one in enumerate(dict.fromkeys(ranking), start=1):
            scores.setdefault(one, []).append(1 / (k + rank))
    return {one: math.fsum(parts) for one, parts in scores.items()}


@pytest.mark.points("0.4", key="seminar6.search.rrf", part="search")
def test_rrf_sums_reciprocal_ranks(student, case, rng):
    names = [f"d{number:02}" for number in range(14)]
    for _ in range(6):
        rankings = [rng.sample(names, rng.randint(3, 12)) for _ in range(rng.randint(2, 4))]
        k = rng.choice((1, 10, 60))
        got = student.drive("parts", "fuse", rankings, k)
        scores, expected = dict(map(tuple, got)), _rrf(rankings, k)
        case.require(set(scores) == set(expected), "seminar6.search.rrf_ids")
        zero = dict.fromkeys(expected, 0.0)
        for ranking in rankings:
            for rank, one in enumerate(ranking):
                zero[one] += 1 / (k + rank)
        case.require(
            not _near([scores[o] for o in zero], list(zero.values())), "seminar6.search.rrf_zero"
        )
        right = _near([scores[one] for one in expected], list(expected.values()), 1e-9)
        case.require(right, "seminar6.search.rrf_wrong")
        order = sorted(scores, key=lambda one: (-scores[one], one))
        case.require([one for one, _ in got] == order, "seminar6.search.rrf_order")
    case.require(student.drive("parts", "fuse", [], 60) == [], "seminar6.search.rrf_wrong")
    got = dict(map(tuple, student.drive("parts", "fuse", [["b", "a", "b", "b", "c"]], 10)))
    expected = _rrf([["b", "a", "c"]], 10)
    case.require(math.isclose(got["b"], expected["b"], rel_tol=1e-9), "seminar6.search.rrf_repeat")
    case.require(math.isclose(got["c"], expected["c"], rel_tol=1e-9), "seminar6.search.rrf_places")


@pytest.mark.points("0.3", key="seminar6.search.rrf_invariant", part="search")
def test_rrf_does_not_depend_on_the_order_of_the_rankings(student, case, rng):
    names = [f"d{number:02}" for number in range(30)]
    for _ in range(6):
        rankings = [rng.sample(names, 30) for _ in range(7)]
        first = student.drive("parts", "fuse", rankings, 60)
        for _ in range(4):
            rng.shuffle(rankings)
            other = student.drive("parts", "fuse", rankings, 60)
            case.require(
                [one for one, _ in other] == [one for one, _ in first],
                "seminar6.search.rrf_varies",
            )
            case.require(other == first, "seminar6.search.rrf_last_digit")
    mirrored = [["b", "c", "a"], ["a", "c", "b"]]
    got = [one for one, _ in student.drive("parts", "fuse", mirrored, 60)]
    case.require(got[:2] == ["a", "b"], "seminar6.search.rrf_ties")
