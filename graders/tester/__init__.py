"""Hidden tests: trusted processes that ask a student's process questions.

The names below are imported when they are first used: a student's `zachetka check` imports
`graders.tester.local` on systems where the warm process cannot exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graders.tester.job import ChildEnd, JailedChild, Services, Settings, TestJob
    from graders.tester.process import Tester

_HOMES = {
    "ChildEnd": "job",
    "JailedChild": "job",
    "Services": "job",
    "Settings": "job",
    "TestJob": "job",
    "Tester": "process",
}

__all__ = ["ChildEnd", "JailedChild", "Services", "Settings", "TestJob", "Tester"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
