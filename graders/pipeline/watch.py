"""How the pipeline tells what it is doing: events, which the command line draws."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Receives progress; called from the thread that runs the story."""

    def planned(self, total: int) -> None:
        """Say how many submissions will be tested."""

    def waiting(self, what: str) -> None:
        """Say what is being waited for (the model to load, a running submission)."""

    def tested(self, student: str, outcome: str) -> None:
        """Say that a student's submission has been tested."""


class Silent:
    """A watch that looks away."""

    def planned(self, total: int) -> None:
        """Ignore the plan."""

    def waiting(self, what: str) -> None:
        """Ignore the wait."""

    def tested(self, student: str, outcome: str) -> None:
        """Ignore the test."""
