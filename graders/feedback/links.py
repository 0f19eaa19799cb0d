"""Links between the languages of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """A link to the same page in another language."""

    lang: str
    href: str


def other_languages(links: Mapping[str, str], lang: str) -> tuple[LanguageLink, ...]:
    """Return the links to languages other than the page's own, in their given order."""
    return tuple(LanguageLink(other, href) for other, href in links.items() if other != lang)
