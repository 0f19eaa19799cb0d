"""Secrets are found wherever they stand in a bundle, and everyday lines are no secrets."""

from __future__ import annotations

import pytest

from graders.core.errors import CourseError
from graders.release import Secrets, find_leaks, require_no_leaks, secret_lines

SOLUTION = secret_lines(
    "    kept = min(group, key=lambda row: row['id'])\n    return False\n", "data.py", "solution"
)


def leaks(text, secrets, allowed=()):
    return find_leaks({"hw1/data.py": text.encode()}, secrets, allowed)


def test_a_solution_line_is_found_however_it_is_indented():
    secrets = Secrets(lines=tuple(SOLUTION))
    found = leaks("x = 1\n\n  kept =  min(group, key=lambda row: row['id'])\n", secrets)
    assert [str(one) for one in found] == ["hw1/data.py:3: solution from data.py:1"]


def test_short_and_everyday_lines_are_nobodys_secret():
    everyday = "from collections.abc import Iterable\nexcept FileNotFoundError:\nreturn False\n"
    secrets = Secrets(lines=tuple(secret_lines(everyday, "t.py", "solution")))
    assert leaks(everyday, secrets) == []


def test_a_line_that_is_released_on_purpose_is_no_leak():
    line = "kept = min(group, key=lambda row: row['id'])"
    assert leaks(line, Secrets(lines=tuple(SOLUTION)), allowed=[f"    {line}"]) == []


def test_a_hidden_headline_is_found_inside_other_text():
    secrets = Secrets(texts=frozenset({"cat elected mayor", "dog wins race again"}))
    found = leaks('{}\n{"headline": "Breaking: cat elected mayor!"}\n', secrets)
    assert [(one.line, one.kind) for one in found] == [(2, "hidden input")]


def test_hidden_ids_are_found_between_quotes_only():
    secrets = Secrets(ids=frozenset({"h012345"}))
    assert [one.kind for one in leaks("{'id': 'h012345'}", secrets)] == ["hidden id"]
    assert leaks("sha h0123456 and h012345", secrets) == []


def test_a_leak_is_an_error_that_names_the_place_and_the_origin():
    files = {"hw1/data.py": b"kept = min(group, key=lambda row: row['id'])\n"}
    with pytest.raises(CourseError, match=r"hw1/data\.py:1: solution from data\.py:1"):
        require_no_leaks(files, Secrets(lines=tuple(SOLUTION)))
    require_no_leaks({"hw1/data.py": b"pass\n"}, Secrets(lines=tuple(SOLUTION)))
