"""Every kind of page in a real browser: narrow and wide, light and dark."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
LOOK = Path(__file__).with_name("look.js").read_text("utf-8")


@pytest.fixture(params=[(1280, 800), (360, 740)], ids=["desktop", "phone"])
def size(request):
    return dict(zip(("width", "height"), request.param, strict=True))


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture
def tab(chromium, size, scheme):
    """A page of the browser that keeps what went wrong in `tab.trouble`."""
    context = chromium.new_context(viewport=size, color_scheme=scheme, offline=True)
    page = context.new_page()
    page.trouble = []
    page.on("console", lambda message: page.trouble.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: page.trouble.append(f"error: {error}"))
    page.on(
        "request",
        lambda request: (
            request.is_navigation_request() or page.trouble.append(f"request: {request.url}")
        ),
    )
    yield page
    context.close()


def test_every_page_fits_is_readable_and_asks_for_nothing(tab, folder, size, scheme):
    pages = sorted(folder.glob("*.html"))
    assert len(pages) == 2 * (15 + 1 + 4)
    problems = []
    for path in pages:
        tab.goto(path.as_uri())
        seen = tab.evaluate(LOOK)
        problems += [f"{path.name}: {trouble}" for trouble in tab.trouble + told(seen, scheme)]
        tab.trouble.clear()
    assert problems == []


def told(seen, scheme):
    """Return what is wrong with what was seen, one sentence each."""
    problems = []
    if seen["scroll"] > seen["width"]:
        problems.append(f"it scrolls sideways: {seen['scroll']} > {seen['width']}")
    if len(seen["texts"]) < 8:
        problems.append(f"there are only {len(seen['texts'])} texts")
    for one in seen["texts"]:
        if one["left"] < -0.5 or one["right"] > seen["width"] + 0.5:
            problems.append(f"{one['text']!r} is cut: {one['left']}..{one['right']}")
        if one["contrast"] < 4.5:
            problems.append(f"{one['text']!r} has the contrast {one['contrast']:.2f}")
        if one["size"] < 12:
            problems.append(f"{one['text']!r} is {one['size']} px high")
    if (seen["ground"] < 0.5) != (scheme == "dark"):
        problems.append(f"the ground is not {scheme}")
    return problems


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


def test_better_entries_are_further_right(tab, folder):
    tab.goto((folder / "board-full.ru.html").as_uri())
    places = [mark["left"] for mark in tab.evaluate(LOOK)["bars"]]
    assert len(places) == 9
    assert places == sorted(places, reverse=True)


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
