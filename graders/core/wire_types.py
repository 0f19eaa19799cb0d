"""What the wire's modules share: faults, caps, handles and the codes of extensions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graders.core.errors import ZachetkaError

EXT_TUPLE = 1  # an empty marker at the head of an array: nesting ext bodies would copy them
EXT_BIG_INT = 2
EXT_NUMPY = 3
EXT_TORCH = 4
EXT_HANDLE = 5
INT_RANGE = range(-(2**63), 2**64)  # what msgpack holds without an extension


class WireFault(StrEnum):
    """What went wrong between the two ends."""

    CLOSED = "closed"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    NOT_PLAIN = "not_plain"


class WireError(ZachetkaError):
    """A value could not cross.

    Args:
        fault: What went wrong.
        what: The same in words.
        where: Path inside the value, such as ``["train"][3]``.
        type_name: For NOT_PLAIN, the type that may not cross.
    """

    def __init__(
        self, fault: WireFault, what: str, *, where: str = "", type_name: str = ""
    ) -> None:
        super().__init__(what, where=where)
        self.fault = fault
        self.type_name = type_name


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that one value may be."""

    frame_bytes: int = 64 * 2**20
    items: int = 1_000_000
    depth: int = 64
    big_int_bytes: int = 1024


CAPS = Caps()


@dataclass(frozen=True, slots=True)
class Handle:
    """A name for an object that stays at the other end."""

    number: int


def malformed(what: str) -> WireError:
    """Return the error for bytes that hold no value."""
    return WireError(WireFault.MALFORMED, what)


def too_large(what: str) -> WireError:
    """Return the error for a value over the caps."""
    return WireError(WireFault.TOO_LARGE, what)
