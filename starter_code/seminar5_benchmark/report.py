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
    raise NotImplementedError("write your solution here")


def report_hash(rows: Sequence[Mapping[str, Any]], tasks: Sequence[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of the findings in one canonical spelling, as 64 hexadecimal digits.

    The spelling is JSON in UTF-8, ``{"rows": [...], "tasks": [...]}``: rows go by id, tasks by
    name, keys by the alphabet, no spaces, letters of all scripts as they are; floats are rounded
    to 6 digits, for the last bits differ between processors and mean nothing.
    """
    raise NotImplementedError("write your solution here")
