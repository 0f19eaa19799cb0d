"""Host user ids for the jails of a grader that runs as root.

Each jail gets an id of its own, so that two submissions share nothing, not even a user's limits.
The ids lie in a range that no distribution gives to people or services.
"""

from __future__ import annotations

from pathlib import Path

_HIGH = 0x7A000000
_LOW = 61184  # systemd's range for services without a user, inside the first 65536


def first_uid() -> int:
    """Return the first id of the range that this user namespace can map."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        start, _, length = map(int, line.split())
        if start <= _HIGH < start + length - 4096:
            return _HIGH
    return _LOW
