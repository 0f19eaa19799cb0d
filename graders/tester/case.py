"""The `case` fixture: how a hidden test says what it found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from graders.core import wire
from graders.core.records import Flag, Plain
from graders.tester.faults import CaseFailed, CaseUnscored, clean


@dataclass(slots=True)
class Findings:
    """What one run of the hidden tests found besides its cases."""

    facts: dict[str, Plain] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)


class CaseBook:
    """The `case` fixture.

    Args:
        key: Catalogue key of the case.
        findings: Where facts and flags go.
    """

    def __init__(self, key: str, findings: Findings) -> None:
        self.key = key
        self.share: Decimal | None = None
        self._findings = findings

    def require(self, condition: object, key: str, **args: Plain) -> None:
        """Fail the case with a diagnosis unless the condition holds."""
        if not condition:
            self.fail(key, **args)

    def fail(self, key: str, **args: Plain) -> NoReturn:
        """Fail the case with a diagnosis; what it earned so far stays earned."""
        raise CaseFailed(key, args)

    def unscored(self, key: str, **args: Plain) -> NoReturn:
        """Leave the case's points to a person."""
        raise CaseUnscored(key, args)

    def earn(self, share: Decimal | str | int | float) -> None:
        """Set the share of the points, 0..1, that the case has earned so far.

        Raises:
            ValueError: The share is not between 0 and 1.
        """
        exact = Decimal(str(share))
        if not (exact.is_finite() and 0 <= exact <= 1):
            raise ValueError(f"a share must be between 0 and 1, not {share!r}")
        self.share = exact.quantize(Decimal("0.0001"))

    def fact(self, name: str, value: Plain) -> None:
        """Keep a measurement that outlives the run, as JSON-like data.

        Raises:
            ValueError: The name is taken, or a number is not finite.
            TypeError: The value is not JSON-like.
        """
        if name in self._findings.facts:
            raise ValueError(f"there is already a fact {name!r}")
        self._findings.facts[name] = json.loads(json.dumps(value, allow_nan=False))

    def flag(self, key: str, **args: Plain) -> None:
        """Ask a person to look at something; it changes no score."""
        self._findings.flags.append(Flag(key, clean(args)))

    def shaped(self, value: Any, shape: Any, where: str = "") -> Any:
        """Return `value` if it has the shape, and fail the case otherwise.

        A shape is a type (``int``; ``float`` takes an int too), a one-element list (a list of
        that), a tuple (a tuple or list of just these) or a dict (a dict with at least these keys).
        """
        problem = _mismatch(value, shape, where or "")
        if problem:
            place, expected, got = problem
            self.fail("tester.shape", where=place or "→", expected=expected, got=got)
        return value


def _mismatch(value: Any, shape: Any, where: str) -> tuple[str, str, str] | None:
    """Return where, what was wanted and what was there, or None."""
    if isinstance(shape, type):
        good = type(value) is shape or (shape is float and type(value) is int)
        return None if good else (where, shape.__name__, type(value).__name__)
    if isinstance(shape, list):
        if type(value) is not list:
            return where, "list", type(value).__name__
        inside = ((f"{where}[{i}]", element, shape[0]) for i, element in enumerate(value))
    elif isinstance(shape, tuple):
        if type(value) not in {list, tuple} or len(value) != len(shape):
            return where, f"tuple({len(shape)})", type(value).__name__
        inside = (
            (f"{where}[{i}]", e, s) for i, (e, s) in enumerate(zip(value, shape, strict=True))
        )
    else:
        if type(value) is not dict:
            return where, "dict", type(value).__name__
        for name in shape:
            if name not in value:
                return where, f"key {name!r}", f"{len(value)} keys"
        inside = ((f"{where}[{name!r}]", value[name], shape[name]) for name in shape)
    return next((found for w, v, s in inside if (found := _mismatch(v, s, w))), None)


class Memo:
    """The `memo` fixture: measurements that depend on content alone.

    Args:
        get: Returns what is known under a key, or None.
        put: Keeps a value under a key.
    """

    def __init__(self, get: Callable[[str], Plain], put: Callable[[str, Plain], None]) -> None:
        self._get = get
        self._put = put

    def get_or(self, material: Plain, compute: Callable[[], Plain]) -> Plain:
        """Return the value under the key that `material` makes, computing it when unknown.

        Both the material and the value are JSON-like; a tuple comes back as a list each time.
        """
        import hashlib

        text = json.dumps(material, sort_keys=True, allow_nan=False)
        key = hashlib.sha256(text.encode()).hexdigest()
        known = self._get(key)
        if known is not None:
            return known
        value = json.loads(json.dumps(compute(), allow_nan=False))
        wire.copy_plain(value)
        self._put(key, value)
        return value
