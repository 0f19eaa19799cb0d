"""How the command line speaks: Rich for people, JSON for machines.

Everything that is printed goes through here, because names, file names and messages may come
from students: markup is never interpreted, and characters that move the cursor, colour the
terminal or turn the reading direction are shown as escapes. Rich is imported on first use.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

WIDTH_OF_A_FILE = 160  # a table that goes into a file or a pipe needs no terminal's width
_JOINERS = "\u200c\u200d"  # zero-width joiners belong to names and emoji, and move nothing
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# C0 is escaped by JSON itself; these are legal in a JSON string and not on a terminal.
_RAW_IN_JSON = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)


def clean(text: str, *, lines: bool = False) -> str:
    """Return text that cannot move the cursor or turn the reading direction of a terminal.

    Args:
        text: Anything, for example a student's name.
        lines: Whether line breaks stay.
    """
    # SECURITY: without this a file name can rewrite the instructor's screen
    # (tests/cli/test_console.py::test_a_hostile_name_reaches_no_terminal).
    return "".join(
        char if (lines and char == "\n") or _is_harmless(char) else ascii(char)[1:-1]
        for char in text
    )


def _is_harmless(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) not in _UNPRINTABLE


def say(text: str) -> None:
    """Print lines for a person to standard output."""
    _print(sys.stdout, text)


def tell(text: str) -> None:
    """Print lines about the work itself (progress, errors) to standard error."""
    _print(sys.stderr, text)


def _print(stream: IO[str], text: str) -> None:
    stream.write(clean(text, lines=True) + "\n")


def print_json(data: Any) -> None:
    """Print data for a machine: sorted keys, two spaces, UTF-8."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(data, ensure_ascii=not is_utf8, indent=2, sort_keys=True, default=str)
    sys.stdout.write(_RAW_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table.

    Args:
        title: Stands above it.
        columns: Names; one that starts with ``>`` is aligned to the right.
        rows: Cells; Rich's `Text` keeps its style, anything else is shown as its string.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(clean(title)), title_justify="left", header_style="bold")
    for name in columns:
        table.add_column(name.removeprefix(">"), justify="right" if name[:1] == ">" else "left")
    for row in rows:
        # Text, never markup: a student's name may hold square brackets.
        table.add_row(*(_cell(cell) for cell in row))
    screen(sys.stdout).print(table)


def _cell(cell: object) -> Any:
    from rich.text import Text

    if isinstance(cell, Text):
        cell.plain = clean(cell.plain, lines=True)
        return cell
    return Text(clean(str(cell), lines=True))


def screen(stream: IO[str]) -> Console:
    """Return a Rich console of a stream, which leaves broken pipes to `main`."""
    from rich.console import Console

    class Plain(Console):
        """A console that interprets no markup and hides no error."""

        def on_broken_pipe(self) -> None:
            """Let the error through: `main` decides the exit status."""
            raise BrokenPipeError

    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_FILE
    return Plain(file=stream, highlight=False, markup=False, emoji=False, width=width)


@contextmanager
def progress() -> Iterator[Progress]:
    """Yield a progress display with counts, elapsed time and an estimate of what is left.

    It is drawn on standard error, and only when that is a terminal.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    shown = Progress(
        *columns, console=screen(sys.stderr), transient=True, disable=not sys.stderr.isatty()
    )
    with shown:
        yield shown


class Bar:
    """Draws the events of grading (`graders.pipeline.watch.Watch`)."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._task = shown.add_task("testing", total=None, visible=False)
        self._done = self._total = 0

    def planned(self, total: int) -> None:
        """Start the bar."""
        self._total = total
        self._shown.update(self._task, total=total, visible=total > 0)

    def waiting(self, what: str) -> None:
        """Say what is being waited for."""
        self._line(what)

    def tested(self, student: str, outcome: str) -> None:
        """Advance the bar; an unusual end is worth a line, in a log every end is."""
        self._done += 1
        self._shown.advance(self._task)
        if self._shown.disable:
            tell(f"{self._done}/{self._total} {student}: {outcome}")
        elif outcome != "completed":
            self._line(f"{student}: {outcome}")

    def _line(self, text: str) -> None:
        if self._shown.disable:
            tell(text)
        else:
            self._shown.console.print(clean(text), markup=False)
