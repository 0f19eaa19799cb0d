"""How a hidden test can end other than by passing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from graders.core.errors import CourseError, InfraError, StudentError
from graders.core.records import Plain

TEXT_CHARS = 300


class StudentFault(StudentError):
    """The student's code or file is at fault; the case fails with this message.

    Args:
        key: Catalogue key.
        args: Arguments of the message.
        trace: The student's own frames, for the instructor's log.
    """

    def __init__(self, key: str, args: Mapping[str, Plain], trace: tuple[str, ...] = ()) -> None:
        super().__init__(key, where=", ".join(f"{k}={v}" for k, v in args.items()))
        self.key = key
        self.message_args = clean(args)
        self.trace = trace


class CaseFailed(StudentFault):
    """The hidden test gave its own diagnosis."""


class CaseUnscored(Exception):
    """The hidden test leaves its points to a person."""

    def __init__(self, key: str, args: Mapping[str, Plain]) -> None:
        super().__init__(key)
        self.key = key
        self.message_args = clean(args)


class TesterLost(InfraError):
    """The trusted side broke: nothing can be said of the submission."""


class BadTests(CourseError):
    """The hidden tests cannot be run as they are written."""


def clean(args: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return message arguments that are short, printable plain data.

    Raises:
        TypeError: An argument is not plain; the hidden test is at fault.
    """
    return {name: _clean(value) for name, value in args.items()}


def _clean(value: Plain) -> Plain:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        shown = "".join(c if c.isprintable() or c == "\n" else "�" for c in value)
        return shown if len(shown) <= TEXT_CHARS else shown[: TEXT_CHARS - 1] + "…"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return [_clean(element) for element in value[:20]]
    raise TypeError(f"a message's argument is {type(value).__name__}, not plain data")
