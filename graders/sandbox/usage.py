"""How much a jail uses, read from /proc by the supervisor.

Memory is the sum over the jail's processes of their proportional share of anonymous and shared
memory (`smaps_rollup`), so that pages copied on write from the warm process count once they are
written, and pages that the jail's processes share count once together. Reading it walks page
tables, which took a sixth of a grading's processor time, so it is read only when all that is
resident could be too much, and a process has faulted in enough pages to matter.

Not covered: processes that live shorter than one look are seen by `RLIMIT_CPU` and the wall
clock only.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_LOOK_AGAIN = 8 << 20  # bytes of new pages after which memory is looked at again
_HUGE = 512  # a fault may bring in a huge page


@dataclass(slots=True)
class _Seen:
    """What was last read of one process."""

    cpu_s: float = 0.0
    tasks: int = 0
    now: tuple[int, int, int] = (0, 0, 0)  # faults, resident and anonymous bytes
    faults: int = -1
    resident: int = -1
    private: int = 0
    share: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """One look at a jail; memory in bytes, 0 while there cannot be too much of it."""

    cpu_s: float
    private: int
    share: int
    tasks: int


@dataclass(slots=True)
class Meter:
    """Keeps what was seen of a jail's processes, the dead ones' processor time included."""

    init: int
    processes: dict[int, _Seen] = field(default_factory=dict)
    dead_cpu_s: float = 0.0

    def look(self, enough: int) -> Usage:
        """Read every process of the jail below its PID 1.

        Args:
            enough: Bytes that the jail may have resident, shared pages included, before its
                memory is measured at all.
        """
        alive = set(_descendants(self.init))
        for pid in set(self.processes) - alive:
            self.dead_cpu_s += self.processes.pop(pid).cpu_s
        for pid in alive:
            _read(pid, self.processes.setdefault(pid, _Seen()))
        seen = self.processes.values()
        measured = sum(s.now[1] for s in seen) > enough
        if measured:
            for pid, one in self.processes.items():
                _measure(pid, one)
        return Usage(
            cpu_s=self.dead_cpu_s + sum(s.cpu_s for s in seen),
            private=sum(s.private for s in seen) if measured else 0,
            share=sum(s.share for s in seen) if measured else 0,
            tasks=sum(s.tasks for s in seen),
        )


def _read(pid: int, seen: _Seen) -> None:
    seen.tasks = 0
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()
        resident, shared = map(int, Path(f"/proc/{pid}/statm").read_text().split()[1:3])
    except (OSError, ValueError):
        return  # gone between two reads
    seen.cpu_s = max(seen.cpu_s, (int(fields[11]) + int(fields[12])) / _TICK)
    seen.now = int(fields[7]), resident * _PAGE, (resident - shared) * _PAGE
    seen.tasks = int(fields[17])


def _measure(pid: int, seen: _Seen) -> None:
    faults, _, anonymous = seen.now
    changed = abs(anonymous - seen.resident) >= _LOOK_AGAIN
    # Huge pages make one fault worth 2 MB; the faults of ordinary ones are many.
    if changed or (faults - seen.faults) * _PAGE * _HUGE >= _LOOK_AGAIN * _HUGE // 8:
        seen.faults, seen.resident = faults, anonymous
        seen.private, seen.share = _memory(pid, anonymous)


def _memory(pid: int, anonymous: int) -> tuple[int, int]:
    """Return private bytes and the proportional share; all that is resident when hidden."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return anonymous, anonymous
    values = {name: int(rest.split()[0]) << 10 for name, rest in (s.split(":", 1) for s in lines)}
    share = values.get("Pss_Anon", values["Pss"]) + values.get("Pss_Shmem", 0)
    return values["Private_Dirty"], share


def children(pid: int) -> list[int]:
    """Return the children of a process, of all its threads."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            text = Path(f"/proc/{pid}/task/{task}/children").read_text()
            found += [int(child) for child in text.split()]
    except OSError:
        pass  # gone between two reads
    return found


def _descendants(init: int) -> list[int]:
    waiting, found = children(init), []
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children(pid)
    return found


def anonymous_of(pid: int) -> int:
    """Return the anonymous resident bytes of a process."""
    resident, shared = map(int, Path(f"/proc/{pid}/statm").read_text().split()[1:3])
    return (resident - shared) * _PAGE
