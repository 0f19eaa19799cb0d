"""The error report: one HTML file that a person reads and a hash that a machine compares.

A number closes a discussion, a page of errors opens one. The page holds its own style and nothing
from elsewhere, works on a light and on a dark screen, and shows every text as text: a model's
answer may well be `<script>`, and a benchmark that runs it has measured something else.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, StrictUndefined

# zachetka: staff
# In Jinja `task.items` is a dict's method before it is a key, hence `task["items"]`.
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta content="width=device-width, initial-scale=1" name="viewport">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; --ink: #1c2024; --page: #ffffff; --soft: #667078;
  --line: #d5dade; --bar: #3b7dd8; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e4e7ea; --page: #15181b; --soft: #98a2aa; --line: #363c42; --bar: #6ea3ec; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0;
  border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; min-width: 8rem; height: 1.2rem; }
article { border-top: 1px solid var(--line); padding: .75rem 0; }
p.soft { color: var(--soft); }
p.text { white-space: pre-wrap; margin: .35rem 0; }
</style>
<main>
<h1>{{ title }}</h1>
<p class="soft">{{ count }} items, {{ errors | length }} wrong · SHA-256 {{ digest }}</p>
<h2>Tasks</h2>
<table>
<tr><th>task<th class="number">items<th class="number">accuracy<th>interval, from 0 to 1</tr>
{% for task in tasks %}
<tr><td>{{ task.task }}<td class="number">{{ task["items"] }}
<td class="number">{{ "%.3f" | format(task.accuracy) }}
<td><svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img"
aria-label="{{ '%.3f' | format(task.low) }} to {{ '%.3f' | format(task.high) }}">
<line x1="0" y1="5" x2="100" y2="5" stroke="var(--line)" stroke-width="1"/>
<rect x="{{ '%.2f' | format(100 * task.low) }}" y="2" height="6"
width="{{ '%.2f' | format([100 * (task.high - task.low), 0.5] | max) }}" fill="var(--bar)"/>
</svg></tr>
{% endfor %}
</table>
<h2>Kinds of errors</h2>
<table>
<tr><th>kind<th class="number">errors</tr>
{% for kind, number in kinds %}
<tr><td>{{ kind }}<td class="number">{{ number }}</tr>
{% endfor %}
</table>
<h2>Errors, the surest first</h2>
{% for row in errors %}
<article id="{{ row.id }}">
<p class="soft">{{ row.task }} · {{ row.id }} · {{ row.kind }} ·
confidence {{ "%.3f" | format(row.confidence) }}</p>
<p class="text">{{ row.question }}</p>
<p class="text"><b>right:</b> {{ row.gold }}</p>
<p class="text"><b>given:</b> {{ row.answer }}</p>
</article>
{% endfor %}
</main>
</html>
"""


# zachetka: end


def report(
    title: str, rows: Sequence[Mapping[str, Any]], tasks: Sequence[Mapping[str, Any]]
) -> str:
    """Return the error report as one HTML page, the same bytes for the same findings.

    It shows every task with its number of items, its accuracy and the ends of its interval (three
    digits after the point), a table of the kinds of errors with their number in the next cell
    (the largest first, equal ones by name), every wrong row with its question and both answers
    (the surest first, of equally sure ones by id), and `report_hash`. Neither the order of the
    arguments' rows and tasks nor the clock changes a byte. Every text is escaped, by Jinja's
    autoescape. The page declares UTF-8, has a light and a dark theme, refers to nothing outside
    itself and runs no script.

    Args:
        title: The page's title.
        rows: ``id``, ``task``, ``question``, ``gold``, ``answer``, ``correct``, ``confidence``
            (0 to 1) and ``kind`` of error of each item, right or wrong.
        tasks: ``task``, ``items``, ``accuracy``, ``low`` and ``high`` of each task.
    """
    # zachetka: solution
    wrong = sorted(
        (row for row in rows if not row["correct"]), key=lambda row: (-row["confidence"], row["id"])
    )
    kinds = Counter(str(row["kind"]) for row in wrong)
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return page.from_string(_PAGE).render(
        title=title,
        count=len(rows),
        digest=report_hash(rows, tasks),
        tasks=sorted(tasks, key=lambda task: task["task"]),
        kinds=sorted(kinds.items(), key=lambda item: (-item[1], item[0])),
        errors=wrong,
    )
    # zachetka: end


def report_hash(rows: Sequence[Mapping[str, Any]], tasks: Sequence[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of the findings in one canonical spelling, as 64 hexadecimal digits.

    The spelling is JSON in UTF-8, ``{"rows": [...], "tasks": [...]}``: rows go by id, tasks by
    name, keys by the alphabet, no spaces, letters of all scripts as they are; floats are rounded
    to 6 digits, for the last bits differ between processors and mean nothing.
    """
    # zachetka: solution
    found = {
        "rows": [_rounded(row) for row in sorted(rows, key=lambda row: row["id"])],
        "tasks": [_rounded(task) for task in sorted(tasks, key=lambda task: task["task"])],
    }
    text = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
    # zachetka: end


# zachetka: staff
def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: round(value, 6) + 0.0 if isinstance(value, float) else value
        for key, value in row.items()
    }


# zachetka: end
