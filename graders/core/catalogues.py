"""Checks of message catalogues: what a wrong translation would otherwise tell a student.

Used by the tests and by whatever certifies an assignment.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from graders.core.messages import catalogue_files, read_catalogue

_MSGID = re.compile(r'^msgid (".*")$')
_CONTINUED = re.compile(r'^(".*")$')


def catalogue_problems(folders: Iterable[Path], languages: Iterable[str]) -> list[str]:
    """Return what is wrong with the catalogues, one sentence each; empty when nothing is.

    Checked: no key twice in a language, no empty or fuzzy text, every plural form written,
    only plain ``{name}`` fields, and the same keys with the same fields in every language.

    Raises:
        CourseError: A file is not a readable catalogue.
    """
    folders = list(folders)
    problems: list[str] = []
    fields: dict[str, dict[str, frozenset[str]]] = {}
    for lang in languages:
        files = catalogue_files(folders, lang)
        keys = Counter(key for file in files for key in _raw_keys(file))
        problems += [f"{lang}: the key {key} occurs {n} times" for key, n in keys.items() if n > 1]
        fields[lang] = {}
        for file in files:
            found, wrong = _read_fields(file, lang)
            fields[lang].update(found)
            problems += [f"{file}: {sentence}" for sentence in wrong]
    return problems + _differences(fields)


def _differences(fields: dict[str, dict[str, frozenset[str]]]) -> list[str]:
    """Compare keys and fields of every language with the first one."""
    problems: list[str] = []
    languages = list(fields)
    for lang in languages[1:]:
        first, other = fields[languages[0]], fields[lang]
        problems += [f"{key} is missing in {lang}" for key in sorted(first.keys() - other.keys())]
        problems += [
            f"{key} is missing in {languages[0]}" for key in sorted(other.keys() - first.keys())
        ]
        problems += [
            f"{key} has the fields {sorted(first[key])} in {languages[0]}"
            f" and {sorted(other[key])} in {lang}"
            for key in sorted(first.keys() & other.keys())
            if first[key] != other[key]
        ]
    return problems


def _read_fields(path: Path, lang: str) -> tuple[dict[str, frozenset[str]], list[str]]:
    """Return the fields of every key of one file, and what is wrong with its texts."""
    fields: dict[str, frozenset[str]] = {}
    problems: list[str] = []
    for message in read_catalogue(path, lang):
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        written = message.string or ""  # a plural form that is not written is an empty string
        texts = [written] if isinstance(written, str) else list(written)
        if message.fuzzy:
            problems.append(f"{key} is marked fuzzy")
        if not texts or not all(text and text.strip() for text in texts):
            problems.append(f"{key} has an empty text")
        names: set[str] = set()
        for text in texts:
            names |= _field_names(key, text, problems)
        fields[key] = frozenset(names)
    return fields, problems


def _field_names(key: str, text: str, problems: list[str]) -> set[str]:
    """Return the fields of one text; only ``{name}`` is allowed."""
    names: set[str] = set()
    try:
        parsed = list(string.Formatter().parse(text or ""))
    except ValueError as error:
        problems.append(f"{key} is not a format string ({error})")
        return names
    for _, name, spec, conversion in parsed:
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            problems.append(f"{key} uses a field that is not a plain {{name}}: {name!r}")
        names.add(name)
    return names


def _raw_keys(path: Path) -> list[str]:
    """Return the msgids of a file as written: Babel's reader merges a repeated one silently."""
    keys: list[str] = []
    collecting = False
    for line in path.read_text("utf-8").splitlines():
        first = _MSGID.match(line)
        more = _CONTINUED.match(line) if collecting else None
        if first:
            keys.append(first[1][1:-1])
        elif more:
            keys[-1] += more[1][1:-1]
        collecting = bool(first or more)
    return [key for key in keys if key]
