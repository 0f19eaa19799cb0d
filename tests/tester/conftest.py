"""One zygote and one warm tester for the whole room; both are real."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.sandbox import Zygote
from graders.tester import Tester
from tests.tester.grading import Grader, write

CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: LANG\\n"

msgid "work.own.failed"
msgstr "."

msgid "work.own.partial"
msgstr "."

msgid "work.told"
msgstr "{why}"
"""


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    with Zygote.start(preload=("numpy",), slots=6) as started:
        yield started


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """Give a folder that the jail's user, who is nobody on this host, may enter."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "work-assignment" / "locale").mkdir(parents=True)
        for lang in ("ru", "en"):
            path = folder / "work-assignment" / "locale" / f"{lang}.po"
            write(path, CATALOGUE.replace("LANG", lang))
        yield folder


@pytest.fixture(scope="session")
def tester(home: Path) -> Iterator[Tester]:
    with Tester.start(home / "work-assignment") as started:
        yield started


@pytest.fixture
def grader(tester: Tester, zygote: Zygote, home: Path) -> Grader:
    return Grader(tester, zygote, home / "work-assignment", home / "work")
