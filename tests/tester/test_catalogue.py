"""What the tester says to students: every message has a text, and every text is said."""

from __future__ import annotations

import re
from pathlib import Path

import graders.tester
from graders.core.catalogues import catalogue_problems
from graders.core.messages import PLATFORM_LOCALE, Messages
from graders.core.wire import WireFault

SOURCES = sorted(Path(graders.tester.__file__).parent.glob("*.py"))
CODE = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
# Made from parts in the code: the wire's faults, what is missing, and how far a case fell short.
COMPOSED = {f"tester.{fault}" for fault in WireFault} | {
    "tester.missing_module",
    "tester.missing_function",
    "tester.failed",
    "tester.partial",
}


def test_every_message_has_a_text_and_every_text_is_said():
    texts = {key for key in Messages.load(lang="ru").keys if key.startswith("tester.")}
    assert set(re.findall(r'"(tester\.[a-z_0-9.]+)"', CODE)) | COMPOSED == texts


def test_both_languages_say_the_same():
    problems = catalogue_problems([PLATFORM_LOCALE], ("ru", "en"))
    assert [problem for problem in problems if "tester." in problem] == []
