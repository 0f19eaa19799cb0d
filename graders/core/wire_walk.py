"""Visits a value once, checks it against the wire's rules and rebuilds it: packed, or as a copy."""

from __future__ import annotations

import sys
from typing import Any

from graders.core.wire_types import (
    EXT_BIG_INT,
    EXT_HANDLE,
    EXT_NUMPY,
    EXT_TORCH,
    EXT_TUPLE,
    INT_RANGE,
    Caps,
    Handle,
    WireError,
    WireFault,
    too_large,
)


def packed(value: Any, caps: Caps) -> Any:
    """Return a value as msgpack packs it.

    Raises:
        WireError: NOT_PLAIN or TOO_LARGE, with the place inside the value.
    """
    return _Packer(caps).walk(value, 0)


def copied(value: Any, caps: Caps) -> Any:
    """Return a deep copy of a value.

    Raises:
        WireError: As `packed`.
    """
    return _Copier(caps).walk(value, 0)


class _Walk:
    """Visits a value once, checks it against the rules and rebuilds it."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self.items = caps.items
        self.bytes = caps.frame_bytes

    def walk(self, value: Any, depth: int) -> Any:
        """Return the rebuilt value."""
        self._count()
        if depth > self.caps.depth:
            raise too_large(f"nested deeper than {self.caps.depth}")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is list:
            return self._elements(value, depth + 1)
        if kind is tuple:
            self._count()  # its mark is an item when it is scanned
            return self.as_tuple(self._elements(value, depth + 1))
        if kind is dict:
            return self._dict(value, depth + 1)
        return self._leaf(value, kind)

    def _leaf(self, value: Any, kind: type) -> Any:
        if kind is int:
            return self.integer(value)
        if kind is str or kind is bytes:
            return self._text(value)
        if kind is Handle:
            return self.handle(value)
        return self._array(value, kind)

    def _text(self, value: Any) -> Any:
        self.spend(len(value))
        if type(value) is str and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise _not_plain("str with a lone surrogate") from None
        return value

    def _elements(self, value: Any, depth: int) -> list[Any]:
        rebuilt = []
        for index, element in enumerate(value):
            try:
                rebuilt.append(self.walk(element, depth))
            except WireError as error:
                raise _inside(error, f"[{index}]") from None
        return rebuilt

    def _dict(self, value: dict[Any, Any], depth: int) -> dict[Any, Any]:
        rebuilt = {}
        for key, element in value.items():
            kind = type(key)
            if not (kind is str or (kind is int and key in INT_RANGE)):
                raise _not_plain(f"dict key of type {_name(kind)}")
            self._count()
            self._text(key) if kind is str else self.spend(8)
            try:
                rebuilt[key] = self.walk(element, depth)
            except WireError as error:
                raise _inside(error, f"[{key!r:.60}]") from None
        return rebuilt

    def _array(self, value: Any, kind: type) -> Any:
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        if numpy is not None and kind is numpy.ndarray:
            code = EXT_NUMPY
        elif torch is not None and kind is torch.Tensor:
            code = EXT_TORCH
        else:
            raise _not_plain(_name(kind))
        from graders.core import wire_arrays

        problem, size = wire_arrays.inspect(value, code)
        if problem:
            raise _not_plain(problem)
        self.spend(size)
        return self.array(value, code)

    def _count(self) -> None:
        self.items -= 1
        if self.items < 0:
            raise too_large(f"more than {self.caps.items} items")

    def spend(self, size: int) -> None:
        """Count bytes against the cap before they are copied."""
        self.bytes -= size
        if self.bytes < 0:
            raise too_large(f"more than {self.caps.frame_bytes} bytes")

    def integer(self, value: int) -> Any:
        """Return the rebuilt int."""
        if value.bit_length() >= self.caps.big_int_bytes * 8:
            raise too_large(f"an integer of more than {self.caps.big_int_bytes} bytes")
        return value

    def as_tuple(self, elements: list[Any]) -> Any:
        """Return the rebuilt tuple."""
        raise NotImplementedError

    def handle(self, value: Handle) -> Any:
        """Return the rebuilt handle."""
        raise NotImplementedError

    def array(self, value: Any, code: int) -> Any:
        """Return the rebuilt array or tensor."""
        raise NotImplementedError


class _Packer(_Walk):
    """Rebuilds a value as what msgpack can pack."""

    def integer(self, value: int) -> Any:
        if value in INT_RANGE:
            return value
        super().integer(value)
        return _ext(EXT_BIG_INT, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))

    def as_tuple(self, elements: list[Any]) -> Any:
        return [_ext(EXT_TUPLE, b""), *elements]

    def handle(self, value: Handle) -> Any:
        return _ext(EXT_HANDLE, value.number.to_bytes(8, "big"))

    def array(self, value: Any, code: int) -> Any:
        from graders.core import wire_arrays

        return _ext(code, wire_arrays.to_bytes(value, code))


class _Copier(_Walk):
    """Rebuilds a value as its deep copy."""

    def as_tuple(self, elements: list[Any]) -> Any:
        return (*elements,)

    def handle(self, value: Handle) -> Any:
        return value

    def array(self, value: Any, code: int) -> Any:
        if code == EXT_NUMPY:
            return value.copy()
        import torch

        return value.detach().cpu().clone(memory_format=torch.contiguous_format)


def _ext(code: int, data: bytes) -> Any:
    import msgpack

    return msgpack.ExtType(code, data)


def _not_plain(type_name: str) -> WireError:
    return WireError(WireFault.NOT_PLAIN, f"{type_name} is not plain data", type_name=type_name)


def _inside(error: WireError, segment: str) -> WireError:
    where = segment + error.where if len(error.where) < 200 else error.where
    return WireError(error.fault, error.what, where=where, type_name=error.type_name)


def _name(kind: type) -> str:
    # By type's own descriptors: a metaclass may answer anything, and its code would run here.
    module, name = (type.__dict__[key].__get__(kind) for key in ("__module__", "__qualname__"))
    return f"{module}.{name}"[:120] if type(module) is str and module != "builtins" else name[:120]
