"""The texts of the exchange: both languages say the same, and none is left over."""

from __future__ import annotations

import re
from pathlib import Path

import graders.exchange
from graders.core.catalogues import catalogue_problems
from graders.core.messages import PLATFORM_LOCALE, Messages
from graders.exchange.entries import Kind

SOURCES = Path(graders.exchange.__file__).parent
TOLD = {key for key in Messages.load(lang="ru").keys if key.startswith(("refused.", "pack."))}


def test_both_languages_say_the_same():
    files = sorted(PLATFORM_LOCALE.glob("exchange.*.po"))

    assert [path.name for path in files] == ["exchange.en.po", "exchange.ru.po"]
    problems = catalogue_problems([PLATFORM_LOCALE], ("ru", "en"))
    assert [one for one in problems if "refused." in one or "pack." in one] == []


def test_every_refusal_has_a_text_and_every_text_a_refusal():
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    raised = {
        key
        for key in re.findall(r'"([a-z_]+)"', code)
        if f"refused.{key}" in TOLD or re.search(rf'RefusedError\(\s*"{key}"', code)
    }
    raised |= {Kind.LINK.name.lower(), Kind.SPECIAL.name.lower()}
    packing = set(re.findall(r'"(pack\.[a-z_]+)"', code))

    assert {f"refused.{key}" for key in raised} | packing == TOLD
