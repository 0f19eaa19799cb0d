"""Pages and data files of a board."""

import csv
import io
import json
from decimal import Decimal

import pytest

from graders.core.messages import Messages
from leaderboard import Board, Entry, Row, Score, build, write_board
from leaderboard.pages import board_csv, board_page
from leaderboard.plot import Axis
from tests.feedback.pagetext import Page, rule_problems
from tests.leaderboard.answers import gold_of, skilled

D = Decimal
GOLD = gold_of(200)
MARKED_UP = '<script>alert("x")</script>\u202e'
TITLE = {"ru": "ДЗ1: сарказм", "en": "HW1: sarcasm"}
LINKS = {"ru": "index.html", "en": "index.en.html"}
ENTRIES = [
    *(skilled(f"s{number:02}", GOLD, 0.6 + number / 40, number) for number in range(8)),
    skilled(MARKED_UP, GOLD, 0.7, 99),
]
BOARDS = {
    "full": build(ENTRIES, GOLD, seed=1, resamples=200),
    "single": build(ENTRIES[:1], GOLD, seed=1, resamples=200),
    "perfect": build([Entry("all", GOLD)], GOLD, seed=1, resamples=200),
    "empty": build([], GOLD, seed=1),
}


@pytest.fixture(params=["ru", "en"])
def lang(request):
    return request.param


@pytest.mark.parametrize("kind", BOARDS)
def test_pages_keep_the_rules_of_every_page(kind, lang):
    words = Messages.load(lang=lang, strict=True)
    page = board_page(BOARDS[kind], words, TITLE[lang], LINKS)
    assert rule_problems(page) == []
    assert dict(Page(page).tags)["html"]["lang"] == lang
    assert TITLE[lang] in Page(page).text


def test_names_are_text_and_their_invisible_characters_are_spelt_out(lang):
    page = board_page(BOARDS["full"], Messages.load(lang=lang, strict=True), "T", LINKS)
    assert '<script>alert("x")</script>[U+202E]' in Page(page).text
    assert "<script" not in page


def test_a_row_tells_rank_name_estimates_and_intervals():
    row = Row(1, 1, 3, "s01", {"accuracy": Score(D("0.8470"), D("0.8"), D("0.8912"))})
    board = Board(("accuracy",), "mcnemar_holm", (row,), 1000, D("0.95"), 2000, 1)
    text = Page(board_page(board, Messages.load(lang="ru", strict=True), "T", LINKS)).text
    assert "Место 1–3 s01 Доля верных ответов 0,847 0,800–0,891" in text
    assert "Вопросов: 1000. Участников: 1." in text
    assert "2000 повторов, seed 1" in text


def test_a_rank_that_is_certain_is_one_number():
    board = build(
        [skilled("good", GOLD, 0.95, 1), skilled("bad", GOLD, 0.5, 2)], GOLD, seed=1, resamples=50
    )
    text = Page(board_page(board, Messages.load(lang="ru", strict=True), "T", LINKS)).text
    assert "Место 1 good" in text
    assert "Место 2 bad" in text


def test_an_empty_board_says_so():
    words = Messages.load(lang="ru", strict=True)
    text = Page(board_page(BOARDS["empty"], words, "T", LINKS)).text
    assert "Пока сравнивать некого" in text
    assert "Место" not in text.replace("место", "")


def test_marks_lie_where_their_values_are_on_the_axis():
    scores = [Score(D("0.7"), D("0.62"), D("0.78")), Score(D("0.8"), D("0.74"), D("0.86"))]
    axis = Axis.around(scores)
    assert (axis.low, axis.high, axis.step) == (D("0.6"), D("0.9"), D("0.05"))
    assert [tick.at for tick in axis.ticks()][0::6] == ["6.00%", "94.00%"]
    assert axis.at(D("0.75")) == "50.00%"
    assert axis.span(scores[0]).low < axis.span(scores[0]).value < axis.span(scores[0]).high


@pytest.mark.parametrize("ends", [("1", "1"), ("0", "0"), ("0", "1"), ("0.5", "0.5")])
def test_an_axis_has_room_for_any_interval(ends):
    low, high = map(D, ends)
    axis = Axis.around([Score(low, low, high)])
    assert axis.low <= low <= high <= axis.high
    assert axis.low < axis.high
    assert 2 <= len(axis.ticks()) <= 8


def test_all_files_are_written_and_written_again_the_same(tmp_path):
    paths = write_board(BOARDS["full"], tmp_path / "a" / "board", TITLE, ("ru", "en"), "ru")
    names = ["index.html", "index.en.html", "leaderboard.csv", "leaderboard.json"]
    assert [path.name for path in paths] == names
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(names)
    first = [path.read_bytes() for path in paths]
    again = write_board(BOARDS["full"], tmp_path / "b", TITLE, ("ru", "en"), "ru")
    assert [path.read_bytes() for path in again] == first
    assert 'lang="ru"' in first[0].decode()
    assert 'lang="en"' in first[1].decode()


def test_the_default_language_has_the_plain_name(tmp_path):
    paths = write_board(BOARDS["empty"], tmp_path, TITLE, ("ru", "en"), "en")
    assert [path.name for path in paths[:2]] == ["index.html", "index.ru.html"]
    assert '<html lang="en">' in paths[0].read_text("utf-8")


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\0", " =", "\n="])
def test_a_name_cannot_be_a_formula_in_a_spreadsheet(first):
    board = build([Entry(first + "cmd|' /C calc'!A0", GOLD)], GOLD, seed=1, resamples=10)
    (row,) = csv.DictReader(io.StringIO(board_csv(board), newline=""))
    assert row["name"].startswith("'")
    assert row["name"].replace("'", "") == first + "cmd| /C calc!A0"


def test_csv_and_json_tell_the_board_and_the_page_tells_their_columns(tmp_path):
    page, _, table, told = write_board(BOARDS["full"], tmp_path, TITLE, ("ru", "en"), "ru")
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8"))))
    plain = json.loads(told.read_text("utf-8"))
    assert plain["title"] == TITLE
    assert (plain["questions"], plain["level"], plain["resamples"]) == (200, "0.95", 200)
    for row, line, wanted in zip(rows, plain["rows"], BOARDS["full"].rows, strict=True):
        assert row["name"] == line["name"] == wanted.name
        assert [int(row["place"]), int(row["rank_low"]), int(row["rank_high"])] == [
            line["place"],
            line["rank_low"],
            line["rank_high"],
        ]
        for metric, score in wanted.scores.items():
            assert D(row[metric]) == D(line["scores"][metric]["value"]) == score.value
            assert D(row[f"{metric}_low"]) == D(line["scores"][metric]["low"]) == score.low
            assert D(row[f"{metric}_high"]) == D(line["scores"][metric]["high"]) == score.high
    text = page.read_text("utf-8")
    assert all(f"<code>{column}</code>" in text for column in rows[0])
