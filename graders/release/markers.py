"""Cuts a reference solution into what a student may see and what stays with the staff.

The markers are comment lines of their own:

- ``# zachetka: solution`` … ``# zachetka: end`` hides a solution. A ``# zachetka: stub CODE``
  line inside it gives the line that stands there in the starter; without one the starter
  raises ``NotImplementedError``.
- ``# zachetka: staff`` … ``# zachetka: end`` hides a passage and leaves nothing behind.

Blocks do not nest. It does not judge whether what is left outside the markers gives a solution
away: that is the author's business, and the leak check's where the text is the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from graders.core.errors import CourseError

DEFAULT_STUB = 'raise NotImplementedError("write your solution here")'

_MARKER = re.compile(r"^(?P<indent>\s*)#\s*zachetka:\s*(?P<word>\w+)\s?(?P<rest>.*)$")
_OPENERS = ("solution", "staff")


@dataclass(frozen=True, slots=True)
class SecretLine:
    """One line of a source that no student may receive, and where it stands."""

    path: str
    line: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A source cut by its markers: the text for students and the lines kept back."""

    public: str
    secret: tuple[SecretLine, ...]


@dataclass(slots=True)
class _Block:
    """The block that is open while a source is read."""

    word: str
    indent: str
    line: int
    stub: str | None = None


def cut(text: str, path: str) -> Cut:
    """Split a marked source.

    Args:
        text: The reference source.
        path: Its name in error messages and in the secret lines.

    Raises:
        CourseError: A marker is unknown, misplaced or not closed; the line is named.
    """
    public: list[str] = []
    secret: list[SecretLine] = []
    block: _Block | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        found = _MARKER.match(line)
        if found:
            block = _step(found, block, f"{path}:{number}", number, public)
        elif block is None:
            public.append(line)
        else:
            secret.append(SecretLine(path, number, line, "solution"))
    if block is not None:
        raise CourseError(
            f"the block '# zachetka: {block.word}' is never closed",
            where=f"{path}:{block.line}",
            todo="Close it with '# zachetka: end'",
        )
    return Cut(_tidy(public), tuple(secret))


def _step(
    found: re.Match[str], block: _Block | None, where: str, number: int, public: list[str]
) -> _Block | None:
    """Return the block that is open after one marker, writing a closed block's stub."""
    word = found["word"]
    if word in _OPENERS:
        if block is not None:
            raise CourseError(
                f"'# zachetka: {word}' stands inside the block opened at line {block.line}",
                where=where,
                todo="Blocks do not nest: close the first one with '# zachetka: end'",
            )
        return _Block(word, found["indent"], number)
    if block is None or word not in ("end", "stub") or (word == "stub" and block.word == "staff"):
        raise CourseError(
            f"the marker '# zachetka: {word}' has no meaning here",
            where=where,
            todo="Use solution, stub (inside a solution), staff and end",
        )
    if word == "stub":
        block.stub = found["rest"].rstrip()
        return block
    if block.word == "solution":
        stub = DEFAULT_STUB if block.stub is None else block.stub
        public.append(f"{block.indent}{stub}".rstrip())
    return None


def _tidy(lines: list[str]) -> str:
    """Join lines, closing the gaps of more than two blank lines that a cut leaves."""
    text = "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"
    return re.sub(r"\n{4,}", "\n\n\n", text)
