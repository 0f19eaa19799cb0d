"""What comes back from Kaggle: boards under limits, teams that rename, both scores side by side."""

import csv
import io
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from graders.core.errors import CourseError
from leaderboard.kaggle import imports, merge, teams
from leaderboard.kaggle.imports import parse_leaderboard, read_leaderboard, read_submissions
from leaderboard.records import Estimate, Kind, Part
from leaderboard.standings import Standing, Standings
from tests.kaggle.boards import HEADER, NAME, ROWS, csv_of, zip_of

LISTED = ("s01", "s02", "s03", "s04")
TEAMS = "student,team_id,user,team\ns01,101,,\ns02,,boris,\ns03,,VERA,\ns04,,,Trio\n"


@pytest.fixture
def members(tmp_path):
    """Read a CSV of teams."""

    def read(text=TEAMS):
        path = tmp_path / "teams.csv"
        path.write_text(text, encoding="utf-8")
        return teams.read_members(path, LISTED)

    return read


def test_a_board_is_read_from_the_archive_with_mark_zones_and_benchmarks(tmp_path):
    path = tmp_path / "toy-a.zip"
    path.write_bytes(zip_of())
    board = read_leaderboard(path)
    assert (board.slug, board.part, board.at) == ("toy-a", Part.PUBLIC, "2026-11-22T12:00:00")
    assert [row.team_id for row in board.teams] == ["101", "102", "103"]
    first, second, benchmark = board.rows[:3]
    assert first.team == "Весёлые ёжики"
    assert first.last == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert second.members == ("boris", "vera")
    assert second.last.microsecond == 123456
    assert (benchmark.rank, benchmark.score) == (0, Decimal("0.5"))


def test_the_csv_alone_is_read_too_and_the_last_column_may_be_missing(tmp_path):
    path = tmp_path / NAME.replace("public", "private")
    rows = [row.rsplit(",", 1)[0] for row in (ROWS[0], ROWS[3])]
    path.write_bytes(csv_of(rows, HEADER.rsplit(",", 1)[0]))
    board = read_leaderboard(path)
    assert board.part is Part.PRIVATE
    assert [row.members for row in board.rows] == [(), ()]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (csv_of(header=HEADER.replace("TeamId,", "")), "TeamId is missing"),
        (csv_of(["1,101,A,soon,0.7,5,anna"]), "line 2: a cell cannot be read"),
        (csv_of(["1,101,A,,seven,5,anna"]), "a cell cannot be read"),
        (csv_of(["1,101,A,,NaN,5,anna"]), "the score is no number"),
        (csv_of(["1,,A,,0.7,5,anna"]), "no TeamId"),
        (csv_of([ROWS[0], ROWS[0]]), "101 is on the board twice"),
        (csv_of(['1,101,"A,,0.7']), "not CSV"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_board_that_is_none_is_told_by_its_line(content, part):
    with pytest.raises(CourseError) as caught:
        parse_leaderboard(content, NAME)
    assert part in str(caught.value)


def test_a_file_of_another_name_is_no_board():
    with pytest.raises(CourseError, match="not that of a leaderboard"):
        parse_leaderboard(csv_of(), "grades.csv")


def test_an_archive_without_exactly_one_board_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of(name="readme.txt"))
    with pytest.raises(CourseError, match="0 leaderboards"):
        read_leaderboard(path)
    path.write_bytes(zip_of(**{NAME.replace("public", "private"): b""}))
    with pytest.raises(CourseError, match="2 leaderboards"):
        read_leaderboard(path)
    path.write_bytes(b"PK nothing")
    with pytest.raises(CourseError, match="cannot be opened"):
        read_leaderboard(path)
    with pytest.raises(CourseError, match="no such file"):
        read_leaderboard(tmp_path / "none.zip")


def test_a_bomb_in_the_archive_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "MAX_BYTES", 1000)
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of(content=b"0" * 1001))
    assert path.stat().st_size < 1000
    with pytest.raises(CourseError, match="longer than 1000 bytes"):
        read_leaderboard(path)
    plain = tmp_path / NAME
    plain.write_bytes(b"0" * 1001)
    with pytest.raises(CourseError, match="longer than 1000 bytes"):
        read_leaderboard(plain)


def test_an_archive_that_leads_out_of_itself_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of(**{"../../etc/cron.csv": b"x"}))
    with pytest.raises(CourseError, match="traversal"):
        read_leaderboard(path)


def test_students_are_found_by_id_user_and_name(members):
    matched = teams.match(parse_leaderboard(csv_of(), NAME), members())
    assert matched.students == {"101": ("s01",), "102": ("s02", "s03"), "103": ("s04",)}
    assert matched.strangers == ()
    assert matched.absent == ()


def test_a_team_that_renames_itself_stays_the_same_team(members, tmp_path):
    before = parse_leaderboard(csv_of(), NAME)
    renamed = csv_of([*ROWS[:3], ROWS[3].replace("Trio", "The Winners")])
    now = parse_leaderboard(renamed, NAME.replace("22T", "23T"))
    told = members("student,team\ns04,Trio\n")
    assert teams.match(now, told).absent == ("s04",)
    teams.keep(before, tmp_path / "kept")
    teams.keep(before, tmp_path / "kept")
    earlier = teams.kept(tmp_path / "kept", "toy-a")
    assert [one.rows for one in earlier] == [before.rows]
    assert teams.match(now, told, earlier).students == {"103": ("s04",)}
    assert teams.kept(tmp_path / "kept", "other") == ()


