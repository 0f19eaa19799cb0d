"""Measures untrusted msgpack bytes before a decoder builds anything from them.

A few bytes can promise a billion elements, and a decoder that believes them allocates first.
The scan reads only the heads: every promise must fit into the bytes that are really there.
"""

from __future__ import annotations

from graders.core.wire_types import (
    EXT_BIG_INT,
    EXT_HANDLE,
    EXT_NUMPY,
    EXT_TORCH,
    EXT_TUPLE,
    Caps,
    malformed,
    too_large,
)

# What the number in a value's head counts.
_BYTES, _ELEMENTS, _PAIRS, _EXTENSION, _NOTHING = range(5)


def _heads() -> tuple[tuple[int, int, int], ...]:
    """Return by tag: the number when the tag holds it, else the width of the number, and its unit.

    Source: the msgpack specification, section "Formats".
    """
    heads = [(0, 0, _BYTES)] * 256  # small integers, nil, booleans
    heads[0x80:0x90] = [(count, 0, _PAIRS) for count in range(16)]
    heads[0x90:0xA0] = [(count, 0, _ELEMENTS) for count in range(16)]
    heads[0xA0:0xC0] = [(count, 0, _BYTES) for count in range(32)]
    heads[0xC1] = (0, 0, _NOTHING)
    for first, unit in ((0xC4, _BYTES), (0xC7, _EXTENSION), (0xD9, _BYTES)):
        heads[first : first + 3] = [(0, width, unit) for width in (1, 2, 4)]
    heads[0xCA:0xCC] = [(4, 0, _BYTES), (8, 0, _BYTES)]  # floats
    for first in (0xCC, 0xD0):  # integers
        heads[first : first + 4] = [(count, 0, _BYTES) for count in (1, 2, 4, 8)]
    heads[0xD4:0xD9] = [(count, 0, _EXTENSION) for count in (1, 2, 4, 8, 16)]
    heads[0xDC:0xDE] = [(0, width, _ELEMENTS) for width in (2, 4)]
    heads[0xDE:0xE0] = [(0, width, _PAIRS) for width in (2, 4)]
    return tuple(heads)


_HEADS = _heads()
_UNITS = {_ELEMENTS: 1, _PAIRS: 2}


def scan(data: bytes | bytearray, caps: Caps, *, handles: bool) -> bool:
    """Check that `data` is one value within the caps; say whether it holds a tuple.

    Raises:
        WireError: MALFORMED or TOO_LARGE.
    """
    end, position, items, has_tuples = len(data), 0, 0, False
    waiting = [0]  # elements still to come, per open container around the innermost
    left, first = 1, False  # of the innermost; `first` is true at an array's first element
    while waiting:
        if left == 0:
            left = waiting.pop()
            continue
        left -= 1
        items += 1
        if items > caps.items:
            raise too_large(f"more than {caps.items} items")
        if position >= end:
            raise malformed("cut short")
        count, width, unit = _HEADS[data[position]]
        position += 1
        if width:
            count = int.from_bytes(data[position : position + width], "big")
            position += width
        if unit == _BYTES:
            position += count
        elif unit in _UNITS:
            waiting.append(left)
            left = count * _UNITS[unit]
            if left > end - position:
                raise malformed("more elements promised than bytes sent")
            if len(waiting) - 2 > caps.depth:  # the value itself has depth 0, as when it is packed
                raise too_large(f"nested deeper than {caps.depth}")
        elif unit == _EXTENSION:
            code = _checked_code(data, position, count, caps, first=first, handles=handles)
            has_tuples |= code == EXT_TUPLE
            position += 1 + count
        else:
            raise malformed("an unknown tag")
        first = unit == _ELEMENTS and left > 0
    # A position past the end is told here or at the next head: a slice past the end is only short.
    if position != end:
        raise malformed("bytes after the value")
    return has_tuples


def _checked_code(
    data: bytes | bytearray, position: int, size: int, caps: Caps, *, first: bool, handles: bool
) -> int:
    """Return an extension's code after checking that it may stand here and is not too long."""
    if position + 1 + size > len(data):
        raise malformed("cut short")
    code = data[position]
    limits = {
        EXT_TUPLE: 0,
        EXT_BIG_INT: caps.big_int_bytes,
        EXT_NUMPY: caps.frame_bytes,
        EXT_TORCH: caps.frame_bytes,
        EXT_HANDLE: 8,
    }
    if code not in limits:
        raise malformed("an unknown extension")
    if size > limits[code]:
        raise too_large(f"an extension of {size} bytes, at most {limits[code]}")
    if code == EXT_TUPLE and not first:
        raise malformed("a tuple's mark in a wrong place")
    if code == EXT_HANDLE and not handles:
        raise malformed("a handle in an answer")
    return code
