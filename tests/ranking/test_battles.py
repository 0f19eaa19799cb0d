"""Reading a file of battles: what is a battle, and what is told of every line that is none."""

import json
import random

import pytest

from graders.core.errors import CourseError
from leaderboard.ranking.battles import from_rows, read_battles

ROWS = [
    ("x", "y", "model_a", "q1"),
    ("y", "x", "model_a", "q1"),
    ("x", "z", "tie", "q2"),
    ("z", "y", "model_b", "q10"),
]


def _line(a="x", b="y", winner="tie", question="q"):
    return json.dumps({"model_a": a, "model_b": b, "winner": winner, "question_id": question})


@pytest.fixture
def read(tmp_path):
    def _read(*lines, end="\n"):
        path = tmp_path / "battles.jsonl"
        path.write_bytes("".join(line + end for line in lines).encode("utf-8"))
        return read_battles(path)

    return _read


def _told(read, *lines):
    with pytest.raises(CourseError) as caught:
        read(*lines)
    return caught.value


def _columns(battles):
    columns = (battles.first, battles.second, battles.points, battles.question)
    return battles.models, battles.questions, [column.tolist() for column in columns]


def test_a_file_is_read_as_rows_are(read):
    assert _columns(read(*(_line(*row) for row in ROWS))) == _columns(from_rows(ROWS))
    assert _columns(from_rows(ROWS)) == (
        ("x", "y", "z"),
        ("q1", "q10", "q2"),
        [[0, 1, 0, 2], [1, 0, 2, 1], [1.0, 1.0, 0.5, 0.0], [0, 0, 2, 1]],
    )


def test_empty_lines_carriage_returns_a_mark_and_other_keys_are_no_fault(read):
    odd = '{"winner" : "tie", "tokens": [1, {"winner": "z"}], "model_b":"y", ' + (
        '"question_id":"q", "model_a":"x"}  '
    )
    found = read("\ufeff" + _line(), "", "  ", odd, _line(), end="\r\n")
    assert found.points.tolist() == [0.5, 0.5, 0.5]


def test_a_whole_number_is_a_question_as_its_text_is(read):
    found = read(_line(question=7), _line(question="7"), _line(question=8))
    assert found.questions == ("7", "8")
    assert found.question.tolist() == [0, 0, 1]


def test_every_bad_line_is_named_with_its_number_and_nothing_is_read(read):
    bad = {
        1: _line(winner="both_bad"),
        3: _line(b="x"),
        4: "not json",
        5: '{"model_a": "x", "model_b": "y", "winner": "tie"}',
        6: "[1, 2]",
        7: _line(a=""),
        8: _line(question=None),
        9: _line(question=True),
        10: _line(winner=["tie"]),
        11: _line() + " " + _line(),
        12: _line()[:-1] + ', "winner": "model_a"}',
        13: "[" * 100_000,
        14: _line(a=3),
    }
    lines = [bad.get(number, _line()) for number in range(1, 15)]
    error = _told(read, *lines)
    assert error.what.startswith("13 lines cannot be used")
    for number in bad:
        assert f"line {number}: " in error.what
    assert "line 2:" not in error.what
    assert 'unknown winner "both_bad"' in error.what
    assert "missing: question_id" in error.what
    assert '"x" is set against itself' in error.what
    assert 'the key "winner" occurs twice' in error.what
    assert error.where.endswith("battles.jsonl")


def test_lines_with_one_fault_are_told_of_together(read):
    error = _told(read, *[_line(winner="?")] * 3, _line(), _line(winner="?"))
    assert "  lines 1-3, 5: unknown winner" in error.what


def test_a_thousand_different_faults_are_all_named_by_number(read):
    error = _told(read, *(_line(winner=f"w{number}") for number in range(1000)))
    assert error.what.count("\n") < 60
    assert "lines 51-1000: these cannot be used either" in error.what


@pytest.mark.parametrize("lines", [(), ("", " ")])
def test_a_file_without_battles_is_refused(read, lines):
    assert "no battles" in _told(read, *lines).what


def test_a_missing_file_and_another_encoding_are_told_of(tmp_path):
    with pytest.raises(CourseError, match="cannot be read"):
        read_battles(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(_line(a="caf").encode()[:-1] + b"\xe9}")
    with pytest.raises(CourseError, match="not UTF-8"):
        read_battles(tmp_path / "latin.jsonl")


def test_the_order_of_lines_changes_no_number_of_a_model_or_question(read):
    shuffled = random.Random(3).sample(ROWS, len(ROWS))
    one, other = from_rows(ROWS), from_rows(shuffled)
    assert (one.models, one.questions) == (other.models, other.questions)


@pytest.mark.parametrize("row", [("x", "x", "tie", "q"), ("x", "y", "?", "q")])
def test_rows_that_are_no_battles_are_refused(row):
    with pytest.raises(CourseError, match="no battle"):
        from_rows([row])
