"""Canonical JSON: one text, and so one digest, for one value.

Sorted keys, no spaces, UTF-8 without escapes. A Decimal is written as a string with its value and
not its spelling (``8.50`` and ``8.5`` are one score), a datetime in UTC with "Z", a float as the
shortest text that reads back the same. NaN and infinities are refused.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from graders.core.clock import iso_utc


def plain(value: Any) -> Any:
    """Return a value as plain JSON data: what `canonical` writes, before it is text.

    Raises:
        TypeError: Something in it has no canonical form, or a key is not a string.
        ValueError: A number in it is NaN or infinite.
    """
    if value is None or isinstance(value, bool | int | str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value!r} has no canonical form")
        return value
    if isinstance(value, datetime):
        return iso_utc(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"a key must be a string, not {key!r}")
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def decimal_text(value: Decimal) -> str:
    """Return a Decimal in positional notation without trailing zeros, so that equals are equal.

    Raises:
        ValueError: It is NaN or infinite.
    """
    if not value.is_finite():
        raise ValueError(f"{value!r} has no canonical form")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of a value.

    Raises:
        TypeError: Something in it has no canonical form.
        ValueError: A number in it is NaN or infinite, or a string is not valid Unicode.
    """
    return json.dumps(
        plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()
