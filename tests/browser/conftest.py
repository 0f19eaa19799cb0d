import os
import shutil

import pytest

from graders.core.messages import Messages
from graders.feedback import index_page, student_page
from leaderboard.pages import board_page
from tests.feedback import sample
from tests.leaderboard.test_pages import BOARDS, TITLE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
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
    """A folder with every kind of page, in both languages."""
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
        strict = Messages.load(lang=lang, strict=True)
        pages |= {
            f"board-{kind}": board_page(board, strict, TITLE[lang], links)
            for kind, board in BOARDS.items()
        }
        for name, page in pages.items():
            (folder / f"{name}.{lang}.html").write_text(page, "utf-8")
    return folder
