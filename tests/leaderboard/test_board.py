"""Boards: order, ties, what is refused, and that a board is a function of its facts."""

import random
from decimal import Decimal

import numpy as np
import pytest
from sklearn.metrics import f1_score

from graders.core.errors import CourseError
from leaderboard.board import Entry, build, macro_f1
from leaderboard.ranking.resampling import resampled
from tests.leaderboard.answers import entry_of, gold_of, skilled

GOLD = gold_of(200)
ENTRIES = [skilled(f"s{number:02}", GOLD, 0.5 + number / 30, number) for number in range(10)]


def board_of(entries, gold=GOLD, **more):
    return build(entries, gold, seed=1, **({"resamples": 200} | more))


def test_the_best_accuracy_is_first_and_scores_are_exact_decimals():
    board = board_of(ENTRIES)
    values = [row.scores["accuracy"].value for row in board.rows]
    assert values == sorted(values, reverse=True)
    truth = list(GOLD.values())
    for row in board.rows:
        entry = next(entry for entry in ENTRIES if entry.name == row.name)
        hits = sum(entry.predictions[name] == GOLD[name] for name in GOLD)
        given = [entry.predictions[name] for name in GOLD]
        f1 = f1_score(truth, given, average="macro")
        assert row.scores["accuracy"].value == Decimal(hits) / 200
        assert row.scores["macro_f1"].value == pytest.approx(Decimal(f1), abs=Decimal("0.00005"))
        assert all(score.value.as_tuple().exponent == -4 for score in row.scores.values())


def test_every_interval_holds_its_estimate_and_every_rank_range_its_place():
    for row in board_of(ENTRIES).rows:
        assert row.rank_low <= row.place <= row.rank_high
        assert all(score.low <= score.value <= score.high for score in row.scores.values())


def test_a_board_is_a_function_of_its_facts_and_not_of_their_order():
    shuffled = list(ENTRIES)
    random.Random(5).shuffle(shuffled)
    turned = [Entry(one.name, dict(reversed(one.predictions.items()))) for one in shuffled]
    assert board_of(turned, dict(reversed(GOLD.items()))) == board_of(ENTRIES)


def test_another_seed_moves_intervals_and_nothing_else():
    first = build(ENTRIES, GOLD, seed=1, resamples=200)
    second = build(ENTRIES, GOLD, seed=2, resamples=200)
    facts = [
        [(row.place, row.rank_low, row.rank_high, row.name) for row in board.rows]
        for board in (first, second)
    ]
    assert facts[0] == facts[1]
    assert first.rows != second.rows


def test_equal_answers_share_everything():
    twin = Entry("twin", ENTRIES[3].predictions)
    rows = {row.name: row for row in board_of([*ENTRIES, twin]).rows}
    first, second = rows["s03"], rows["twin"]
    assert (first.place, first.rank_low, first.rank_high) == (
        second.place,
        second.rank_low,
        second.rank_high,
    )
    assert first.scores == second.scores


def test_equal_accuracy_shares_the_rank_though_the_answers_differ():
    # Both get 150 of 200, the third one 120: told apart from the first one only, whose
    # misses are among the third's misses.
    entries = [
        entry_of("near", GOLD, [number >= 50 for number in range(200)]),
        entry_of("far", GOLD, [number < 150 for number in range(200)]),
        entry_of("low", GOLD, [number >= 66 for number in range(200)]),
    ]
    alone = {row.name: row for row in board_of([entries[1], entries[2]]).rows}
    assert (alone["far"].rank_low, alone["far"].rank_high) == (1, 2)
    rows = {row.name: row for row in board_of(entries).rows}
    assert (rows["low"].rank_low, rows["low"].rank_high) == (2, 3)
    for name in ("near", "far"):
        assert (rows[name].place, rows[name].rank_low, rows[name].rank_high) == (1, 1, 3)


def test_equal_accuracy_shares_the_best_rank_too():
    # Both get 120 of 200; the best one is told apart only from the one whose hits it has all.
    entries = [
        entry_of("near", GOLD, [number < 120 for number in range(200)]),
        entry_of("far", GOLD, [number >= 80 for number in range(200)]),
        entry_of("high", GOLD, [number < 136 for number in range(200)]),
    ]
    alone = {row.name: row for row in board_of([entries[0], entries[2]]).rows}
    assert (alone["near"].rank_low, alone["near"].rank_high) == (2, 2)
    rows = {row.name: row for row in board_of(entries).rows}
    assert (rows["high"].rank_low, rows["high"].rank_high) == (1, 2)
    for name in ("near", "far"):
        assert (rows[name].place, rows[name].rank_low, rows[name].rank_high) == (2, 1, 3)


def test_places_skip_after_a_tie():
    hits = {"a": 180, "b": 150, "c": 150, "d": 120}
    entries = [entry_of(name, GOLD, [n < most for n in range(200)]) for name, most in hits.items()]
    assert [(row.name, row.place) for row in board_of(entries).rows] == [
        ("a", 1),
        ("b", 2),
        ("c", 2),
        ("d", 4),
    ]


def test_no_entries_make_an_empty_board():
    board = board_of([])
    assert board.rows == ()
    assert board.questions == 200
    assert board_of([], {}).rows == ()


def without(gold, *ids):
    return {name: label for name, label in gold.items() if name not in ids}