def test_a_name_that_another_team_took_over_is_the_other_teams(members):
    before = parse_leaderboard(csv_of(), NAME)
    rows = [ROWS[0].replace("Весёлые ёжики", "Trio"), ROWS[3].replace("Trio", "Old trio")]
    now = parse_leaderboard(csv_of(rows), NAME.replace("22T", "23T"))
    found = teams.match(now, members("student,team\ns04,Trio\n"), [before])
    assert found.students == {"101": ("s04",)}


def test_another_board_under_the_same_name_is_refused(tmp_path):
    teams.keep(parse_leaderboard(csv_of(), NAME), tmp_path)
    with pytest.raises(CourseError, match="same time"):
        teams.keep(parse_leaderboard(csv_of(ROWS[:1]), NAME), tmp_path)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("id,team\n1,A\n", "columns must be"),
        ("student,note\ns01,A\n", "columns must be"),
        ("student,team\ns09,A\n", "not on the class list"),
        ("student,team\ns01,A\ns01,B\n", "two lines"),
        ("student,team\ns01,\n", "names no team"),
    ],
)
def test_a_wrong_line_of_teams_is_told(members, text, part):
    with pytest.raises(CourseError, match=part):
        members(text)


def test_two_teams_of_one_name_need_an_id(members):
    rows = [ROWS[0], ROWS[3].replace("Trio", "Весёлые ёжики")]
    board = parse_leaderboard(csv_of(rows), NAME)
    with pytest.raises(CourseError, match="fits the teams 101, 103"):
        teams.match(board, members("student,team\ns01,Весёлые ёжики\n"))


def judged():
    """Return a board of the judge with s01 and s04 on it."""
    value = Estimate(Decimal("0.8"), Decimal("0.7"), Decimal("0.9"))
    rows = [
        Standing(n, n, n, n, name, Kind.TEAM, {"win_rate": value, "composite": value})
        for n, name in enumerate(("s04", "s01"), start=1)
    ]
    zero = Decimal(0)
    return Standings("toy", Part.PUBLIC, (), "", tuple(rows), (), (), None, 1, zero, 1, 0)


def test_both_scores_stand_side_by_side_in_kaggles_order(members, tmp_path):
    board = parse_leaderboard(csv_of(ROWS[:3]), NAME)
    merged = merge.merge(board, teams.match(board, members()), judged())
    rows = merge.as_rows(merged)
    assert [row["student"] for row in rows] == ["s01", "s02", "s03", "s04"]
    assert [row["kaggle_rank"] for row in rows] == ["1", "2", "2", ""]
    assert [row["win_rate"] for row in rows] == ["0.8", "", "", "0.8"]
    assert [row["place"] for row in rows] == ["2", "", "", "1"]
    alone = merge.merge(board, teams.match(board, members()), None)
    assert [row["place"] for row in merge.as_rows(alone)] == ["", "", ""]


def test_a_team_name_is_no_formula(members, tmp_path):
    board = parse_leaderboard(csv_of(), NAME)
    merge.write_merged(
        tmp_path / "merged.csv", merge.merge(board, teams.match(board, members()), None)
    )
    text = (tmp_path / "merged.csv").read_text("utf-8")
    cells = [row["team"] for row in csv.DictReader(io.StringIO(text))]
    assert cells[1] == "'=cmd, inc."


def test_submissions_become_an_inbox_with_kaggles_receipt_times(members, tmp_path):
    archive = tmp_path / "submissions.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("all/101/first.csv", "id,answer\nq,a\n")
        file.writestr("all/101/second.jsonl", '{"id": "q", "answer": "b"}\n')
        file.writestr("all/Vera.csv", "id,answer\nq,c\n")
        file.writestr("all/nobody/x.csv", "id,answer\n")
        file.writestr("all/readme.txt", "")
        file.writestr("__MACOSX/._x.csv", "")
    board = parse_leaderboard(csv_of(), NAME)
    with pytest.raises(CourseError, match="no such file"):
        read_submissions(tmp_path / "none")
    found = read_submissions(archive)
    count, strangers = merge.write_inbox(
        tmp_path / "out", board, teams.match(board, members()), found
    )
    assert (count, strangers) == (4, ("all/nobody/x.csv",))
    told = (tmp_path / "out" / "receipts.csv").read_text("utf-8").splitlines()
    assert told[1] == "s01,s01/attempt-1,2026-11-20T10:00:00Z"
    assert told[3].startswith("s02,s02/attempt-1,2026-11-21T11:30:15.123456Z")
    inbox = tmp_path / "out" / "inbox"
    assert (inbox / "s01/attempt-1/submission.csv").read_text("utf-8") == "id,answer\nq,a\n"
    assert (inbox / "s01/attempt-2/submission.jsonl").is_file()
    assert (inbox / "s03/attempt-1/submission.csv").is_file()
