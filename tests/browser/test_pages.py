"""Every kind of page of feedback in a real browser: narrow and wide, light and dark."""

import pytest

from tests.browser.looking import LOOK, told

pytestmark = pytest.mark.browser


def test_every_page_fits_is_readable_and_asks_for_nothing(tab, folder, size, scheme):
    pages = sorted(folder.glob("*.html"))
    assert len(pages) == 2 * (15 + 1)
    problems = []
    for path in pages:
        tab.goto(path.as_uri())
        seen = tab.evaluate(LOOK)
        problems += [f"{path.name}: {trouble}" for trouble in tab.trouble + told(seen, scheme)]
        tab.trouble.clear()
    assert problems == []


def test_bars_are_as_long_as_what_was_earned(tab, folder):
    tab.goto((folder / "student-in_time.ru.html").as_uri())
    seen = tab.evaluate(LOOK)
    tracks = [track.bounding_box()["width"] for track in tab.locator("rect.track").all()]
    shares = [
        (bar["right"] - bar["left"]) / track
        for bar, track in zip(seen["bars"], tracks, strict=True)
    ]
    assert shares == pytest.approx([3.25 / 6, 0], abs=0.01)
    assert min(tracks) > 60


def test_the_policy_stops_what_would_slip_through_escaping(tab, folder, tmp_path):
    page = (folder / "student-in_time.en.html").read_text("utf-8")
    evil = (
        "<script>document.title = 'run'</script><style>body{display:none}</style>"
        '<p style="position:fixed">x</p><img src="https://example.org/a.png" onerror="alert(1)">'
        '<form action="https://example.org/"></form><base href="https://example.org/">'
    )
    path = tmp_path / "evil.html"
    path.write_text(page.replace("</main>", f"{evil}</main>"), "utf-8")
    tab.goto(path.as_uri())
    assert tab.title().startswith("Алиса Ветрова")
    assert tab.locator("h1").is_visible()
    assert tab.locator("p", has_text="x").last.evaluate("e => getComputedStyle(e).position") == (
        "static"
    )
    assert tab.evaluate("document.baseURI") == path.as_uri()
    refused = " ".join(tab.trouble)
    for directive in ("script-src", "style-src", "default-src", "base-uri"):
        assert directive in refused


def test_on_paper_nothing_is_folded_away(tab, folder):
    tab.goto((folder / "student-in_time.ru.html").as_uri())
    passed = tab.locator(".passed").first
    assert not passed.is_visible()
    tab.emulate_media(media="print", color_scheme="light")
    assert passed.is_visible()
    assert not tab.locator(".languages").is_visible()
