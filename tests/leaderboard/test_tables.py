"""Data files of a board, and the names and numbers that pages and files share."""

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from graders.core.canonical import canonical
from graders.core.messages import Messages
from graders.core.records import Flag
from leaderboard.board import Entry, build
from leaderboard.pages.tables import board_csv, board_json, meanings
from leaderboard.pages.wording import flag_text, p_value, percent, signed, slug
from tests.leaderboard import boards
from tests.leaderboard.answers import gold_of

D = Decimal
GOLD = gold_of(20)
BOARD = boards.standings(6)
DOCUMENT = Path(__file__).parents[2] / "docs" / "leaderboard.md"


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_and_json_tell_the_board():
    table = rows_of(board_csv(BOARD))
    plain = json.loads(board_json(BOARD, boards.TITLE, staff=False))
    assert plain["title"] == boards.TITLE
    assert (plain["questions"], plain["level"], plain["resamples"]) == (400, "0.95", 2000)
    for line, told, row in zip(table, plain["rows"], BOARD.rows, strict=True):
        assert line["name"] == told["name"] == row.name
        assert line["kind"] == told["kind"] == row.kind.value
        for fact in ("place", "rank_low", "rank_high", "tier"):
            assert int(line[fact]) == told[fact] == getattr(row, fact)
        for k, share in row.top.items():
            assert D(line[f"top_{k}"]) == D(told["top"][str(k)]) == share
        assert sorted(told["scores"]) == sorted(row.scores)
        for column in BOARD.columns:
            score = row.scores.get(column.key)
            if score is None:
                assert line[column.key] == line[f"{column.key}_low"] == ""
                continue
            seen = told["scores"][column.key]
            assert D(line[column.key]) == D(seen["value"]) == score.value
            assert D(line[f"{column.key}_low"]) == D(seen["low"]) == score.low
            assert D(line[f"{column.key}_high"]) == D(seen["high"]) == score.high
    assert len(plain["pairs"]) == len(BOARD.pairs)
    assert len(plain["history"]) == len(BOARD.history)
    assert plain["judge"]["licence"]["licensed"] is True


def test_the_json_is_canonical_and_flags_are_for_staff():
    public, staff = (board_json(BOARD, boards.TITLE, staff=staff) for staff in (False, True))
    assert canonical(json.loads(public)).decode() + "\n" == public
    assert "integrity" not in public
    flags = [row["flags"] for row in json.loads(staff)["rows"] if row["flags"]]
    assert [flag["key"] for flag in flags[0]] == ["integrity.unworded", "leaderboard.frozen.drift"]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\0", " =", "\n="])
def test_a_name_cannot_be_a_formula_in_a_spreadsheet(first):
    board = build([Entry(first + "cmd|' /C calc'!A0", GOLD)], GOLD, seed=1, resamples=10)
    (row,) = rows_of(board_csv(board))
    assert row["name"].startswith("'")
    assert row["name"].replace("'", "") == first + "cmd| /C calc!A0"


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_every_column_of_the_csv_has_a_meaning(lang):
    words = Messages.load(lang=lang, strict=True)
    told = meanings(BOARD, words)
    assert [one.name for one in told] == list(rows_of(board_csv(BOARD))[0])
    assert len({one.text for one in told}) == len(told)


def test_every_column_and_key_is_documented():
    document = DOCUMENT.read_text("utf-8")
    named = set(re.findall(r"`([\w.<>]+)`", document))
    columns = {name for name in rows_of(board_csv(BOARD))[0] if not name.startswith("top_")}
    scores = {column.key + end for column in BOARD.columns for end in ("", "_low", "_high")}
    assert columns - scores <= named
    assert {"top_<k>", "<column>", "<column>_low", "<column>_high"} <= named
    plain = json.loads(board_json(BOARD, boards.TITLE, staff=True))
    assert set(plain) <= named
    for part in ("rows", "pairs", "history", "columns"):
        assert set(plain[part][0]) <= named, part
    assert set(plain["judge"]) | set(plain["judge"]["licence"]) <= named
    keys = {column.key for column in boards.COLUMNS} - {"errors"}
    assert keys <= named


def test_other_names_get_other_files_of_plain_letters():
    names = [*boards.NAMES, "s-03", "S03", "s03 ", "team", "", "../x", "con.html", "a--b", "é", "e"]
    files = [slug(name) for name in names]
    assert len(set(files)) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9_-]+", name) for name in files)
    assert max(map(len, files)) < 60
    assert slug("s03") == "s03"
    assert slug("Café №7").startswith("cafe-no7--")


def test_a_name_that_looks_like_a_digested_one_is_digested_too():
    taken = slug("Рекурсия")
    assert slug(taken) != taken


@pytest.mark.parametrize(
    ("lang", "value", "wanted"),
    [
        ("ru", "0.1234", "+0,123"),
        ("en", "-0.1234", "−0.123"),
        ("en", "-0.0004", "0.000"),
        ("ru", "0", "0,000"),
    ],
)
def test_differences_have_a_sign_unless_they_round_to_nothing(lang, value, wanted):
    assert signed(Messages.load(lang=lang), D(value)) == wanted


def test_numbers_are_worded_as_the_language_writes_them():
    russian, english = Messages.load(lang="ru"), Messages.load(lang="en")
    assert percent(russian, D("0.985")) == "98,5\u00a0%"
    assert percent(english, D("1")) == "100%"
    assert p_value(english, D("0.0000")) == "< 0.0001"
    assert p_value(russian, D("0.0312")) == "0,0312"


def test_a_flag_without_a_text_shows_its_key_and_evidence_in_order():
    words = Messages.load(lang="en", strict=True)
    flag = Flag("integrity.new", {"items": ["a", "b"], "by": {"x": 1}})
    assert flag_text(words, flag) == "integrity.new (by: x: 1, items: a, b)"
    assert flag_text(words, Flag("integrity.new")) == "integrity.new"


def test_a_list_in_a_flags_evidence_is_written_out():
    words = Messages.load(lang="en", strict=True)
    args = {"count": 2, "items": 4, "share": "0.5", "ids": ["q1", "q2"]}
    assert flag_text(words, Flag("integrity.blank", args)).endswith("Questions: q1, q2")
