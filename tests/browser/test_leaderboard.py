"""A board's pages in a real browser: narrow and wide, light and dark, in every state."""

import pytest

from tests.browser.looking import LOOK, told

pytestmark = pytest.mark.browser
in_one_scheme = pytest.mark.parametrize("scheme", ["light"])  # what colours cannot change


@pytest.fixture(params=[(1280, 900), (375, 800)], ids=["desktop", "phone"])
def size(request):
    return dict(zip(("width", "height"), request.param, strict=True))


def test_every_page_of_a_board_fits_is_readable_and_asks_for_nothing(tab, sites, size, scheme):
    pages = sorted(sites.glob("*/*.html"))
    pages += sorted((sites / "both" / "teams").glob("*.html"))
    assert len(pages) == 2 * (11 + 1 + 6)
    problems = []
    for path in pages:
        tab.goto(path.as_uri())
        seen = tab.evaluate(LOOK)
        name = path.relative_to(sites)
        problems += [f"{name}: {trouble}" for trouble in tab.trouble + told(seen, scheme)]
        tab.trouble.clear()
    assert problems == []


@in_one_scheme
def test_better_entries_are_further_right(tab, sites):
    tab.goto((sites / "fifty" / "index.html").as_uri())
    places = [mark["left"] for mark in tab.evaluate(LOOK)["bars"]]
    assert len(places) == 50 + 4
    assert places == sorted(places, reverse=True)


@in_one_scheme
def test_the_matrix_of_fifty_scrolls_in_its_box_and_keeps_the_names_in_sight(tab, sites, size):
    tab.goto((sites / "fifty" / "index.html").as_uri())
    box = tab.get_by_role("region", name="Каждый с каждым: таблица")
    widths = box.evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert widths[0] > 2 * widths[1]
    name = box.locator("tbody th").first
    before = name.bounding_box()["x"]
    box.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("e => e.scrollLeft > 0", arg=box.element_handle())
    box.evaluate("e => { e.scrollLeft = e.scrollWidth; }")
    assert name.bounding_box()["x"] == pytest.approx(before, abs=1)
    assert tab.evaluate("document.documentElement.scrollLeft") == 0
    last = box.locator("tbody tr").first.locator("td").last
    assert last.bounding_box()["x"] < size["width"]


@in_one_scheme
def test_links_lead_from_the_board_to_a_team_to_its_other_language_and_back(tab, sites):
    tab.goto((sites / "both" / "index.html").as_uri())
    tab.get_by_role("link", name="Открытая часть").click()
    assert tab.url.endswith("/public.html")
    tab.get_by_role("link", name="Закрытая часть").click()
    tab.get_by_role("link", name="Рекурсия и компания").first.click()
    assert tab.locator("h1").inner_text() == "Рекурсия и компания"
    tab.get_by_role("link", name="English").click()
    assert tab.locator("html").get_attribute("lang") == "en"
    tab.get_by_role("link", name="Leaderboard").click()
    assert tab.url.endswith("/both/index.en.html")
    assert tab.trouble == []


@in_one_scheme
def test_the_table_of_ranks_is_a_table_for_a_screen_reader_on_a_phone_too(tab, sites):
    tab.goto((sites / "full" / "index.en.html").as_uri())
    table = tab.get_by_role("table").first
    heads = [one.inner_text().strip() for one in table.get_by_role("columnheader").all()]
    assert [head for head in heads if head in ("Rank", "Entry", "Win rate")] == [
        "Rank",
        "Entry",
        "Win rate",
    ]
    assert table.get_by_role("rowheader").count() == 10
    assert table.get_by_role("row").count() == 11


@in_one_scheme
def test_marks_of_teams_and_of_baselines_differ_in_more_than_colour(tab, sites):
    tab.goto((sites / "full" / "index.html").as_uri())
    look = """e => { const s = getComputedStyle(e); return [s.strokeDasharray, s.strokeWidth]; }"""
    team = tab.locator(".board tr.team .span").first.evaluate(look)
    assert tab.locator(".board tr.baseline .span").first.evaluate(look) != team
    assert tab.locator(".board tr.canary .span").first.evaluate(look) != team


@in_one_scheme
def test_the_lines_of_a_history_join_its_marks(tab, sites):
    tab.goto((sites / "full" / "teams" / "s03.html").as_uri())
    marks = [mark.bounding_box() for mark in tab.locator(".history circle").all()]
    middles = [mark["x"] + mark["width"] / 2 for mark in marks]
    assert middles == sorted(middles)
    frame = tab.locator(".history").bounding_box()
    for mark in marks:
        assert frame["x"] <= mark["x"]
        assert mark["x"] + mark["width"] <= frame["x"] + frame["width"]
    assert marks[-1]["y"] < marks[0]["y"]  # the last score is better than the first
