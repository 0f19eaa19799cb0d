"""Canonical JSON: one value has one text, and it reads back."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.canonical import canonical, decimal_text, digest_of, plain
from graders.core.records import CaseStatus

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_data_reads_back_the_same(value):
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=2), st.randoms())
def test_order_of_keys_does_not_matter(value, random):
    items = list(value.items())
    random.shuffle(items)
    assert digest_of(dict(items)) == digest_of(value)


@given(PLAIN, PLAIN)
def test_different_values_have_different_texts(one, other):
    same = json.loads(canonical(one)) == json.loads(canonical(other))
    assert (canonical(one) == canonical(other)) <= same


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_decimals_are_written_by_value(value):
    text = decimal_text(value)
    assert Decimal(text) == value
    assert decimal_text(Decimal(f"{value:f}000")) == text
    assert "E" not in text
    assert not ("." in text and text.endswith("0"))


def test_text_is_exactly_this():
    value = {
        "б": Decimal("8.50"),
        "a": [1, True, None, CaseStatus.PASSED],
        "at": datetime(2026, 11, 23, 23, 59, 59, 999_999, ZoneInfo("Europe/Moscow")),
        "noon": datetime(2026, 11, 23, 12, tzinfo=UTC),
    }
    expected = (
        '{"a":[1,true,null,"passed"],"at":"2026-11-23T20:59:59.999999Z",'
        '"noon":"2026-11-23T12:00:00Z","б":"8.5"}'
    )
    assert canonical(value) == expected.encode()


def test_digest_is_pinned():
    assert digest_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_equal_decimals_have_equal_digests():
    assert digest_of(Decimal("1E+1")) == digest_of(Decimal("10.0")) == digest_of("10")
    assert plain(Decimal("-0")) == "0"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), {"a": float("nan")}])
def test_nan_and_infinity_are_refused(value):
    with pytest.raises(ValueError, match="canonical"):
        canonical(value)


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {1, 2}}, b"bytes", object()])
def test_values_without_a_canonical_form_are_refused(value):
    with pytest.raises(TypeError):
        canonical(value)
