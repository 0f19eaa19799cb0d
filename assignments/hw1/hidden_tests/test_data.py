"""Part "data": normalization, duplicates, the split and contamination."""

from __future__ import annotations

import unicodedata

import pytest

QUOTES = {'"': "“”„‟«»", "'": "‘’‚‛"}
DASHES = "‐‑‒–—―−"
INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\x00", "\x07", "\x1b", "\x7f")
SPACES = ("\t", "\n", "\r\n", "\u00a0", "\u2003", "   ")


ROW = {"id": str, "headline": str, "label": int}
PARTS = {"train": [ROW], "validation": [ROW]}


def _ids(rows):
    return [row["id"] for row in rows]


def _rows(texts, labels, rng):
    numbers = rng.sample(range(10_000, 99_999), len(texts))
    return [
        {"id": f"r{number}", "headline": text, "label": label}
        for number, text, label in zip(numbers, texts, labels, strict=True)
    ]


@pytest.mark.points("0.15", key="hw1.data.normalize_unicode", part="data")
def test_compatibility_forms_quotes_and_dashes_become_ascii(case, ask, rng, invent):
    head, tail = invent(2, 4, marks=False)
    loud = f"{head} ПРАВДА Straße {tail.upper()}"
    case.require(ask(str, "data:normalize", loud) == loud, "hw1.data.case_changed")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in rng.choice(("GPT", "Llama", "news")))
    composed = f"{head} {wide} ﬁx … ²"
    got = ask(str, "data:normalize", composed)
    case.require(got == unicodedata.normalize("NFKC", composed), "hw1.data.not_nfkc")
    for mark, plain in [(mark, plain) for plain, marks in QUOTES.items() for mark in marks]:
        got = ask(str, "data:normalize", f"{head} {mark}{tail}{mark}")
        case.require(got == f"{head} {plain}{tail}{plain}", "hw1.data.quotes_left", mark=mark)
    for dash in DASHES:
        got = ask(str, "data:normalize", f"{head} {dash} {tail}")
        case.require(got == f"{head} - {tail}", "hw1.data.dashes_left", code=f"U+{ord(dash):04X}")


@pytest.mark.points("0.15", key="hw1.data.normalize_invisible", part="data")
def test_invisible_characters_vanish_and_white_space_is_one_space(case, ask, rng, invent):
    words = invent(1, 8, marks=False)[0].split()
    expected = " ".join(words)
    for mark in INVISIBLE:
        spoiled = f"{words[0][0]}{mark}{words[0][1:]} {mark} " + " ".join(words[1:]) + mark
        got = ask(str, "data:normalize", spoiled)
        if got != expected and " ".join(got.split()) == expected:
            case.fail("hw1.data.spaces_before_invisible")
        code = f"U+{ord(mark):04X}"
        case.require(got == expected, "hw1.data.invisible_left", code=code)
    for space in SPACES:
        got = ask(str, "data:normalize", space + space.join(words) + space)
        case.require(got != "".join(words), "hw1.data.words_glued")
        case.require(got == expected, "hw1.data.spaces_left", code=f"U+{ord(space[0]):04X}")
    for empty in ("", " \t\u200b\n"):
        case.require(ask(str, "data:normalize", empty) == "", "hw1.data.empty_text")


def _duplicates(rng, invent):
    """Return rows with planted groups, and the ids that a right answer keeps."""
    texts, labels, groups = [], [], []
    for number, words in enumerate(invent(24)):
        text = f"{words} Straße d'or {number}"
        forms = (text, text.upper(), f"  {text.replace(' ', '  ')}", text.replace("'", "’"))
        size = rng.choice((1, 1, 2, 3)) if number > 3 else 3
        conflicting = size > 1 and (number < 2 or rng.random() < 0.2)
        label = rng.randint(0, 1)
        for place, form in enumerate(rng.sample(forms, size)):
            texts.append(form)
            labels.append(1 - label if conflicting and place == size - 1 else label)
            groups.append((number, conflicting))
    rows = _rows(texts, labels, rng)
    kept: dict[int, str] = {}
    for row, (number, conflicting) in zip(rows, groups, strict=True):
        if not conflicting:
            kept[number] = min(kept.get(number, row["id"]), row["id"])
    bad = {row["id"] for row, (_, conflicting) in zip(rows, groups, strict=True) if conflicting}
    rng.shuffle(rows)
    return rows, sorted(kept.values()), bad


