"""Copies between teams and of references: found beyond chance, and honest classes left alone."""

import dataclasses

import numpy as np
import pytest

from leaderboard.integrity import examine
from leaderboard.integrity.copies import beyond_chance, leanings, similarity
from leaderboard.records import Entrant, Kind
from tests.integrity.invented import honest, keys, questions, teams

ITEMS = questions(80)
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


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [2, 3, 9])
def test_an_honest_class_has_no_flags_of_copies(seed, size):
    items = questions(60, seed)
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
    assert flag.args["items"] == 80
    assert flag.args["same"] >= flag.args["alone"] > 80 * share * 0.5
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


def test_who_agrees_with_everybody_is_expected_to_agree():
    # Team 0 agrees with each of four others on 5 of 10, they with each other on 1 of 10. For the
    # pair (0, 1): logit 0.5 + logit 0.1 - 2 logit 0.1 = ln 9; for (1, 2) nothing.
    agree = np.zeros((5, 5, 10), dtype=bool)
    agree[:, :, 0] = agree[0, 1:, :5] = agree[1:, 0, :5] = True
    assert leanings(agree, [(0, 1), (1, 2)]) == pytest.approx(np.array([np.log(9), 0]))
    assert leanings(agree[:3, :3], [(0, 1)]).tolist() == [0]  # too few others to say


def test_recipes_that_many_share_are_no_copies():
    groups = [CLASS[0], CLASS[1]]
    alike = [copier(groups[n % 2], 0.5, f"team{n}") for n in range(8)]
    assert not any(examine(alike, ITEMS).values())


def test_a_few_shared_answers_are_no_sign_however_unlikely():
    ids = [f"q{n:03}" for n in range(400)]
    one = {id_: f"One {id_} here." for id_ in ids}
    # 40 where 20 are expected of two strangers: unlikely, and less than 10 % more.
    other = {id_: one[id_] if n < 40 else f"Other {id_} there." for n, id_ in enumerate(ids)}
    items = [dataclasses.replace(ITEMS[0], id=id_) for id_ in ids]
    assert not any(examine([Entrant("one", one), Entrant("other", other)], items).values())


def test_on_a_handful_of_questions_nothing_can_be_said():
    texts = [honest(name, ITEMS[:5], skill=0).answers for name in "ab"]
    two = dict(list(texts[0].items())[:2])
    found = examine([Entrant("a", texts[0]), Entrant("b", {**texts[1], **two})], ITEMS[:5])
    assert not any(found.values())


@pytest.mark.parametrize(("pairs", "found"), [(12, [3]), (20, [])])
def test_the_more_pairs_the_less_likely_an_agreement_must_be(pairs, found):
    # P(5 or more of 10 | 0.05) = 6.4e-5 by the binomial distribution: below 0.001 / 12 only.
    events = np.zeros((pairs, 10), dtype=bool)
    events[3, :5] = True
    assert list(beyond_chance(events, np.full((pairs, 10), 0.05))) == found


def test_of_a_ring_each_member_is_shown_the_closest_three():
    ring = [copier(CLASS[0], 0.5 + 0.1 * n, f"ring{n}") for n in range(4)]
    found = examine([*teams(10, ITEMS), *ring], ITEMS)
    assert len(found["team00"]) == 3
    shares = [flag.args["share"] for flag in found["team00"]]
    assert shares == sorted(shares, reverse=True)
    assert found["team00"][0].args["team"] == "ring3"


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
    assert (flag.args["same"], flag.args["items"]) == (hits, 80)
    assert flag.args["examples"][0]["answer"] in {item.reference for item in ITEMS}


def test_a_team_that_hits_references_as_often_as_the_reference_solution_is_no_suspect():
    good = honest("good", ITEMS, hits=0.3)
    solution = dataclasses.replace(honest("solution", ITEMS, hits=0.3), kind=Kind.BASELINE)
    assert examine([*CLASS, good, solution], ITEMS)["good"] == ()


def test_a_few_references_hit_are_no_sign():
    items = questions(400)
    answers = {item.id: f"No {item.id} here." for item in items}
    # 26 where 8 are expected: unlikely, and less than 5 % more.
    hits = {item.id: item.reference for item in items[:26]}
    assert not any(examine([Entrant("lucky", {**answers, **hits})], items).values())
    few = honest("few", ITEMS[:6], hits=0).answers
    hit = {**few, "q001": ITEMS[1].reference}  # one of six is beyond 5 %, and may be luck
    assert not any(examine([Entrant("few", hit)], ITEMS[:6]).values())


def test_references_of_two_words_are_hit_by_luck():
    short = [dataclasses.replace(item, reference="Return it.") for item in ITEMS]
    answers = {**CLASS[0].answers, **{item.id: "Return it." for item in ITEMS[:16]}}
    found = examine([Entrant("a", answers), *CLASS[1:]], short)
    assert "integrity.copied_reference" not in keys(found["a"])


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
