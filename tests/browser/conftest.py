import os
import shutil

import pytest

from graders.feedback import index_page, student_page
from leaderboard.pages import write_board
from leaderboard.records import Part
from tests.feedback import sample
from tests.leaderboard import boards
from tests.leaderboard.states import BOARDS

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


# Of a module and no longer: playwright keeps an event loop running, in which no other may run.
@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium: of $CHROMIUM, or the system's; without one there is no test."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        message = "there is no Chromium; install one, or name it: CHROMIUM=/path/to/it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with every kind of page of feedback, in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    catalogues = sample.catalogues(tmp_path_factory.mktemp("locale"))
    for lang in ("ru", "en"):
        words = sample.words(catalogues, lang)
        links = {"ru": "index.html", "en": "index.en.html"}
        pages = {
            f"student-{kind}": student_page(context, words, links)
            for kind, context in sample.sample().items()
        }
        pages["students"] = index_page(list(sample.sample().values()), words)
        for name, page in pages.items():
            (folder / f"{name}.{lang}.html").write_text(page, "utf-8")
    return folder


@pytest.fixture(scope="session")
def sites(tmp_path_factory):
    """A folder with a board's site in every state that it can be in."""
    folder = tmp_path_factory.mktemp("sites")
    states = {kind: (board, None) for kind, board in BOARDS.items()}
    states["both"] = BOARDS["full"], boards.standings(6, part=Part.PUBLIC, seed=2)
    states["fifty"] = boards.standings(50), None
    for kind, (board, public) in states.items():
        staff = kind == "both"
        write_board(board, folder / kind, boards.TITLE, ("ru", "en"), "ru", public, staff=staff)
    return folder


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
