"""Invisible characters become visible, everything else stays as it is."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.feedback.visible import visible

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("char", [*BIDI, "\x00", "\x1b", "\x7f", "\x9b", "\ufeff", "\u2028"])
def test_control_and_bidi_characters_are_spelt_out(char):
    assert visible(f"a{char}b") == f"a[U+{ord(char):04X}]b"


@pytest.mark.parametrize(
    "text", ["Инна Щукина-Øster", "O'Нил «»", "👩‍🔬", "می‌خواهم", "a b", "line\nline\ttab"]
)
def test_ordinary_text_stays(text):
    assert visible(text) == text


def test_a_carriage_return_before_a_line_feed_goes_and_a_lone_one_is_shown():
    assert visible("a\r\nb\rc") == "a\nb[U+000D]c"


def test_half_a_surrogate_pair_can_be_written():
    assert visible("\ud800").encode() == b"[U+D800]"


@given(st.text(st.characters(max_codepoint=sys.maxunicode)))
def test_nothing_invisible_is_left_and_nothing_changes_twice(text):
    shown = visible(text)
    assert visible(shown) == shown
    left = {char for char in shown if unicodedata.category(char) in ("Cc", "Cf", "Cs")}
    assert left <= set("\n\t\u200c\u200d")
