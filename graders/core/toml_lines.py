"""TOML with the line of every key, so that an error can say where it is.

The standard library parses; a small scanner then walks the same, already valid text and notes
the line at which every key and array item begins. Numbers with a point become `TomlFloat`, which
remembers what was written, because a score must never pass through a float.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

Key = tuple[str | int, ...]

_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")
_TRIVIA = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class TomlFloat(float):
    """A number that was written with a point or an exponent."""

    written: str

    def __new__(cls, written: str) -> TomlFloat:
        """Parse a literal and keep it."""
        value = super().__new__(cls, written)
        value.written = written
        return value


class TomlSyntaxError(Exception):
    """The text is not TOML; `line` counts from 1."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """Parsed TOML and the line of every key."""

    data: dict[str, Any]
    lines: dict[Key, int]

    def line(self, key: Key) -> int:
        """Return the line of a key, or of the nearest key above it when it is not written."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


def parse(text: str) -> TomlDocument:
    """Parse TOML text.

    Raises:
        TomlSyntaxError: It is not TOML.
    """
    try:
        data = tomllib.loads(text, parse_float=TomlFloat)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        raise TomlSyntaxError(_PLACE.sub("", str(error)).strip(), line) from None
    except RecursionError:
        raise TomlSyntaxError("the values are nested too deeply", 1) from None
    except ValueError as error:  # an integer of thousands of digits
        raise TomlSyntaxError(str(error), 1) from None
    return TomlDocument(data, _Scanner(text.replace("\r\n", "\n")).document())


class _Scanner:
    """Walks valid TOML; it decides nothing but where things are."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.lines: dict[Key, int] = {}
        self.last: dict[Key, int] = {}  # index of the last item of every array of tables

    def document(self) -> dict[Key, int]:
        table: Key = ()
        while self._skip():
            if self.text.startswith("[[", self.pos):
                table = self._header(2)
            elif self.text.startswith("[", self.pos):
                table = self._header(1)
            else:
                self._pair(table)
        return self.lines

    def _header(self, brackets: int) -> Key:
        line = self._line()
        self.pos += brackets
        names = self._key()
        self.pos += brackets
        path: Key = ()
        for depth, name in enumerate(names, 1):
            path += (name,)
            if brackets == 2 and depth == len(names):
                self.last[path] = self.last.get(path, -1) + 1
            self.lines.setdefault(path, line)
            if path in self.last:
                path += (self.last[path],)
                self.lines.setdefault(path, line)
        return path

    def _pair(self, table: Key) -> None:
        line = self._line()
        path = table
        for name in self._key():
            path += (name,)
            self.lines.setdefault(path, line)
        self.pos += 1  # the equals sign
        self._value(path)

    def _key(self) -> list[str]:
        """Read a dotted key, up to the bracket or equals sign after it."""
        names = []
        while True:
            self._skip()
            found = _STRING.match(self.text, self.pos) or _BARE_KEY.match(self.text, self.pos)
            assert found, "the text was parsed before"
            self.pos = found.end()
            quoted = found[0][0] in "\"'"
            names.append(tomllib.loads(f"k = {found[0]}")["k"] if quoted else found[0])
            self._skip()
            if self.text[self.pos] != ".":
                return names
            self.pos += 1

    def _value(self, path: Key) -> None:
        self._skip()
        first = self.text[self.pos]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            found = _STRING.match(self.text, self.pos) or _SCALAR.match(self.text, self.pos)
            assert found, "the text was parsed before"
            self.pos = found.end()

    def _array(self, path: Key) -> None:
        self.pos += 1
        index = 0
        while self._skip() and self.text[self.pos] != "]":
            self.lines.setdefault((*path, index), self._line())
            self._value((*path, index))
            index += 1
            self._comma()
        self.pos += 1

    def _inline_table(self, path: Key) -> None:
        self.pos += 1
        while self._skip() and self.text[self.pos] != "}":
            self._pair(path)
            self._comma()
        self.pos += 1

    def _comma(self) -> None:
        self._skip()
        if self.text[self.pos] == ",":
            self.pos += 1

    def _skip(self) -> bool:
        """Skip blanks and comments; say whether anything is left."""
        found = _TRIVIA.match(self.text, self.pos)
        if found:
            self.pos = found.end()
        return self.pos < len(self.text)

    def _line(self) -> int:
        return self.text.count("\n", 0, self.pos) + 1
