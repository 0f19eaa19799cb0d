"""Plain data between a trusted process and one that may lie: framing, exact types, caps.

A frame is a 4-byte big-endian length and a msgpack value. Only exact types cross
(``type(x) is ...``, so a ``str`` subclass with its own ``__eq__`` does not): None, bool, int,
float, str, bytes, list, tuple, dict with str or int keys, and arrays and tensors of ordinary
dtypes, which travel as safetensors bytes. What arrives is measured before anything is built.

Not covered: what the data mean. NaN is a float here; the tests decide what they accept.
"""

from __future__ import annotations

import socket
import time
from typing import Any

from graders.core.wire_scan import scan
from graders.core.wire_types import (
    CAPS,
    EXT_BIG_INT,
    EXT_HANDLE,
    EXT_TUPLE,
    INT_RANGE,
    Caps,
    Handle,
    WireError,
    WireFault,
    malformed,
    too_large,
)
from graders.core.wire_walk import copied, packed

__all__ = [
    "CAPS",
    "Caps",
    "Handle",
    "WireError",
    "WireFault",
    "copy_plain",
    "decode",
    "encode",
    "receive",
    "send",
]

HEADER_BYTES = 4


def encode(value: Any, caps: Caps = CAPS) -> bytes:
    """Return the msgpack bytes of a plain value.

    Raises:
        WireError: NOT_PLAIN for a type that may not cross, TOO_LARGE for a value over the caps.
    """
    import msgpack

    data: bytes = msgpack.packb(packed(value, caps), use_bin_type=True, strict_types=True)
    if len(data) > caps.frame_bytes:
        raise too_large(f"{len(data)} bytes, at most {caps.frame_bytes}")
    return data


def copy_plain(value: Any, caps: Caps = CAPS) -> Any:
    """Return a deep copy by the same rules as a trip over the wire, without bytes.

    Raises:
        WireError: As `encode`.
    """
    return copied(value, caps)


def decode(data: bytes | bytearray, caps: Caps = CAPS, *, handles: bool = False) -> Any:
    """Return the value in `data`, which is not trusted.

    Args:
        data: The body of one frame.
        caps: What it may be at most.
        handles: Whether a `Handle` may be in it.

    Raises:
        WireError: MALFORMED or TOO_LARGE.
    """
    if len(data) > caps.frame_bytes:
        raise too_large(f"{len(data)} bytes, at most {caps.frame_bytes}")
    import msgpack

    has_tuples = scan(data, caps, handles=handles)  # SECURITY: test_tiny_bytes_cannot_ask_for_much
    try:
        return msgpack.unpackb(
            data,
            strict_map_key=False,
            object_pairs_hook=_strict_dict,
            list_hook=_tuple_or_list if has_tuples else None,
            ext_hook=_ext_hook,
        )
    except WireError:
        raise
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise malformed(f"not a value: {type(error).__name__}") from None


def send(sock: socket.socket, value: Any, caps: Caps = CAPS, deadline: float | None = None) -> None:
    """Send one value; `deadline` is an instant of ``time.monotonic()``.

    Raises:
        WireError: As `encode`, and CLOSED or TIMEOUT.
    """
    data = encode(value, caps)
    _set_deadline(sock, deadline)
    try:
        sock.sendall(len(data).to_bytes(HEADER_BYTES, "big") + data)
    except TimeoutError:
        raise WireError(WireFault.TIMEOUT, "the other end does not read") from None
    except OSError as error:
        raise WireError(WireFault.CLOSED, f"the other end is gone: {error.strerror}") from None


def receive(
    sock: socket.socket, caps: Caps = CAPS, deadline: float | None = None, *, handles: bool = False
) -> Any:
    """Receive one value; `deadline` is an instant of ``time.monotonic()``.

    Raises:
        WireError: CLOSED, TIMEOUT, TOO_LARGE or MALFORMED.
    """
    size = int.from_bytes(_receive_exactly(sock, HEADER_BYTES, deadline), "big")
    if size > caps.frame_bytes:
        raise too_large(f"a frame of {size} bytes, at most {caps.frame_bytes}")
    return decode(_receive_exactly(sock, size, deadline), caps, handles=handles)


def _set_deadline(sock: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        sock.settimeout(None)
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise WireError(WireFault.TIMEOUT, "the time is over")
    sock.settimeout(left)


def _receive_exactly(sock: socket.socket, size: int, deadline: float | None) -> bytearray:
    """Receive `size` bytes, growing with what arrives rather than with what was promised."""
    data = bytearray()
    while len(data) < size:
        _set_deadline(sock, deadline)
        try:
            piece = sock.recv(min(size - len(data), 2**20))
        except TimeoutError:
            raise WireError(WireFault.TIMEOUT, "no answer in time") from None
        except OSError as error:
            raise WireError(WireFault.CLOSED, f"the other end is gone: {error.strerror}") from None
        if not piece:
            raise WireError(WireFault.CLOSED, "the other end closed the connection")
        data += piece
    return data


_MARKER = object()


def _ext_hook(code: int, data: bytes) -> Any:
    if code == EXT_TUPLE:
        return _MARKER
    if code == EXT_BIG_INT:
        return int.from_bytes(data, "big", signed=True)
    if code == EXT_HANDLE:
        return Handle(int.from_bytes(data, "big"))
    from graders.core import wire_arrays

    return wire_arrays.from_bytes(data, code)


def _tuple_or_list(elements: list[Any]) -> Any:
    return tuple(elements[1:]) if elements and elements[0] is _MARKER else elements


def _strict_dict(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    for key, _ in pairs:
        # SECURITY: hashes of longer integers collide at will, and a dict of them is quadratic
        # (test_a_long_integer_is_no_key).
        if type(key) is not str and not (type(key) is int and key in INT_RANGE):
            raise malformed("a dict key that is neither str nor a 64-bit int")
    rebuilt = dict(pairs)
    if len(rebuilt) != len(pairs):
        raise malformed("a dict with a key twice")
    return rebuilt
