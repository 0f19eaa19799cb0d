"""Part "metrics": text against text."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest


@pytest.mark.points("0.5", key="seminar5.metrics.normalize", part="metrics")
def test_normalization_drops_case_marks_articles_and_spaces(case, ask, rng, words):
    def normalized(text):
        return ask(str, "metrics:normalize_answer", text)

    one, two = words(2)
    case.require(
        normalized(f"{one.upper()} {two.title()}") == f"{one} {two}", "seminar5.metrics.case"
    )
    glued = f"{one}{two}"
    # A mark of Unicode's punctuation, and one of those that Unicode calls symbols.
    for mark in (rng.choice("!#%&*,-./:;?@"), rng.choice("$+<=>^`|~")):
        got = normalized(f"{one}{mark}{two}{mark}")
        case.require(got == glued, "seminar5.metrics.punctuation", mark=mark)
    for mark in "«»“”—…":
        got = normalized(f"{mark}{one}{mark} {two}")
        case.require(got == f"{one} {two}", "seminar5.metrics.unicode_punctuation", mark=mark)
    article = rng.choice(["a", "an", "the"])
    got = normalized(f"{article.title()} {one}, {article} {two} {article}")
    case.require(got == f"{one} {two}", "seminar5.metrics.articles")
    got = normalized(f"theatre {one} analysis ana")
    case.require(got == f"theatre {one} analysis ana", "seminar5.metrics.articles_inside")
    got = normalized(f"at 5 a.m. {one}")
    case.require(got == f"at 5 am {one}", "seminar5.metrics.articles_first")
    case.require(normalized("а не то") == "а не то", "seminar5.metrics.cyrillic_article")
    case.require(normalized(f" {one}\t\n {two}\u00a0") == f"{one} {two}", "seminar5.metrics.spaces")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in "bridge")
    case.require(normalized(wide) == "bridge", "seminar5.metrics.nfkc")


@pytest.mark.points("0.4", key="seminar5.metrics.exact_match", part="metrics")
def test_an_exact_match_equals_one_of_the_references(case, number, rng, words):
    one, two, three = words(3)
    references = [f"{two} {one}", f"{one} {two}", three]
    same = number("metrics:exact_match", f"The {one}, {two.upper()}!", references)
    case.require(same == 1, "seminar5.metrics.em_references")
    for given in (one, f"{one} {two} {three}", ""):
        got = number("metrics:exact_match", given, [f"{one} {two}"])
        case.require(got == 0, "seminar5.metrics.em_inside")
    case.require(number("metrics:exact_match", "the", ["!"]) == 1, "seminar5.metrics.em_empty")


def _f1(given, wanted):
    hits = sum((Counter(given) & Counter(wanted)).values())
    return 2 * hits / (len(given) + len(wanted))


@pytest.mark.points("0.6", key="seminar5.metrics.token_f1", part="metrics")
def test_token_f1_counts_words_with_repetitions_and_takes_the_best_reference(
    case, number, rng, words
):
    known = words(6)
    tried = 0
    while tried < 4:
        given, wanted = rng.choices(known[:4], k=7), rng.choices(known[:5], k=4)
        want = _f1(given, wanted)
        hits = want * 11 / 2
        sets = 2 * len({*given} & {*wanted}) / (len({*given}) + len({*wanted}))
        mistakes = {
            "seminar5.metrics.f1_set": [sets],
            "seminar5.metrics.f1_repeats": [2 * sum(word in wanted for word in given) / 11],
            "seminar5.metrics.f1_one_sided": [hits / 7, hits / 4],
        }
        values = [want, *(value for wrong in mistakes.values() for value in wrong)]
        if len({round(value, 6) for value in values}) < len(values):
            continue  # a mistake that is right by chance, or looks like another
        tried += 1
        got = number("metrics:token_f1", " ".join(given), [" ".join(wanted)])
        for name, wrong in mistakes.items():
            case.require(all(abs(got - value) > 1e-9 for value in wrong), name)
        case.require(abs(want - got) < 1e-9, "seminar5.metrics.f1_wrong")
    parrot = number("metrics:token_f1", " ".join([known[0]] * 5), [known[0]])
    case.require(abs(parrot - 1 / 3) < 1e-9, "seminar5.metrics.f1_repeats")
    best = number("metrics:token_f1", f"The {known[0]}!", [known[1], known[0], known[2]])
    case.require(abs(best - 1) < 1e-9, "seminar5.metrics.f1_references")
    after = number("metrics:token_f1", known[0], ["...", known[0]])
    case.require(after == 1, "seminar5.metrics.f1_references")
    case.require(number("metrics:token_f1", "the", ["..."]) == 1, "seminar5.metrics.f1_empty")
    case.require(number("metrics:token_f1", "", [known[0]]) == 0, "seminar5.metrics.f1_empty")
    case.require(number("metrics:token_f1", known[0], ["a"]) == 0, "seminar5.metrics.f1_empty")


def _common(first, second):
    """Return the length of the longest common subsequence, from the back and by recursion."""

    @cache
    def length(i, j):
        if i == len(first) or j == len(second):
            return 0
        if first[i] == second[j]:
            return 1 + length(i + 1, j + 1)
        return max(length(i + 1, j), length(i, j + 1))

    return length(0, 0)


@pytest.mark.points("0.5", key="seminar5.metrics.rouge_l", part="metrics")
def test_rouge_l_is_the_f1_of_the_longest_common_subsequence(case, number, rng, words):
    for english in (True, False, False):
        known = [word for word in words(18) if word.isascii() == english][:5]
        given, wanted = rng.choices(known, k=11), rng.choices(known, k=7)
        got = number("metrics:rouge_l", " ".join(given), " ".join(wanted))
        common = _common(given, wanted)
        want = 2 * common / 18
        cyrillic = not english and got == 0 and want > 0
        case.require(not cyrillic, "seminar5.metrics.rouge_cyrillic")
        recall = abs(got - common / 7) < 1e-9 and abs(got - want) > 1e-9
        case.require(not recall, "seminar5.metrics.rouge_recall")
        bag = sum((Counter(given) & Counter(wanted)).values())
        unordered = abs(got - 2 * bag / 18) < 1e-9 and abs(got - want) > 1e-9
        case.require(not unordered, "seminar5.metrics.rouge_bag")
        case.require(abs(got - want) < 1e-9, "seminar5.metrics.rouge_wrong")
    one, two, three, four = words(4)
    gapped = number("metrics:rouge_l", f"{one} {two} {three}", f"{one} {four} {three}")
    case.require(abs(gapped - 2 / 3) < 1e-9, "seminar5.metrics.rouge_gaps")
    marked = number("metrics:rouge_l", f"{one.upper()}_{two}, the", f"{one} {two} the")
    case.require(abs(marked - 1) < 1e-9, "seminar5.metrics.rouge_words")
    case.require(number("metrics:rouge_l", "...", one) == 0, "seminar5.metrics.rouge_empty")
    case.require(number("metrics:rouge_l", one, "") == 0, "seminar5.metrics.rouge_empty")
