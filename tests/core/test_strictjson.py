"""Strict JSON: what a student's file may be, and where it is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.errors import StudentError
from graders.core.messages import Messages
from graders.core.strictjson import FAULT_KEYS, StrictJsonError, loads

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(PLAIN, st.sampled_from([None, 1]), st.booleans())
def test_whatever_the_standard_writer_writes_is_read(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert loads(text) == value
    assert loads(text.encode()) == value


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_garbage_is_a_students_fault_and_never_a_traceback(data):
    try:
        loads(data)
    except StudentError:
        return
    assert json.loads(data.decode("utf-8-sig") if isinstance(data, bytes) else data) is not ...


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_refused_with_their_place(word):
    with pytest.raises(StudentError, match="line 2, column 6") as caught:
        loads(f'{{\n"a": {word}}}', where="claims.json")
    assert caught.value.where == "claims.json, line 2, column 6"


def test_nan_inside_a_string_is_text():
    assert loads('["NaN", "a [ \\" Infinity"]') == ["NaN", 'a [ " Infinity']


def test_numbers_that_overflow_are_refused():
    with pytest.raises(StudentError, match="line 1, column 2"):
        loads("[1e999]")


def test_endless_digits_are_refused():
    with pytest.raises(StudentError, match="digits"):
        loads("9" * 100_000)


def test_duplicate_keys_are_refused_with_the_second_ones_place():
    with pytest.raises(StudentError, match=r"line 2, column 2: the key 'a' occurs twice"):
        loads('{"a": 1,\n "a": 2}')


def test_duplicate_keys_written_differently_are_still_duplicates():
    with pytest.raises(StudentError, match="twice"):
        loads('{"\\u0061": 1, "\\u0061": 2}')


def test_deep_nesting_is_refused_before_it_is_parsed():
    with pytest.raises(StudentError, match="deeper"):
        loads("[" * 1_000_000 + "]" * 1_000_000)
    assert loads("[" * 32 + "]" * 32)
    with pytest.raises(StudentError, match="line 1, column 33"):
        loads("[" * 33 + "]" * 33)


def test_size_cap_counts_bytes():
    assert loads(b'"\xd0\xb6"', max_bytes=4) == "ж"
    with pytest.raises(StudentError, match="longer than 3 bytes"):
        loads(b'"\xd0\xb6"', max_bytes=3)


def test_lone_surrogates_are_refused():
    with pytest.raises(StudentError, match="surrogate"):
        loads('["\\ud800"]')


def test_bytes_that_are_not_utf8_name_their_line():
    with pytest.raises(StudentError, match="line 2: the file is not UTF-8"):
        loads(b'{\n"a": "\xff"}')


def test_byte_order_mark_is_no_fault():
    assert loads(b"\xef\xbb\xbf[1]") == [1]


def test_syntax_error_names_line_and_column():
    with pytest.raises(StudentError, match="line 2, column 1"):
        loads('{"a": 1,\n}')


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize(
    "data",
    [b" " * 99, b"\xff", b"{", b'{"a":1,"a":1}', b"NaN", b"1e999", b"[[[[[[[[[", b'"\\ud800"'],
)
def test_every_fault_can_be_told_in_every_language(lang, data):
    with pytest.raises(StrictJsonError) as caught:
        loads(data, where="claims.json", max_bytes=50, max_depth=8)
    fault = caught.value
    assert "claims.json" in Messages.load(lang=lang, strict=True).text(fault.key, **fault.values)


def test_every_fault_key_is_in_the_catalogue():
    assert Messages.load(lang="ru").keys >= FAULT_KEYS
