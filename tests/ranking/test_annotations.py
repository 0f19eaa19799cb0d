"""Win rates of annotations as AlpacaEval writes them, against values worked out by hand."""

import json
from math import sqrt

import numpy as np
import pytest
from scipy.special import expit

from graders.core.errors import CourseError
from leaderboard.ranking.annotations import read_annotations, summarise


def _row(preference, instruction="i", one="a" * 50, two="b" * 50, **more):
    keys = {"instruction": instruction, "output_1": one, "output_2": two}
    return {**keys, "preference": preference, **more}


@pytest.fixture
def read(tmp_path):
    def _read(rows, text=None):
        path = tmp_path / "annotations.json"
        path.write_text(json.dumps(rows) if text is None else text, encoding="utf-8")
        return read_annotations(path)

    return _read


def test_ten_annotations_have_the_win_rate_worked_out_by_hand(read):
    # 4 wins, 3 losses, a tie in the new way, one in the old, and one weighted 1.8: in shares
    # 4 + 0 + ½ + ½ + 0.8 = 5.8 of 10.
    preferences = [2, 2, 2, 2, 1, 1, 1, 1.5, 0, 1.8]
    found = summarise(read([_row(p, f"i{n}") for n, p in enumerate(preferences)]), seed=1)
    assert found.win_rate == 58.0
    squares = 4 * 0.42**2 + 3 * 0.58**2 + 2 * 0.08**2 + 0.22**2
    assert found.standard_error == pytest.approx(100 * sqrt(squares / 9 / 10), abs=1e-4)
    assert (found.wins, found.losses, found.ties, found.total) == (5, 3, 2, 10)
    assert found.discrete_win_rate == 60.0


def test_two_lengths_have_the_length_controlled_rate_worked_out_by_hand(read):
    # Longer by 10 on 100, of which 80 are won; shorter by 10 on 100, of which 50: the model fits
    # both exactly, so θ = (ln 4 + ln 1) / 2 = ln 2 and LC = 2/3, while the raw rate is 65 %.
    rows = [_row(2 if n < 80 else 1, f"a{n}", two="b" * 60) for n in range(100)]
    rows += [_row(2 if n < 50 else 1, f"b{n}", two="b" * 40) for n in range(100)]
    found = summarise(read(rows), seed=1)
    assert found.win_rate == 65.0
    assert found.length_controlled == pytest.approx(200 / 3, abs=0.02)
    assert found.lc_low < found.length_controlled < found.lc_high
    assert found.lc_standard_error == pytest.approx(3.9, abs=0.6)
    assert found.lengths == (50.0, 50.0)


def test_equal_lengths_leave_the_raw_rate(read):
    found = summarise(read([_row(p, f"{p}{n}") for n in range(20) for p in (1, 2, 2)]), seed=1)
    assert found.length_controlled == pytest.approx(found.win_rate, abs=0.01)


def test_a_failed_annotation_is_unscored_and_no_loss(read):
    found = summarise(read([_row(2), _row(None), _row(1), _row(None)]), seed=1)
    assert (found.win_rate, found.total, found.unscored) == (50.0, 2, 2)


def test_what_one_annotation_cannot_tell_is_none(read):
    found = summarise(read([_row(2)]), seed=1)
    assert (found.win_rate, found.standard_error, found.lc_standard_error) == (100.0, None, None)
    assert (found.lc_low, found.lc_high) == (None, None)


def test_given_difficulties_are_used_when_all_have_one(read):
    random = np.random.default_rng(2)
    hard = random.normal(size=400)
    wins = random.random(400) < expit(0.3 + 2 * hard)
    rows = [
        _row(2 if won else 1, f"{n}", two="b" * int(random.integers(20, 90)))
        for n, won in enumerate(wins)
    ]
    given = [{**row, "instruction_difficulty": float(h)} for row, h in zip(rows, hard, strict=True)]
    found = read(given)
    assert found.difficulty.std() == pytest.approx(1)
    with_, without = (summarise(one, seed=1, resamples=100) for one in (found, read(rows)))
    assert with_.length_controlled == pytest.approx(without.length_controlled, abs=3)
    assert read([*given[:-1], rows[-1]]).difficulty is None


def test_the_order_of_annotations_changes_nothing(read):
    random = np.random.default_rng(4)
    rows = [_row(int(random.integers(1, 3)), f"i{n % 7}", two="b" * int(random.integers(9)))
            for n in range(40)]  # fmt: skip
    shuffled = [rows[place] for place in random.permutation(40)]
    assert summarise(read(rows), seed=3) == summarise(read(shuffled), seed=3)


def test_lines_are_read_as_a_list_is(read):
    rows = [_row(2, "x"), _row(1, "y")]
    lines = "\n".join(map(json.dumps, rows)) + "\n\n"
    assert summarise(read(None, lines), seed=1) == summarise(read(rows), seed=1)


def test_the_names_of_the_models_are_told(read):
    found = read([_row(2, generator_1="base", generator_2="mine")])
    assert found.names == ("base", "mine")
    with pytest.raises(CourseError, match="generator_2 names several models: 'a', 'b'"):
        read([_row(2, generator_2="a"), _row(2, generator_2="b")])


def test_every_bad_annotation_is_named(read):
    rows = [
        *(_row(2), _row(3), _row(0.5), _row("2"), _row(True)),
        *({"instruction": "i"}, [], _row(2, one=None), _row(1)),
    ]
    with pytest.raises(CourseError) as caught:
        read(rows)
    told = caught.value.what.split("\n  ")
    assert told[0] == "7 annotations cannot be used"
    places = [line.split(": ")[0].split(" ")[1] for line in told[1:]]
    assert sorted(places) == ["2", "3", "4", "5", "6", "7", "8"]
    assert "missing: output_1, output_2, preference" in caught.value.what


def test_annotations_with_one_fault_are_told_of_together(read):
    with pytest.raises(CourseError, match="annotations 1-100: the preference 9 is neither"):
        read([_row(9)] * 100)


@pytest.mark.parametrize(
    "text", ["", "[]", '"x"', "nope", "[{]", '{"instruction": "i"', "[NaN]", "3"]
)
def test_what_is_no_list_of_annotations_is_refused(read, text):
    with pytest.raises(CourseError):
        read(None, text)


def test_a_file_of_failures_only_is_refused(read):
    with pytest.raises(CourseError, match="no annotation with a preference"):
        read([_row(None)])


def test_a_missing_file_is_told_of(tmp_path):
    with pytest.raises(CourseError, match="cannot be read"):
        read_annotations(tmp_path / "none.json")
