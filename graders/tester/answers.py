"""What a jailed child says went wrong, as a fault of the student's code.

Whoever answers may lie: what has not exactly the agreed shape is no error report.
"""

from __future__ import annotations

from typing import Any

from graders.tester.faults import StudentFault

TRACE_LINES = 20


def told_fault(error: Any, target: str, importing: bool) -> StudentFault | None:
    """Return the fault that an answer's ``error`` reports, or None when it is no such report.

    Args:
        error: Plain data from the jail.
        target: What was asked.
        importing: Whether an import was asked for.
    """
    if not _is_report(error):
        return None
    kind, trace = error["kind"], tuple(error["trace"][:TRACE_LINES])
    if kind == "missing":
        what = "missing_module" if ":" not in error["message"] else "missing_function"
        return StudentFault(f"tester.{what}", {"name": error["message"]})
    if kind == "lost":
        return StudentFault("tester.lost", {"function": target})
    if kind in {"not_plain", "too_large"}:
        args = {"function": target, "type": error["type"], "where": place(error["message"])}
        return StudentFault(f"tester.{kind}", args)
    if error["type"] == "MemoryError" and not importing:
        return StudentFault("tester.memory", {"function": target}, trace)
    args = {
        "function": target,
        "type": error["type"],
        "message": error["message"],
        "where": trace[-1] if trace else "?",
    }
    return StudentFault("tester.import_failed" if importing else "tester.raised", args, trace)


def place(path: str) -> str:
    """Return where in an answer something is, ``['a'][1]``, or an arrow for the answer itself."""
    return path if path.startswith("[") else "→"


def _is_report(error: Any) -> bool:
    return (
        type(error) is dict
        and set(error) == {"kind", "type", "message", "trace"}
        and all(type(error[name]) is str for name in ("kind", "type", "message"))
        and type(error["trace"]) is list
        and all(type(step) is str for step in error["trace"])
    )
