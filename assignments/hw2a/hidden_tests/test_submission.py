"""Part "submission": the answers' file, what it is worth on the public part, and the encoding."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from itertools import pairwise

import pytest

LEAD = 10


@pytest.mark.points("0.40", key="hw2a.submission.ids", part="submission")
def test_there_is_one_answer_for_each_test_item(case, complete):
    case.fact("answers", len(complete))


@pytest.mark.points("0.20", key="hw2a.submission.lines", part="submission")
def test_every_answer_is_one_line_that_says_something(case, answers, settings):
    longest = int(settings["answer_chars"])
    for name, answer in answers.items():
        case.require(answer.strip(), "hw2a.submission.empty", id=name)
        case.require(len(answer.splitlines()) == 1, "hw2a.submission.many_lines", id=name)
        case.require(len(answer) <= longest, "hw2a.submission.long", id=name, limit=longest)
        odd = [c for c in answer if unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"}]
        case.require(not odd, "hw2a.submission.control", id=name)


@pytest.mark.points("0.20", key="hw2a.submission.varied", part="submission")
def test_the_answers_differ_from_one_another(case, answers, settings):
    share = len({answer.casefold() for answer in answers.values()}) / max(1, len(answers))
    case.fact("distinct_answers", f"{share:.4f}")
    needed = float(settings["distinct_answers"])
    case.require(share >= needed, "hw2a.submission.constant", share=share)


@pytest.mark.points("0.70", key="hw2a.submission.beats_lead", part="submission")
def test_the_answers_beat_the_first_words_of_the_document(case, complete, public, statistics):
    rouge_l = statistics["rouge_l"]
    lead = {n: " ".join(row["document"].split()[:LEAD]) for n, row in public.items()}
    ours = [rouge_l(complete[name], row["summary"]) for name, row in public.items()]
    theirs = [rouge_l(lead[name], row["summary"]) for name, row in public.items()]
    gains = [a - b for a, b in zip(ours, theirs, strict=True)]
    gain = sum(gains) / len(gains)
    low, high = statistics["interval"](gains)
    case.fact("public_rouge_l", f"{sum(ours) / len(ours):.4f}")
    case.fact("public_rouge_l_ci", [f"{end:.4f}" for end in statistics["interval"](ours)])
    case.fact("public_gain_over_lead", [f"{value:.4f}" for value in (gain, low, high)])
    copied = sum(complete[n].split()[:LEAD] == text.split() for n, text in lead.items())
    case.require(2 * copied <= len(lead), "hw2a.submission.is_lead", n=copied)
    case.require(gain > 0, "hw2a.submission.below_lead", gain=gain)
    if low <= 0:
        case.earn(Decimal("0.5"))
        case.fail("hw2a.submission.maybe_luck", gain=gain, low=low, high=high)


@pytest.fixture
def encode(student, case):
    """Return a function that encodes rows by the student's `encode_example`."""
    shape = [{"input_ids": [int], "labels": [int]}]

    def run(rows, max_length=128, adds_bos=False):
        found = student.drive("tiny", "encode", rows, max_length, adds_bos)
        found = case.shaped(found, shape, "encode_example")
        for one in found:
            same = len(one["input_ids"]) == len(one["labels"])
            case.require(same, "hw2a.encode.lengths_differ")
            kept = all(
                label in (-100, token)
                for token, label in zip(one["input_ids"], one["labels"], strict=True)
            )
            case.require(kept, "hw2a.encode.labels_shifted")
        return found

    return run


@pytest.mark.points("0.25", key="hw2a.submission.masking", part="submission")
def test_the_summary_and_the_end_are_learned_and_the_prompt_is_not(student, case, encode, invent):
    rows = invent([30, 45, 60])
    end = student.drive("tiny", "specials")["eos"]
    for row, one in zip(rows, encode(rows), strict=True):
        learned = [label for label in one["labels"] if label != -100]
        case.require(learned, "hw2a.encode.nothing_learned")
        case.require(learned[-1] == end, "hw2a.encode.eos_untrained")
        said = student.drive("tiny", "decoded", [learned[:-1]])[0].strip()
        case.require(len(learned) < len(one["labels"]), "hw2a.encode.prompt_trained")
        longer = said.endswith(row["summary"]) and said != row["summary"]
        case.require(not longer, "hw2a.encode.prompt_trained")
        case.require(said == row["summary"], "hw2a.encode.summary_changed")
        first = next(at for at, label in enumerate(one["labels"]) if label != -100)
        tail = one["labels"][first:]
        case.require(-100 not in tail, "hw2a.encode.holes")


@pytest.mark.points("0.25", key="hw2a.submission.encoding", part="submission")
def test_long_documents_are_cut_and_no_special_token_comes_in(student, case, encode, invent):
    short, long = invent([20, 400])
    long = {**long, "summary": short["summary"]}
    limit = 112
    brief, cut = encode([short, long], limit)
    case.require(len(cut["input_ids"]) <= limit, "hw2a.encode.too_long", limit=limit)
    learned = [[label for label in one["labels"] if label != -100] for one in (brief, cut)]
    case.require(learned[0] == learned[1], "hw2a.encode.summary_cut")
    tails = [_prompt(one)[-2:] for one in (brief, cut)]
    case.require(tails[0] == tails[1], "hw2a.encode.question_cut")
    case.require(len(_prompt(cut)) > len(_prompt(brief)), "hw2a.encode.document_lost")
    plain, opened = (encode([short], limit, adds)[0]["input_ids"] for adds in (False, True))
    bos = student.drive("tiny", "specials")["bos"]
    doubled = any(a == b == bos for a, b in pairwise(opened))
    case.require(not doubled, "hw2a.encode.bos_twice")
    case.require(opened == plain, "hw2a.encode.bos_added")


def _prompt(example):
    return [
        token
        for token, label in zip(example["input_ids"], example["labels"], strict=True)
        if label == -100
    ]
