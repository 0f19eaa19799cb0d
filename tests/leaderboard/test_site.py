"""A board's folder: its files, the links between them, both parts."""

from pathlib import Path

from leaderboard.pages import write_board
from leaderboard.pages.site import board_page, team_page
from leaderboard.records import Part
from tests.feedback.pagetext import Page
from tests.leaderboard import boards
from tests.leaderboard.states import BOARDS, page_of, reader_of, site_of


def test_with_both_parts_each_page_leads_to_the_other_and_tells_its_score():
    public = boards.standings(6, part=Part.PUBLIC, seed=2)
    board = BOARDS["full"]
    first = page_of(board, public=public)
    assert 'href="public.html"' in first
    assert "На открытой части" in Page(first).text
    site = site_of(board, public=public)
    second = board_page(site, public, reader_of("ru"))
    assert 'href="index.html"' in second
    assert 'href="public.csv"' in second
    assert "Открытая часть теста. Вопросов: 200." in Page(second).text
    assert "Место на открытой части" in Page(team_page(site, board.rows[0], reader_of("ru"))).text


def test_all_files_are_written_and_written_again_the_same(tmp_path):
    board, public = boards.standings(2), boards.standings(2, part=Part.PUBLIC, seed=2)
    paths = write_board(board, tmp_path / "a" / "b", boards.TITLE, ("ru", "en"), "ru", public)
    names = [path.relative_to(tmp_path / "a" / "b").as_posix() for path in paths]
    assert names[:4] == ["index.html", "index.en.html", "public.html", "public.en.html"]
    assert names[6:8] == [
        "teams/attention-deficit--2e2372654e74.html",
        "teams/attention-deficit--2e2372654e74.en.html",
    ]
    assert names[8:] == ["leaderboard.csv", "leaderboard.json", "public.csv", "public.json"]
    on_disk = (path for path in (tmp_path / "a" / "b").rglob("*") if path.is_file())
    assert sorted(paths) == sorted(on_disk)
    first = [path.read_bytes() for path in paths]
    again = write_board(board, tmp_path / "c", boards.TITLE, ("ru", "en"), "ru", public)
    assert [path.read_bytes() for path in again] == first
    assert [b'lang="ru"' in text for text in first[:2]] == [True, True]  # en links to ru
    assert '<html lang="en">' in first[1].decode()


def test_the_default_language_has_the_plain_name(tmp_path):
    paths = write_board(BOARDS["empty"], tmp_path, boards.TITLE, ("ru", "en"), "en")
    assert [path.name for path in paths[:2]] == ["index.html", "index.ru.html"]
    assert '<html lang="en">' in paths[0].read_text("utf-8")


def test_every_link_between_files_leads_to_one(tmp_path):
    public = boards.standings(6, part=Part.PUBLIC, seed=2)
    paths = write_board(BOARDS["full"], tmp_path, boards.TITLE, ("ru", "en"), "ru", public)
    links = [
        (path, attrs["href"])
        for path in paths
        if path.suffix == ".html"
        for tag, attrs in Page(path.read_text("utf-8")).tags
        if tag == "a"
    ]
    assert len(links) > 100
    missing = [(path, href) for path, href in links if not (path.parent / href).is_file()]
    assert missing == []
    assert all(Path(href).suffix in (".html", ".csv", ".json") for _, href in links)