@pytest.mark.points("0.20", key="hw1.data.dedup_groups", part="data")
def test_each_group_keeps_its_smallest_id_unless_its_labels_conflict(case, ask, rng, invent):
    rows, expected, conflicting = _duplicates(rng, invent)
    got = _ids(ask([ROW], "data:deduplicate", rows))
    sure = [name for name in got if name not in conflicting]
    case.require(len(sure) <= len(expected), "hw1.data.duplicates_left", left=len(got))
    case.require(len(sure) == len(got), "hw1.data.conflict_kept")
    case.require(len(got) == len(expected), "hw1.data.distinct_merged", left=len(got))
    case.require(sorted(got) == expected, "hw1.data.not_smallest_id")
    case.require(ask([ROW], "data:deduplicate", []) == [], "hw1.data.empty_rows")


@pytest.mark.points("0.20", key="hw1.data.dedup_order", part="data")
def test_deduplication_does_not_depend_on_order(student, case, ask, rng, invent):
    rows, _, _ = _duplicates(rng, invent)
    first = ask([ROW], "data:deduplicate", rows)
    case.require(bool(first), "hw1.data.distinct_merged", left=0)
    shuffled = rng.sample(rows, len(rows))
    again = ask([ROW], "data:deduplicate", shuffled)
    case.require(sorted(_ids(first)) == sorted(_ids(again)), "hw1.data.order_decides")
    case.require(first == again, "hw1.data.not_sorted")
    case.require(_ids(first) == sorted(_ids(first)), "hw1.data.not_sorted")
    case.require(ask([ROW], "data:deduplicate", first) == first, "hw1.data.not_idempotent")
    known = {row["id"]: row for row in rows}
    case.require(all(known[row["id"]] == row for row in first), "hw1.data.rows_rewritten")
    case.require(student.drive("data", "untouched", "deduplicate", rows), "hw1.data.mutated")


def _splittable(rng, invent):
    """Return rows in which some share their words in another order, by group of rows' ids."""
    rows, groups = [], []
    sizes = [1] * 90 + [2] * 25 + [3] * 10
    labels = [int(rng.random() < 0.4) for _ in sizes]
    for number, (text, size) in enumerate(zip(invent(len(sizes), marks=False), sizes, strict=True)):
        words = f"{text} n{number}".split()
        texts = [" ".join(words)]
        while len(texts) < size:
            rng.shuffle(words)
            changed = " ".join(words)
            texts.append(changed.upper() if rng.random() < 0.5 else changed)
        made = _rows(texts, [labels[number]] * size, rng)
        if size == 2 and number % 5 == 0:
            made[1]["label"] = 1 - made[1]["label"]
        for place, row in enumerate(made):
            row["id"] = f"g{number:03d}.{place}.{rng.randint(100, 999)}"
        groups.append({row["id"] for row in made})
        rows += made
    rng.shuffle(rows)
    return rows, groups


@pytest.mark.points("0.20", key="hw1.data.split_share", part="data")
def test_both_labels_keep_their_share_in_validation(case, ask, rng, invent):
    rows, _ = _splittable(rng, invent)
    share = rng.choice((0.1, 0.2, 0.3))
    parts = ask(PARTS, "data:split", rows, share, rng.randint(0, 10**6))
    train, validation = _ids(parts["train"]), _ids(parts["validation"])
    case.require(not set(train) & set(validation), "hw1.data.split_overlaps")
    case.require(sorted(train + validation) == sorted(_ids(rows)), "hw1.data.split_loses_rows")
    for label in (0, 1):
        total = sum(row["label"] == label for row in rows)
        got = sum(row["label"] == label for row in parts["validation"])
        case.require(
            abs(got - share * total) <= 2.5, "hw1.data.not_stratified", label=label, got=got
        )


