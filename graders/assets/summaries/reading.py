"""What one wheel has to tell: its documented objects as JSON Lines, and its licence's text."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graders.assets.cache import Say, cache_root, once
from graders.assets.sources import Wheel
from graders.assets.summaries.docstrings import Documented, documented
from graders.assets.wheels import opened

ROWS = "rows.jsonl"
LICENCE = "LICENSE.txt"
# Counted up whenever the reading changes, so that no cache answers with what an older one read.
READING = 1
_NOT_ITS_API = ("conftest", "_vendor", "vendored", "extern", "externals", "examples", "locale")


@dataclasses.dataclass(frozen=True, slots=True)
class Harvest:
    """What was read out of one wheel."""

    wheel: Wheel
    rows: tuple[Documented, ...]
    licence_text: str


def harvest(wheel: Wheel, say: Say) -> Harvest:
    """Return what a wheel tells, read once and then taken from the cache.

    Raises:
        InfraError: The wheel cannot be brought here, or is not the pinned one.
    """

    def make(part: Path) -> Mapping[str, Any]:
        with opened(wheel, part, say) as archive:
            say(f"{wheel.requirement}: reading its documentation")
            lines = [json.dumps(dataclasses.asdict(row)) for row in read(archive)]
            (part / ROWS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            (part / LICENCE).write_text(licence_of(archive), encoding="utf-8")
        return {"package": wheel.package, "version": wheel.version, "rows": len(lines)}

    folder = cache_root() / "sources" / f"docs{READING}-{wheel.sha256[:16]}"
    once(folder, make, say, room_mb=2 * wheel.size_mb)
    lines = (folder / ROWS).read_text(encoding="utf-8").splitlines()
    rows = tuple(Documented(**json.loads(line)) for line in lines)
    return Harvest(wheel, rows, (folder / LICENCE).read_text(encoding="utf-8"))


def read(archive: zipfile.ZipFile) -> Iterator[Documented]:
    """Yield the documented objects of an archive's Python sources, in the order of its names."""
    for name in sorted(archive.namelist()):
        parts = name.removesuffix(".py").split("/")
        if not name.endswith(".py") or any(map(_aside, parts)):
            continue
        source = archive.read(name).decode("utf-8", errors="replace")
        yield from documented(source, ".".join(parts).removesuffix(".__init__"))


def licence_of(archive: zipfile.ZipFile) -> str:
    """Return the text of the package's own licence; empty when the wheel carries none."""
    names = sorted(
        (name.count("/"), name)
        for name in archive.namelist()
        if ".dist-info/" in name
        and not name.endswith("/")
        and name.rpartition("/")[2].upper().startswith(("LICENSE", "LICENCE", "COPYING"))
    )
    if not names:
        return ""
    return archive.read(names[0][1]).decode("utf-8", errors="replace").replace("\r\n", "\n")


def _aside(part: str) -> bool:
    return part.startswith("test") or part in _NOT_ITS_API
