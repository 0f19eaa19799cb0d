"""A page as a browser's parser sees it: balanced tags, attributes, style and text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "rect", "line", "circle", "br", "img", "link", "input"}
SILENT = {"style", "title"}


class Page(HTMLParser):
    """Parses a page and insists that every tag is closed in its turn."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.style, self.texts, self.problems = [], "", [], []
        self._open = []
        self.feed(html)
        self.close()
        self.problems += [f"{tag} is not closed" for tag in self._open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"{tag} is closed out of turn at {self.getpos()}")

    def handle_data(self, data):
        if self._open and self._open[-1] == "style":
            self.style += data
        elif not SILENT & set(self._open):
            self.texts.append(data)

    @property
    def text(self):
        """All text on one line."""
        return " ".join(" ".join(self.texts).split())

    @property
    def ids(self):
        return [attrs["id"] for _, attrs in self.tags if "id" in attrs]

    @property
    def policy(self):
        (policy,) = [
            attrs["content"]
            for tag, attrs in self.tags
            if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
        ]
        return dict(part.strip().split(" ", 1) for part in policy.split(";"))


def rule_problems(html):
    """Return what breaks the rules that every page keeps, one sentence each."""
    page = Page(html)
    problems = list(page.problems)
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    wanted = {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    if page.policy != wanted:
        problems.append(f"the policy is {page.policy}")
    names = [tag for tag, _ in page.tags]
    if names.count("style") != 1 or names.index("style") < names.index("meta"):
        problems.append("there is not one style after the policy")
    refused = {"script", "link", "img", "iframe", "object", "embed", "form", "base", "font"}
    problems += [f"there is a tag {name}" for name in refused & set(names)]
    for tag, attrs in page.tags:
        problems += [
            f"{tag} has the attribute {name}"
            for name in attrs
            if name == "style" or name.startswith("on") or name in ("src", "srcset", "background")
        ]
        href = attrs.get("href")
        if href is not None and not re.fullmatch(r"[\w.%/#-]+", href):
            problems.append(f"a link leads to {href}")
    if re.search(r"https?:|url\(|@import|//", html):
        problems.append("the page names something outside itself")
    if len(page.ids) != len(set(page.ids)):
        problems.append(f"an id occurs twice: {page.ids}")
    problems += [
        f"nothing has the id {attrs['aria-labelledby']}"
        for _, attrs in page.tags
        if "aria-labelledby" in attrs and attrs["aria-labelledby"] not in page.ids
    ]
    return problems + _outline_problems(page)


def _outline_problems(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    problems = [] if levels and levels[0] == 1 and levels.count(1) == 1 else ["not one h1, first"]
    for before, after in pairwise(levels):
        if after > before + 1:
            problems.append(f"h{after} follows h{before}")
    return problems