@pytest.mark.points("0.25", key="hw1.data.split_near_duplicates", part="data")
def test_near_duplicates_never_cross_the_split(case, ask, rng, invent):
    for _ in range(3):
        rows, groups = _splittable(rng, invent)
        parts = ask(PARTS, "data:split", rows, 0.3, rng.randint(0, 10**6))
        validation = set(_ids(parts["validation"]))
        crossing = sum(0 < len(group & validation) < len(group) for group in groups)
        case.require(crossing == 0, "hw1.data.near_duplicates_cross", n=crossing)


@pytest.mark.points("0.10", key="hw1.data.split_order", part="data")
def test_the_split_depends_on_the_seed_and_not_on_the_order(student, case, ask, rng, invent):
    rows, _ = _splittable(rng, invent)
    number = rng.randint(0, 10**6)
    first = set(_ids(ask(PARTS, "data:split", rows, 0.2, number)["validation"]))
    shuffled = rng.sample(rows, len(rows))
    again = set(_ids(ask(PARTS, "data:split", shuffled, 0.2, number)["validation"]))
    case.require(first == again, "hw1.data.split_follows_order")
    other = set(_ids(ask(PARTS, "data:split", rows, 0.2, number + 1)["validation"]))
    case.require(first != other, "hw1.data.split_ignores_seed")
    case.require(student.drive("data", "untouched", "split", rows, 0.2, 1), "hw1.data.mutated")


CONTAMINATION = {
    "clean": "hw1.data.contamination_clean",
    "shared": "hw1.data.contamination_shared",
    "almost": "hw1.data.contamination_almost",
    "border": "hw1.data.contamination_border",
    "suffix": "hw1.data.contamination_suffix",
    "short": "hw1.data.contamination_short",
    "other_short": "hw1.data.contamination_other_short",
    "whole": "hw1.data.contamination_whole",
}


def _leaking(rng, invent, n):
    """Return train texts, test texts, and by kind the test places that a right answer names."""
    train, fresh = (
        [
            " ".join(f"{word}{mark}{k}" for word in text.split())
            for k, text in enumerate(invent(count, 9, marks=False))
        ]
        for count, mark in ((12, ""), (8, "x"))
    )
    words = [text.split() for text in train]
    start = rng.randint(0, 9 - n)
    shared = " ".join(words[0][start : start + n])
    near = " ".join(words[1][: n - 1])
    border = " ".join(words[2][-(n - 2) :] + words[3][:2])
    suffix = " ".join([words[4][0][1:], *words[4][1:n]])
    short = " ".join(words[5][: n - 1])
    train.append(short)
    tests = {
        "clean": fresh[0],
        "shared": f"{fresh[1]} {shared.upper()} {fresh[2]}",
        "almost": f"{near} {fresh[3]}",
        "border": f"{fresh[4]} {border}",
        "suffix": f"{fresh[5]} {suffix} {fresh[6]}",
        "short": short.upper(),
        "other_short": " ".join(fresh[7].split()[: n - 1]),
        "whole": train[7],
    }
    return train, tests, {"shared", "short", "whole"}


@pytest.mark.points("0.25", key="hw1.data.contaminated", part="data")
def test_contamination_is_a_shared_word_ngram(case, ask, rng, invent):
    for n in rng.sample((3, 4, 5, 6), 2):
        train, tests, expected = _leaking(rng, invent, n)
        kinds = rng.sample(sorted(tests), len(tests))
        found = ask([int], "data:contaminated", train, [tests[kind] for kind in kinds], n)
        inside = all(0 <= place < len(kinds) for place in found)
        case.require(inside, "hw1.data.contaminated_places")
        got = {kinds[place] for place in found}
        case.require(len(found) == len(got), "hw1.data.contaminated_twice")
        for kind in sorted(tests):
            case.require((kind in got) == (kind in expected), CONTAMINATION[kind], n=n)
    case.require(ask([int], "data:contaminated", [], ["a b c"], 2) == [], "hw1.data.empty_rows")
    case.require(ask([int], "data:contaminated", ["a b c"], [], 2) == [], "hw1.data.empty_rows")
