"""Part "refusals": the classifier on a labelled set, its rate and its examination."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

# {x} is what was asked for. Written for this test; one kind a line.
REFUSED = {
    "inability": [
        "I can't help with {x}.",
        "I cannot assist with that request.",
        "I won't provide instructions for {x}.",
        "I am unable to help you with {x}.",
        "I'm not able to provide information about {x}.",
    ],
    "apology": [
        "I'm sorry, but I can't help with {x}.",
        "Sorry, I cannot assist with that.",
        "I apologize, but I am unable to comply with this request.",
        "My apologies, but I can't provide {x}.",
    ],
    "assistant": [
        "As an AI language model, I cannot create {x}.",
        "As an AI assistant, I don't engage in {x}.",
        "Writing about {x} goes against my guidelines.",
    ],
    "verdict": [
        "Making {x} is illegal and dangerous. Please choose another way.",
        "I must decline to write about {x}.",
        "Harming others with {x} is never acceptable.",
    ],
}
ANSWERED = {
    "plain": [
        "Here are three facts about {x}: it is old, it is large and it is popular.",
        "Sure! Start with {x}, then add water and stir.",
        "The {x} cannot be seen from the street, so walk around the corner.",
        "Of course, I can help with {x}. First, open the door.",
    ],
    "praise": [
        "I cannot recommend {x} enough: everybody there was kind.",
        "I can't stress enough how much {x} matters for a good start.",
    ],
    "apology": [
        "Sorry for the wait! Here is the text about {x}.",
        "I apologize for the confusion. The {x} opens at nine.",
    ],
    "quoted": [
        'She looked at {x} and said: "I cannot help with that request." Then she laughed.',
        "The sign at {x} reads “I'm sorry, but I can't assist with that”, which is a joke.",
    ],
    "empty": ["", "  \n"],
}
LATE = "By the way, I can't help with booking tickets."


def _filled(kinds, invent):
    return [(kind, text.replace("{x}", invent(2))) for kind, ts in kinds.items() for text in ts]


@pytest.mark.points("0.5", key="seminar4.refusals.found", part="refusals")
def test_refusals_are_found_whatever_their_apostrophes_and_case(drive, case, rng, invent):
    listed = _filled(REFUSED, invent)
    rng.shuffle(listed)
    told = drive("refusals", [text for _, text in listed])
    share = sum(told) / len(told)
    case.require(any(told), "seminar4.refusals.none_found")
    missed = sorted({kind for (kind, _), one in zip(listed, told, strict=True) if not one})
    case.require(
        share >= 0.8, "seminar4.refusals.recall", share=round(share, 2), missed=", ".join(missed)
    )
    found = [text for (_, text), one in zip(listed, told, strict=True) if one]
    curly = drive("refusals", [text.replace("'", "’") for text in found])
    case.require(all(curly), "seminar4.refusals.curly")
    loud = drive("refusals", [text.upper() for text in found])
    case.require(all(loud), "seminar4.refusals.case")
    spaced = drive("refusals", ["\n  " + text.replace(" ", "  ") for text in found])
    case.require(all(spaced), "seminar4.refusals.spaces")
    followed = [f"{text} {invent(12)}. {invent(12)}. {invent(12)}." for text in found]
    case.require(all(drive("refusals", followed)), "seminar4.refusals.followed")


@pytest.mark.points("0.5", key="seminar4.refusals.answers", part="refusals")
def test_answers_that_sound_like_refusals_are_answers(drive, case, rng, invent):
    keys = {
        "plain": "seminar4.refusals.answer_marked",
        "praise": "seminar4.refusals.praise_marked",
        "apology": "seminar4.refusals.apology_marked",
        "quoted": "seminar4.refusals.quotation_marked",
        "empty": "seminar4.refusals.empty_marked",
    }
    listed = _filled(ANSWERED, invent)
    rng.shuffle(listed)
    told = drive("refusals", [text for _, text in listed])
    for (kind, _), one in zip(listed, told, strict=True):
        case.require(not one, keys[kind])
    late = " ".join(f"{invent(9)}." for _ in range(14)) + f" {LATE}"
    case.require(drive("refusals", [late]) == [False], "seminar4.refusals.late_marked")
    # The classifier as a whole: it must not buy this by finding nothing.
    refused = _filled(REFUSED, invent)
    found = sum(drive("refusals", [text for _, text in refused]))
    case.require(found >= 0.8 * len(refused), "seminar4.refusals.silent", n=found)


def _interval(hits, count, level=0.95):
    """Return the score interval by search: where the test of a share would just reject it."""
    z = NormalDist().inv_cdf((1 + level) / 2)

    def rejected(share):
        error = math.sqrt(share * (1 - share) / count)
        return abs(hits / count - share) > z * error

    ends = []
    for end in (0.0, 1.0):
        inside, outside = hits / count, end
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if rejected(middle) else (middle, outside)
        ends.append(inside)
    return ends


@pytest.mark.points("0.5", key="seminar4.refusals.rate", part="refusals")
def test_the_rate_of_refusals_comes_with_a_score_interval(drive, case, rng, by_hand):
    close = by_hand["close"]
    count = rng.randint(15, 40)
    for hits in (0, count, rng.randint(2, count - 2)):
        level = rng.choice((0.9, 0.95, 0.99))
        got = drive("wilson", hits, count, level)
        case.require(close(got["value"], hits / count), "seminar4.refusals.share")
        case.require(got["count"] == count, "seminar4.refusals.count")
        low, high = _interval(hits, count, level)
        ends = [got["low"], got["high"]]
        point = hits in (0, count) and got["low"] == got["high"]
        case.require(not point, "seminar4.refusals.wald")
        fixed = level != 0.95 and close(ends, _interval(hits, count, 0.95), 1e-3)
        case.require(not fixed, "seminar4.refusals.level_ignored")
        case.require(0 <= ends[0] <= ends[1] <= 1, "seminar4.refusals.outside")
        case.require(close(ends, [low, high], 1e-3), "seminar4.refusals.interval")
    nothing = drive("wilson", 0, 0, 0.95)
    case.require(math.isnan(nothing["value"]), "seminar4.refusals.share_of_nothing")
    case.require([nothing["low"], nothing["high"]] == [0, 1], "seminar4.refusals.share_of_nothing")
    # The rate counts every reply, an empty one too.
    replies = ["I can't help with that."] * 3 + ["Here is the text."] * 4 + [""]
    rng.shuffle(replies)
    got = drive("rate", replies, 0.9)
    case.require(got["count"] == len(replies), "seminar4.refusals.empty_left_out")
    case.require(close(got["value"], 3 / 8), "seminar4.refusals.rate_wrong")
    case.require(
        close([got["low"], got["high"]], _interval(3, 8, 0.9), 1e-3), "seminar4.refusals.rate_level"
    )


@pytest.mark.points("0.5", key="seminar4.refusals.examine", part="refusals")
def test_the_classifier_is_examined_by_precision_and_recall(drive, case, rng, by_hand):
    cells = {(True, True): 7, (True, False): 2, (False, True): 5, (False, False): 9}
    listed = [cell for cell, count in cells.items() for _ in range(count)]
    rng.shuffle(listed)
    got = drive("examine", [a for a, _ in listed], [b for _, b in listed])
    close = by_hand["close"]
    precision, recall = got["precision"], got["recall"]
    swapped = close(precision["value"], 7 / 12) and close(recall["value"], 7 / 9)
    case.require(not swapped, "seminar4.refusals.precision_is_recall")
    case.require(not close(precision["value"], 16 / 23), "seminar4.refusals.accuracy")
    case.require(close(precision["value"], 7 / 9), "seminar4.refusals.precision")
    case.require(close(recall["value"], 7 / 12), "seminar4.refusals.recall_wrong")
    case.require((precision["count"], recall["count"]) == (9, 12), "seminar4.refusals.denominators")
    alarms = [i for i, cell in enumerate(listed) if cell == (True, False)]
    misses = [i for i, cell in enumerate(listed) if cell == (False, True)]
    case.require(got["false_alarms"] == alarms, "seminar4.refusals.false_alarms")
    case.require(got["misses"] == misses, "seminar4.refusals.misses")
    silent = drive("examine", [False, False], [True, False])
    case.require(math.isnan(silent["precision"]["value"]), "seminar4.refusals.undefined_precision")
    case.require(silent["recall"]["value"] == 0, "seminar4.refusals.recall_wrong")
    case.require(
        drive("fails", "examine", [True], [True, False]) == "ValueError",
        "seminar4.refusals.lengths_differ",
    )
