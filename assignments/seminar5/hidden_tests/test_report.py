"""Part "report": one page for a person, one hash for a machine."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

PLANTED = '<script>alert("x")</script><img src=x onerror=y> & "quoted"'


@pytest.fixture
def findings(rng, words):
    rows = [
        {
            "id": f"q{n:02}",
            "task": rng.choice(["alpha", "beta"]),
            "question": f"question {n} {' '.join(words(2))}?",
            "gold": f"gold{n}",
            "answer": f"answer{n}",
            "correct": int(n % 3 == 0),
            "confidence": rng.randrange(10_000) / 10_000 + 2e-9,  # far from where rounding turns
            "kind": ("torn", "torn", "hasty", "vague")[n % 4],
        }
        for n in range(12)
    ]
    rows[4]["confidence"] = rows[5]["confidence"] = 0.5
    rows[7]["confidence"] = 0.999  # "vague" comes before "hasty", of which there are as many
    tasks = [
        {
            "task": name,
            "items": rng.randrange(1000, 9999),
            "accuracy": low + 0.1,
            "low": low,
            "high": low + 0.2,
        }
        for name, low in (("beta", rng.uniform(0, 0.7)), ("alpha", rng.uniform(0, 0.7)))
    ]
    return rows, tasks


@pytest.fixture
def page(ask):
    def make(rows, tasks, title="Errors"):
        return ask(str, "report:report", title, rows, tasks)

    return make


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def _tags(text):
    parser = _Tags()
    parser.feed(text)
    return parser.tags


@pytest.mark.points("0.3", key="seminar5.report.escaped", part="report")
def test_every_text_is_shown_and_none_is_run(page, case, findings):
    rows, tasks = findings
    fields = ("question", "gold", "answer", "kind", "task")
    for field in fields:
        changed = [dict(row) for row in rows]
        changed[1][field] = PLANTED
        text = page(changed, tasks)
        run = [tag for tag, _ in _tags(text) if tag in {"script", "img"}]
        case.require(not run and "<script" not in text, "seminar5.report.unescaped", field=field)
        shown = html.unescape(text)
        case.require(PLANTED in shown, "seminar5.report.text_lost", field=field)
        twice = "&amp;lt;" in text
        case.require(not twice, "seminar5.report.escaped_twice", field=field)
    text = page(rows, [{**tasks[0], "task": PLANTED}, tasks[1]], PLANTED)
    case.require("<script" not in text, "seminar5.report.unescaped", field="title")


@pytest.mark.points("0.2", key="seminar5.report.alone", part="report")
def test_the_page_stands_alone_in_both_themes(page, case, findings):
    text = page(*findings)
    tags = _tags(text)
    case.require(text.lstrip().lower().startswith("<!doctype html>"), "seminar5.report.doctype")
    outside = [
        value
        for _, attrs in tags
        for name, value in attrs.items()
        if name in {"src", "href", "data", "srcset"}
        and not (value or "").startswith(("#", "data:"))
    ]
    style = re.search(r"@import|url\((?!['\"]?(?:#|data:))", text)
    linked = any(tag in {"link", "iframe", "script"} for tag, _ in tags)
    case.require(not outside and not linked and style is None, "seminar5.report.outside")
    charset = any(tag == "meta" and "utf-8" in str(attrs).lower() for tag, attrs in tags)
    case.require(charset, "seminar5.report.charset")
    both = "prefers-color-scheme: dark" in text or "light-dark(" in text
    case.require(both and "color-scheme" in text, "seminar5.report.themes")


@pytest.mark.points("0.2", key="seminar5.report.contents", part="report")
def test_the_page_lists_the_errors_the_surest_first(page, case, findings):
    rows, tasks = findings
    text = html.unescape(page(rows, tasks))
    wrong = [row for row in rows if not row["correct"]]
    for row in rows:
        shown = row["question"] in text
        case.require(shown or row["correct"], "seminar5.report.error_missing")
        case.require(not shown or not row["correct"], "seminar5.report.right_shown")
    ranked = sorted(wrong, key=lambda row: (-row["confidence"], row["id"]))
    places = [text.index(row["question"]) for row in ranked]
    case.require(places == sorted(places), "seminar5.report.order")
    for row in wrong:
        both = row["gold"] in text and row["answer"] in text
        case.require(both, "seminar5.report.answers_missing")
    for task in tasks:
        case.require(f"{task['accuracy']:.3f}" in text, "seminar5.report.accuracy_missing")
        case.require(f"{task['items']}" in text, "seminar5.report.items_missing")
        ends = f"{task['low']:.3f}" in text and f"{task['high']:.3f}" in text
        case.require(ends, "seminar5.report.interval_missing")
    places = []
    for kind in sorted(
        kinds := Counter(row["kind"] for row in wrong), key=lambda k: (-kinds[k], k)
    ):
        told = re.search(rf"{kind}\s*(?:</td>)?\s*<td[^>]*>\s*{kinds[kind]}\s*<", text)
        case.require(told is not None, "seminar5.report.kinds")
        places.append(told.start())
    case.require(places == sorted(places), "seminar5.report.kinds_order")


def _ends(task):
    return {name: round(task[name], 6) for name in ("accuracy", "low", "high")}


@pytest.mark.points("0.3", key="seminar5.report.hash", part="report")
def test_the_same_findings_have_the_same_hash_and_others_another(page, ask, case, findings):
    rows, tasks = findings

    def digest(rows, tasks):
        found = ask(str, "report:report_hash", rows, tasks)
        case.require(bool(re.fullmatch("[0-9a-f]{64}", found)), "seminar5.report.not_sha256")
        return found

    base, text = digest(rows, tasks), page(rows, tasks)
    found = {
        "rows": [{**row, "confidence": round(row["confidence"], 6)} for row in rows],
        "tasks": [{**task, **_ends(task)} for task in sorted(tasks, key=lambda t: t["task"])],
    }
    told = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    case.require(page(rows, tasks) == text, "seminar5.report.not_repeatable")
    mixed = [dict(reversed(row.items())) for row in rows[::-1]]
    case.require(digest(mixed, tasks[::-1]) == base, "seminar5.report.hash_order")
    case.require(page(mixed, tasks[::-1]) == text, "seminar5.report.page_order")
    shifted = [{**row, "confidence": row["confidence"] + 1e-12} for row in rows]
    case.require(digest(shifted, tasks) == base, "seminar5.report.hash_digits")
    for field, value in (("answer", "another"), ("confidence", 0.25), ("correct", 1)):
        changed = [{**row, field: value} if row is rows[1] else row for row in rows]
        case.require(digest(changed, tasks) != base, "seminar5.report.hash_blind", field=field)
    moved = [{**tasks[0], "low": 0.0}, tasks[1]]
    case.require(digest(rows, moved) != base, "seminar5.report.hash_blind", field="low")
    spelling = hashlib.sha256(told.encode()).hexdigest()
    case.require(base == spelling, "seminar5.report.hash_spelling")
    case.require(base in text, "seminar5.report.hash_missing")
