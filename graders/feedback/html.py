"""Pages as one self-contained file: templates, escaping and the policy that allows nothing else.

A page has one inline style and no script, image, font or frame. Its Content-Security-Policy
names the style by its hash, so that markup which slipped through escaping could still neither
run, load nor restyle anything. A style attribute is refused by the same policy: templates use
classes and SVG attributes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache, partial
from importlib import resources
from typing import Any

from babel import Locale
from babel.numbers import format_decimal
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from graders.core.messages import Messages
from graders.feedback.visible import visible

HERE = "graders.feedback"


def render(template: str, words: Messages, data: Mapping[str, Any], *, package: str = HERE) -> str:
    """Render a template of a package as a whole page.

    Args:
        template: Name of a template that extends ``page.jinja``.
        words: Texts of the page's language.
        data: What the template shows, by name.
        package: Import package that holds the template, and beside it the template's own
            style if it needs more than ``page.css``: ``board.css`` for ``board.jinja``.

    Returns:
        HTML, the same for the same arguments, ending with a line feed.
    """
    css = _css(HERE, "page.css") + _css(package, template.replace(".jinja", ".css"))
    environment = _environment(package, words)
    page = environment.get_template(template).render(
        **data,
        css=Markup(css),  # noqa: S704 (our own file)
        policy=policy_for(css),
    )
    return page.rstrip("\n") + "\n"


def policy_for(css: str) -> str:
    """Return the Content-Security-Policy of a page whose only resource is this inline style."""
    # SECURITY: test_policy_allows_the_style_of_the_page_and_nothing_else
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def language_name(lang: str) -> str:
    """Return what a language calls itself, for example «Русский»."""
    name = Locale.parse(lang).get_display_name(lang) or lang
    return name[:1].upper() + name[1:]


def titled(texts: Mapping[str, str], lang: str, default: str) -> str:
    """Return a configured title in a language, else in the course's, else in any."""
    return texts.get(lang) or texts.get(default) or next(iter(texts.values()), "")


@lru_cache(maxsize=16)  # a page costs as much to compile as to render, and a class is many pages
def _environment(package: str, words: Messages) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader(HERE, ".")]),
        autoescape=True,  # SECURITY: test_markup_in_student_made_text_stays_text
        undefined=StrictUndefined,
        finalize=_final,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        lang=words.lang, t=words.text, tn=words.plural, language_name=language_name
    )
    environment.filters["number"] = words.decimal
    environment.filters["fixed"] = partial(_fixed, words.lang)
    return environment


def _fixed(lang: str, value: Decimal, places: int = 3) -> str:
    """Return a number with all its places, so that columns of numbers line up."""
    return format_decimal(value, "0." + "0" * places, locale=lang)


def _final(value: Any) -> Any:
    """Prepare a value for the page; escaping follows. Numbers must have been worded."""
    if isinstance(value, Decimal | float):
        raise TypeError(f"{value!r} is written without its language's form: use |number")
    # SECURITY: test_invisible_characters_are_spelt_out
    return visible(value) if type(value) is str else value


def _css(package: str, name: str) -> str:
    file = resources.files(package) / name
    return file.read_text("utf-8") if file.is_file() else ""
