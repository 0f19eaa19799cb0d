"""Copies between teams and of references: found beyond chance, and honest classes left alone."""

import dataclasses

import pytest

from leaderboard.integrity import examine
from leaderboard.integrity.copies import similarity
from leaderboard.records import Entrant, Kind
from tests.integrity.invented import honest, keys, questions, teams

ITEMS = questions(120)
CLASS = teams(8, ITEMS)


def copier(source, share, name="copier", change=lambda text: text):
    """Return an honest team that took every so-manieth answer from another."""
    own = honest(name, ITEMS)
    taken = {
        id_: change(text)
        for n, (id_, text) in enumerate(source.answers.items())
        if n % 100 < share * 100
    }
    return Entrant(name, {**own.answers, **taken})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [2, 3, 9])
def test_an_honest_class_has_no_flags_of_copies(seed, size):
    items = questions(100, seed)
    found = examine(teams(size, items, seed), items)
    assert {name: keys(flags) for name, flags in found.items() if flags} == {}


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("size", [1, 8])
def test_a_copy_of_a_part_is_flagged_on_both_with_its_evidence(share, size):
    found = examine([*CLASS[:size], copier(CLASS[0], share)], ITEMS)
    assert {name for name, flags in found.items() if flags} == {"team00", "copier"}
    (flag,) = found["copier"]
    assert flag.key == "integrity.copied_from_team"
    assert flag.args["team"] == "team00"
    assert flag.args["items"] == 120
    assert flag.args["same"] >= flag.args["alone"] >= 120 * share * 0.5
    assert flag.args["expected"] < flag.args["share"]
    assert str(flag.args["p_value"]) == "0.000001"
    shown = flag.args["examples"][0]
    assert shown["answer"] == shown["other"] == CLASS[0].answers[shown["id"]]
    assert flag.args["ids"].split(", ")[0] == shown["id"]


def test_a_copy_with_changed_case_and_punctuation_and_a_letter_is_still_one():
    def disguised(text):
        return text.upper().replace(".", " !").replace("THE ", "the, ") + "s"

    found = examine([*CLASS, copier(CLASS[3], 0.6, change=disguised)], ITEMS)
    assert keys(found["team03"]) == ["integrity.copied_from_team"]


def test_three_that_share_answers_do_not_excuse_each_other():
    ring = [copier(CLASS[0], 0.5, name) for name in ("ring1", "ring2")]
    found = examine([*CLASS, *ring], ITEMS)
    assert sorted(flag.args["team"] for flag in found["ring1"]) == ["ring2", "team00"]


def test_what_a_whole_class_hands_in_is_nobodys_copy():
    starter = CLASS[0].answers
    same = [Entrant(f"same{n}", starter) for n in range(8)]
    assert not any(examine(same, ITEMS).values())


def test_blank_answers_are_no_copies_of_each_other():
    blank = [Entrant(name, dict.fromkeys((item.id for item in ITEMS), "")) for name in "ab"]
    assert keys(examine([*CLASS, *blank], ITEMS)["a"]) == ["integrity.blank"]


def test_a_baselines_answers_handed_in_are_named():
    baseline = dataclasses.replace(CLASS[1], name="zero_shot", kind=Kind.BASELINE)
    found = examine([CLASS[0], CLASS[1], baseline], ITEMS)
    assert keys(found["team01"]) == ["integrity.same_as_baseline"]
    assert found["team01"][0].args["baseline"] == "zero_shot"
    assert found["team00"] == found["zero_shot"] == ()


@pytest.mark.parametrize("size", [0, 8])
def test_references_word_for_word_are_flagged_beyond_chance(size):
    cheat = honest("cheat", ITEMS, hits=0.3)
    found = examine([*CLASS[:size], cheat], ITEMS)
    assert {name for name, flags in found.items() if flags} == {"cheat"}
    (flag,) = found["cheat"]
    assert flag.key == "integrity.copied_reference"
    hits = sum(cheat.answers[item.id] == item.reference for item in ITEMS)
    assert (flag.args["same"], flag.args["items"]) == (hits, 120)
    assert flag.args["examples"][0]["answer"] in {item.reference for item in ITEMS}


def test_a_team_that_hits_references_as_often_as_the_reference_solution_is_no_suspect():
    good = honest("good", ITEMS, hits=0.3)
    solution = dataclasses.replace(honest("solution", ITEMS, hits=0.3), kind=Kind.BASELINE)
    assert examine([*CLASS, good, solution], ITEMS)["good"] == ()


def test_similarity_is_the_jaccard_index_of_character_5_grams():
    # abcdefg: abcde bcdef cdefg; abcdefx: abcde bcdef cdefx. Two of four.
    assert similarity("abcdefg", "abcdefx") == 2 / 4
    assert similarity("ab", "ab") == similarity("", "") == 1
    assert similarity("ab", "") == 0


def test_the_order_of_teams_changes_no_evidence():
    entrants = [*CLASS, copier(CLASS[0], 0.4)]
    forward, backward = examine(entrants, ITEMS), examine(entrants[::-1], ITEMS)
    assert {name: forward[name] for name in sorted(forward)} == {
        name: backward[name] for name in sorted(backward)
    }
