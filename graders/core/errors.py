"""The one exception tree, split by whose fault it is.

Every error carries what is wrong, where, and what to do, so that the command line can print
one clear message and choose the exit status without knowing the room that raised it.
"""

from __future__ import annotations


class ZachetkaError(Exception):
    """Base of every error that a user may see.

    Args:
        what: What is wrong, as one sentence without a final full stop.
        where: The file, key or object that is wrong; empty when there is none.
        todo: What the reader should do about it; empty when nothing can be done.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        """Return the whole message on one line, the same in logs and on the terminal."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}. {self.todo}" if self.todo else text


class StudentError(ZachetkaError):
    """The submitted work is at fault: it is told to the student and it costs what it costs."""

    exit_code = 5


class CourseError(ZachetkaError):
    """The instructor's configuration or command is at fault: nothing is graded until mended."""

    exit_code = 3


class InfraError(ZachetkaError):
    """The machine is at fault: the work is retried or held, and never scored 0."""

    exit_code = 4
