"""Data: cleaning, splitting and the guard against leaks, held to their definitions."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import module

data = module("data")

# Letters in two cases and widths, what the table replaces, white space, and invisible characters.
SIGNS = "aAbß ĳＡ１“”„‟«»‘’‚‛‐‑‒–—―−'\"-…\t\n\u00a0\u2009\u200b\u200d\u00ad\ufeff\x00"
texts = st.text(st.sampled_from(SIGNS), max_size=12)
words = st.lists(st.sampled_from(["a", "A", "b", "c", "“", '"']), min_size=1, max_size=4)
headlines = words.map(" ".join)


def tables(of=headlines, most=20):
    """Return rows with unique ids in any order."""
    pairs = st.lists(st.tuples(of, st.integers(0, 1)), min_size=1, max_size=most)
    return pairs.map(
        lambda found: [
            {"id": f"h{place * 7 % 101:03}", "headline": text, "label": label}
            for place, (text, label) in enumerate(found)
        ]
    )


def key(text):
    return data.normalize(text).casefold()


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("“Yes„ ‟no” «so»", '"Yes" "no" "so"'),
        ("it‘s ‚a‛ cat’s", "it's 'a' cat's"),
        ("a‐b‑c‒d–e—f―g−h", "a-b-c-d-e-f-g-h"),
        ("ＡＢＣ １２ ﬁne…", "ABC 12 fine..."),
        ("a\u200bb\u00adc\ufeffd\x00e", "abcde"),
        ("  a\tb\r\nc\u00a0\u2009d ", "a b c d"),
        ("cafe\u0301", "café"),
        ("\u200b \t", ""),
        ("Case IS Kept", "Case IS Kept"),
    ],
)
def test_normalize_gives_one_spelling(raw, clean):
    assert data.normalize(raw) == clean


@given(texts)
def test_normalize_changes_nothing_the_second_time(text):
    once = data.normalize(text)
    assert data.normalize(once) == once


@given(texts)
def test_normalized_text_has_no_look_alikes_no_invisible_signs_and_single_spaces(text):
    clean = data.normalize(text)
    assert not set(clean) & set(SIGNS[SIGNS.index("“") : SIGNS.index("'")])
    assert not set(clean) & set("\u200b\u200d\u00ad\ufeff\x00\t\n\u00a0\u2009")
    assert clean == clean.strip()
    assert "  " not in clean


@given(tables(), st.randoms(use_true_random=False))
def test_deduplicate_depends_on_no_order_and_changes_nothing_the_second_time(rows, rng):
    found = data.deduplicate(rows)
    assert data.deduplicate(rng.sample(rows, len(rows))) == found
    assert data.deduplicate(found) == found


@given(tables())
def test_deduplicate_keeps_the_smallest_id_of_each_headline_all_agree_on(rows):
    expected = [
        row
        for row in rows
        if not any(
            key(row["headline"]) == key(other["headline"])
            and (row["label"] != other["label"] or other["id"] < row["id"])
            for other in rows
        )
    ]
    assert data.deduplicate(rows) == sorted(expected, key=lambda row: row["id"])


@given(tables(), st.floats(0.1, 0.9), st.integers(0, 9), st.randoms(use_true_random=False))
def test_a_split_keeps_every_row_once_whatever_their_order(rows, share, seed, rng):
    parts = data.split(rows, share, seed)
    both = parts["train"] + parts["validation"]
    assert sorted(both, key=lambda row: row["id"]) == sorted(rows, key=lambda row: row["id"])
    assert data.split(rng.sample(rows, len(rows)), share, seed) == parts


@given(tables(), st.floats(0.1, 0.9), st.integers(0, 9))
def test_headlines_of_the_same_words_stay_on_one_side(rows, share, seed):
    parts = data.split(rows, share, seed)
    sides = [{tuple(sorted(key(r["headline"]).split())) for r in part} for part in parts.values()]
    assert not sides[0] & sides[1]


@given(
    st.integers(4, 60), st.integers(4, 60), st.integers(0, 4), st.floats(0, 1), st.integers(0, 9)
)
def test_each_label_keeps_its_share_to_within_two_rows(ones, zeros, twins, share, seed):
    labels = [1] * ones + [0] * zeros
    rows = [{"id": f"h{n:03}", "headline": f"w{n} a", "label": x} for n, x in enumerate(labels)]
    for row in rows[:twins]:  # the same two words the other way round
        turned = " ".join(reversed(row["headline"].split()))
        rows.append({"id": f"t{row['id']}", "headline": turned, "label": row["label"]})
    chosen = Counter(row["label"] for row in data.split(rows, share, seed)["validation"])
    for label, count in Counter(row["label"] for row in rows).items():
        assert abs(chosen[label] - share * count) <= 2


def test_another_seed_gives_another_split():
    rows = [{"id": f"h{n:03}", "headline": f"word{n}", "label": n % 2} for n in range(60)]
    chosen = [tuple(r["id"] for r in data.split(rows, 0.3, seed)["validation"]) for seed in (1, 2)]
    assert chosen[0] != chosen[1]


@given(st.lists(headlines, max_size=6), st.lists(headlines, max_size=6), st.integers(1, 4))
def test_contaminated_finds_the_shared_word_sequences_that_comparing_all_finds(train, test, n):
    def grams(text):
        found = key(text).split()
        windows = [found[at : at + n] for at in range(len(found)) if len(found[at : at + n]) == n]
        return windows or [found]

    pairs = itertools.product(range(len(test)), train)
    shared = {at for at, text in pairs if any(g in grams(text) for g in grams(test[at]))}
    assert data.contaminated(train, test, n) == sorted(shared)


def test_word_sequences_never_reach_over_the_border_of_two_texts():
    assert data.contaminated(["a b", "c d"], ["b c"], 2) == []
    assert data.contaminated(["x “A” B y"], ['"a" b'], 2) == [0]
