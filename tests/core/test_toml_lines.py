"""Lines of TOML keys, against a document whose lines are counted by hand and by tomlkit's data."""

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from graders.core.toml_lines import TomlFloat, TomlSyntaxError, parse

TEXT = '''# first
title = "a # = [x]"
[course]   # second
"quoted.key" = 'x'
a.b.c = 1
many = [
  "one", # comment ]
  { x = 1, y = [2, 3] },
]
long = """
[not.a.table]
k = "v" ""\\" \\
"""
raw = \'\'\'
[no]\'\'\'
[[parts]]
key = "p0"
[parts.deep]
z = 2026-01-02 03:04:05
[[parts]]
key = "p1"
[parts.deep]
z = 0.5'''

EXPECTED = {
    ("title",): 2,
    ("course",): 3,
    ("course", "quoted.key"): 4,
    ("course", "a"): 5,
    ("course", "a", "b"): 5,
    ("course", "a", "b", "c"): 5,
    ("course", "many"): 6,
    ("course", "many", 0): 7,
    ("course", "many", 1): 8,
    ("course", "many", 1, "x"): 8,
    ("course", "many", 1, "y"): 8,
    ("course", "many", 1, "y", 0): 8,
    ("course", "many", 1, "y", 1): 8,
    ("course", "long"): 10,
    ("course", "raw"): 14,
    ("parts",): 16,
    ("parts", 0): 16,
    ("parts", 0, "key"): 17,
    ("parts", 0, "deep"): 18,
    ("parts", 0, "deep", "z"): 19,
    ("parts", 1): 20,
    ("parts", 1, "key"): 21,
    ("parts", 1, "deep"): 22,
    ("parts", 1, "deep", "z"): 23,
}


def paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from paths(item, (*path, key))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_key_has_the_line_it_is_written_at(newline):
    assert parse(TEXT.replace("\n", newline)).lines == EXPECTED


def test_a_key_that_is_not_written_has_the_line_of_its_table():
    document = parse(TEXT)
    assert document.line(("parts", 1, "points")) == 20
    assert document.line(("none",)) == 1


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
VALUES = st.recursive(
    st.integers(-(2**40), 2**40) | st.booleans() | st.text(st.characters(codec="ascii")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_keys_found_are_exactly_the_keys_parsed(data):
    document = parse(tomlkit.dumps(data))
    assert set(document.lines) == set(paths(document.data))


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = = 2\n", 2), ("a = 1\n\na = 2\n", 3), ('a = 1\nb = "x', 2)]
)
def test_syntax_error_has_its_line(text, line):
    with pytest.raises(TomlSyntaxError) as caught:
        parse(text)
    assert caught.value.line == line
    assert "(at" not in caught.value.what


def test_numbers_with_a_point_remember_how_they_were_written():
    value = parse("a = 0.40").data["a"]
    assert isinstance(value, TomlFloat)
    assert value.written == "0.40"
    assert value == 0.4
