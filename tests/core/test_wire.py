"""Plain data across the wire: round trips, exact types, caps, and bytes that lie."""

import math
import socket
import struct
import time
import tracemalloc
from collections import OrderedDict, namedtuple
from decimal import Decimal
from enum import IntEnum

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core import wire
from graders.core.wire import Caps, Handle, WireError, WireFault

KEYS = st.text(st.characters(codec="utf-8"), max_size=8) | st.integers(-(2**63), 2**64 - 1)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | st.binary(max_size=20)
)
PLAIN = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def same(a, b):
    """Say whether two values are equal with equal types all the way down; NaN equals NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    return a == b


def fault_of(do, *args, **kwargs):
    with pytest.raises(WireError) as caught:
        do(*args, **kwargs)
    return caught.value.fault


@given(PLAIN)
def test_plain_data_arrives_the_same_with_the_same_types(value):
    assert same(wire.decode(wire.encode(value)), value)


@given(PLAIN)
def test_a_copy_is_what_would_arrive(value):
    assert same(wire.copy_plain(value), wire.decode(wire.encode(value)))


def test_a_copy_shares_nothing_that_can_change():
    value = {"rows": [[1], {"a": []}]}
    copy = wire.copy_plain(value)
    copy["rows"][0].append(2)
    copy["rows"][1]["a"].append(3)
    assert value == {"rows": [[1], {"a": []}]}


@pytest.mark.parametrize(
    "number", [2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**127, -(2**127), 2**8000]
)
def test_integers_of_any_length_under_the_cap_arrive(number):
    assert wire.decode(wire.encode(number)) == number


def test_a_handle_arrives_only_where_handles_are_expected():
    data = wire.encode({"model": Handle(7)})
    assert wire.decode(data, handles=True) == {"model": Handle(7)}
    assert fault_of(wire.decode, data) is WireFault.MALFORMED
    long = b"\xc7\x09\x05" + b"\x01" * 9
    with pytest.raises(WireError):
        wire.decode(long, handles=True)


class Liar(str):
    __slots__ = ()

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class Rich(list):
    pass


class Level(IntEnum):
    LOW = 1


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Liar("x"), "test_wire.Liar"),
        (Rich(), "test_wire.Rich"),
        (Level.LOW, "test_wire.Level"),
        (Point(1, 2), "test_wire.Point"),
        (OrderedDict(), "collections.OrderedDict"),
        (Decimal(1), "decimal.Decimal"),
        ({1}, "set"),
        (1j, "complex"),
        (object(), "object"),
        (bytearray(b"x"), "bytearray"),
        ("\ud800", "str with a lone surrogate"),
        ({Liar("k"): 1}, "test_wire.Liar"),
        ({(1, 2): 1}, "dict key of type tuple"),
        ({True: 1}, "dict key of type bool"),
        ({None: 1}, "dict key of type NoneType"),
        ({2**64: 1}, "dict key of type int"),
        ({"\ud800": 1}, "str with a lone surrogate"),
    ],
)
@pytest.mark.parametrize("cross", [wire.encode, wire.copy_plain])
def test_only_exact_types_cross(cross, value, name):
    with pytest.raises(WireError) as caught:
        cross(value)
    assert caught.value.fault is WireFault.NOT_PLAIN
    assert name in caught.value.type_name


def test_an_error_says_where_in_the_value_it_is():
    with pytest.raises(WireError) as caught:
        wire.encode({"train": [1, (2, {3: {4}})]})
    assert caught.value.where == "['train'][1][1][3]"
    assert str(caught.value) == "['train'][1][1][3]: set is not plain data"


def test_a_class_cannot_lie_about_its_name():
    class Meta(type):
        def __getattribute__(cls, name):
            return "int"

    class Actual(metaclass=Meta):
        pass

    with pytest.raises(WireError) as caught:
        wire.encode(Actual())
    assert caught.value.type_name.endswith(".Actual")


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


SMALL = Caps(frame_bytes=100, items=10, depth=3, big_int_bytes=16)


@pytest.mark.parametrize(
    ("fits", "exceeds"),
    [
        ([0] * 9, [0] * 10),
        ((0,) * 8, (0,) * 9),
        (dict.fromkeys(range(4)), dict.fromkeys(range(5))),
        (nested(3), nested(4)),
        (2**126, 2**127),
        (-(2**126), -(2**128)),
        ("x" * 98, "x" * 99),
        (b"x" * 98, b"x" * 99),
    ],
)
def test_each_cap_holds_where_a_value_leaves_and_where_it_arrives(fits, exceeds):
    data = wire.encode(fits, SMALL)
    assert same(wire.decode(data, SMALL), fits)
    assert fault_of(wire.encode, exceeds, SMALL) is WireFault.TOO_LARGE
    assert fault_of(wire.decode, wire.encode(exceeds), SMALL) is WireFault.TOO_LARGE


def test_a_value_that_contains_itself_is_refused():
    loop = []
    loop.append(loop)
    assert fault_of(wire.encode, loop) is WireFault.TOO_LARGE


def test_many_references_to_one_long_text_are_refused_before_they_are_copied():
    text = "x" * 2**20
    tracemalloc.start()
    try:
        assert fault_of(wire.encode, [text] * 1000) is WireFault.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_tiny_bytes_cannot_ask_for_much():
    # Every head promises as many elements as there are bytes, inside the one before it: a decoder
    # that reserves room for each would take hundreds of megabytes.
    size = 100_000
    lies = (b"\xdd" + size.to_bytes(4, "big")) * (size // 5)
    assert len(lies) == size
    tracemalloc.start()
    try:
        assert fault_of(wire.decode, lies) is WireFault.MALFORMED
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc9\xff\xff\xff\xff\x03",
        b"\x9f",
        b"\x8f",
        b"\xbf",
        b"\xcb\x00",
        b"\xd8\x02",
        b"\xdc",
        b"",
    ],
)
def test_a_promise_that_is_not_kept_is_malformed(data):
    assert fault_of(wire.decode, data) is WireFault.MALFORMED


MARK = b"\xc7\x00\x01"


@pytest.mark.parametrize(
    "data",
    [
        MARK,
        b"\x92\x01" + MARK,
        b"\x92" + MARK + MARK,
        b"\x92\x90" + MARK,
        b"\x92\x91\x01" + MARK,
        b"\x81\xa1a" + MARK,
        b"\x81" + MARK + b"\x01",
        b"\x82\xa1a\x90\xa1b" + MARK,
        b"\x91\xd4\x01\x00",
    ],
)
def test_a_tuples_mark_is_nothing_but_the_head_of_an_array(data):
    with pytest.raises(WireError):
        wire.decode(data)


def test_an_array_with_only_the_mark_is_the_empty_tuple():
    assert wire.decode(b"\x91" + MARK) == ()


@pytest.mark.parametrize(
    "value",
    [
        {1.5: 0},
        {None: 0},
        {b"k": 0},
        {True: 0},
    ],
)
def test_a_key_of_a_wrong_type_is_malformed(value):
    assert fault_of(wire.decode, msgpack.packb(value)) is WireFault.MALFORMED


def test_a_long_integer_is_no_key():
    key = msgpack.packb(msgpack.ExtType(2, (2**70).to_bytes(10, "big")))
    assert fault_of(wire.decode, b"\x81" + key + b"\x00") is WireFault.MALFORMED


@pytest.mark.parametrize(
    "data",
    [
        b"\x82\xa1a\x01\xa1a\x02",  # one key twice
        b"\x82\x01\x01\xcc\x01\x02",  # the same in two spellings
        b"\x81\x90\x01",  # an array as a key
        b"\xa1\xff",  # not UTF-8
        b"\xa3\xed\xa0\x80",  # half of a surrogate pair
        b"\x01\x02",  # two values
        b"\xc1",  # a tag that the format never uses
        b"\xd6\xff\x00\x00\x00\x00",  # msgpack's own timestamp
        b"\xd4\x09\x00",  # an extension nobody knows
    ],
)
def test_bytes_with_no_single_meaning_are_malformed(data):
    assert fault_of(wire.decode, data) is WireFault.MALFORMED


@given(st.binary(max_size=200))
def test_random_bytes_give_a_value_or_a_wire_error(data):
    decode_or_refuse(data)


@given(PLAIN, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4))
def test_spoiled_bytes_give_a_value_or_a_wire_error(value, changes):
    data = bytearray(wire.encode(value))
    for place, byte in changes:
        data[place % len(data)] = byte
    decode_or_refuse(data)
    decode_or_refuse(data[: len(data) // 2])


def decode_or_refuse(data):
    value, fault = value_or_fault(data)
    assert fault in {None, WireFault.MALFORMED, WireFault.TOO_LARGE}
    assert same(wire.decode(wire.encode(value)), value)


def value_or_fault(data):
    try:
        return wire.decode(data), None
    except WireError as error:
        return None, error.fault


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_values_arrive_one_after_the_other(ends):
    ours, theirs = ends
    for value in ({"a": [1, 2]}, "x", None):
        wire.send(ours, value)
    assert [wire.receive(theirs) for _ in range(3)] == [{"a": [1, 2]}, "x", None]


def test_a_silent_other_end_is_a_timeout(ends):
    ours, _ = ends
    assert fault_of(wire.receive, ours, deadline=time.monotonic() + 0.01) is WireFault.TIMEOUT


def test_a_deadline_that_has_passed_is_a_timeout_also_when_there_is_something_to_read(ends):
    ours, theirs = ends
    wire.send(theirs, 1)
    assert fault_of(wire.receive, ours, deadline=time.monotonic() - 1) is WireFault.TIMEOUT


def test_another_end_that_does_not_read_is_a_timeout(ends):
    ours, _ = ends
    value = b"x" * 2**24
    fault = fault_of(wire.send, ours, value, deadline=time.monotonic() + 0.01)
    assert fault is WireFault.TIMEOUT


@pytest.mark.parametrize("sent", [b"", b"\x00\x00", b"\x00\x00\x00\x09\xa8abc"])
def test_an_end_that_closes_is_told(ends, sent):
    ours, theirs = ends
    theirs.sendall(sent)
    theirs.close()
    assert fault_of(wire.receive, ours) is WireFault.CLOSED
    assert fault_of(wire.send, ours, b"x" * 2**22) is WireFault.CLOSED


def test_a_frame_over_the_cap_is_refused_before_it_is_read(ends):
    ours, theirs = ends
    theirs.sendall(b"\xff\xff\xff\xff")
    assert fault_of(wire.receive, ours) is WireFault.TOO_LARGE


def test_a_promised_length_takes_no_memory_before_the_bytes_come(ends):
    ours, theirs = ends
    theirs.sendall((2**26).to_bytes(4, "big") + b"x")
    theirs.close()
    tracemalloc.start()
    try:
        assert fault_of(wire.receive, ours) is WireFault.CLOSED
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