@pytest.mark.parametrize(
    ("predictions", "what"),
    [
        (without(GOLD, "q0001", "q0007"), r"no answer for 'q0001', 'q0007' \(2 in all\)"),
        (GOLD | {"x1": 0}, r"no question 'x1' \(1 in all\)"),
        (GOLD | {"q0003": 2}, r"the label is unknown of 'q0003' \(1 in all\)"),
        ({}, r"no answer for 'q0000', .*'q0004', … \(200 in all\)"),
    ],
)
def test_answers_to_other_questions_are_refused_by_name(predictions, what):
    with pytest.raises(CourseError, match=what) as caught:
        board_of([*ENTRIES, Entry("Имя", predictions)])
    assert caught.value.where == "the predictions of 'Имя'"


def test_two_entries_of_one_name_are_refused():
    with pytest.raises(CourseError, match="two entries have the name 's00'"):
        board_of([ENTRIES[0], ENTRIES[0]])


def test_entries_without_questions_are_refused():
    with pytest.raises(CourseError, match="no questions"):
        board_of([Entry("a", {})], {})


@pytest.mark.parametrize(
    "setting", [{"level": Decimal(1)}, {"level": Decimal(0)}, {"resamples": 0}]
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(CourseError, match="level between 0 and 1"):
        board_of(ENTRIES, **setting)


def test_a_higher_level_widens_every_interval():
    narrow, wide = board_of(ENTRIES, level=Decimal("0.8")), board_of(ENTRIES, level=Decimal("0.99"))
    for one, other in zip(narrow.rows, wide.rows, strict=True):
        assert other.rank_low <= one.rank_low
        assert one.rank_high <= other.rank_high
        for metric, score in one.scores.items():
            assert other.scores[metric].low < score.low
            assert score.high < other.scores[metric].high


def test_every_pair_is_compared_once_in_the_order_of_rows():
    board = board_of(ENTRIES)
    names = [row.name for row in board.rows]
    assert [(pair.first, pair.second) for pair in board.pairs] == [
        (one, other) for i, one in enumerate(names) for other in names[i + 1 :]
    ]
    value = {row.name: row.scores["accuracy"].value for row in board.rows}
    for pair in board.pairs:
        assert pair.difference.value == value[pair.first] - value[pair.second] >= 0
        assert pair.difference.low <= pair.difference.value <= pair.difference.high
        assert pair.p_value <= pair.adjusted <= 1


def test_the_pairs_that_fall_by_holm_are_those_that_bound_the_ranks():
    board = board_of(ENTRIES)
    worse = {row.name: 0 for row in board.rows}
    for pair in board.pairs:
        worse[pair.second] += pair.adjusted <= Decimal("0.05")
    assert {row.name: row.rank_low - 1 for row in board.rows} == worse
    assert any(worse.values())


@pytest.fixture(scope="module")
def multiclass():
    random = np.random.default_rng(7)
    truth = random.integers(0, 4, 120)
    answers = np.where(random.random((5, 120)) < 0.6, truth, random.integers(0, 4, (5, 120)))
    answers[4] = 2  # never gives three of the labels
    return answers, truth


def test_macro_f1_is_that_of_scikit_learn(multiclass):
    answers, truth = multiclass
    assert macro_f1(answers, truth, np.ones((1, 120)), range(4))[:, 0] == pytest.approx(
        [f1_score(truth, row, average="macro", zero_division=0) for row in answers]
    )


def test_a_resample_is_scored_as_if_its_questions_were_written_out(multiclass):
    answers, truth = multiclass
    (weights,) = resampled(120, 10, seed=3)
    ours = macro_f1(answers, truth, weights, range(4))
    for number, counts in enumerate(weights.astype(int)):
        chosen = np.repeat(np.arange(120), counts)
        for entry, row in enumerate(answers):
            assert ours[entry, number] == pytest.approx(
                f1_score(
                    truth[chosen],
                    row[chosen],
                    average="macro",
                    labels=range(4),
                    zero_division=0,
                )
            )


def test_the_chance_of_the_first_places_grows_with_k_and_falls_down_the_board():
    rows = board_of(ENTRIES, resamples=500).rows
    for row in rows:
        assert list(row.top) == [1, 3]
        assert row.top[1] <= row.top[3] <= 1
    assert rows[0].top[1] > rows[-1].top[1]
    (alone,) = board_of(ENTRIES[:1]).rows
    assert alone.top == {1: Decimal(1)}


def test_a_homework_has_no_judge_and_is_its_private_part():
    board = board_of(ENTRIES, competition="hw1")
    assert (board.competition, board.part, board.judge) == ("hw1", "private", None)
    assert {row.kind for row in board.rows} == {"team"}


def test_a_large_class_is_told_apart_into_two_tiers():
    # 40 entries are 780 pairs: no count of 2000 resamples gets below 0.05 / 780.
    gold = gold_of(1000)
    entries = [skilled(f"s{n:02}", gold, 0.9 if n < 20 else 0.6, n) for n in range(40)]
    rows = board_of(entries, gold).rows
    assert all(row.rank_high <= 20 for row in rows[:20])
    assert all(row.rank_low >= 21 for row in rows[20:])
    assert [row.tier for row in rows[::20]] == [1, 2]
