"""The data set "summaries": the staff's part of the room, absent from students' wheels.

One-line summaries of Python objects and the documentation below them, read by `docstrings` out of
pinned wheels (`reading`), divided by package (`split`), and checked for leaks (`report`).
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graders.assets.cache import Say
from graders.assets.sources import Wheel
from graders.assets.summaries.reading import Harvest, harvest
from graders.assets.summaries.report import leakage_report, leaks_of
from graders.assets.summaries.sources import DOCUMENTED
from graders.assets.summaries.split import Item, divide, items_of, mixed
from graders.core.errors import InfraError

__all__ = ["prepare"]

LICENCES = "LICENSES.txt"
_ASKED = ("id", "name", "signature", "document")


def prepare(part: Path, say: Say) -> Mapping[str, Any]:
    """Write train, public, private and test into a folder and return the manifest's facts.

    Each wheel that was read before is taken from the cache.

    Raises:
        InfraError: A wheel cannot be brought here, or the parts leak.
    """
    harvests = []
    for number, wheel in enumerate(DOCUMENTED, start=1):
        done = harvest(wheel, say)
        say(f"{wheel.requirement}: {len(done.rows)} objects ({number} of {len(DOCUMENTED)})")
        harvests.append(done)
    say("summaries: dividing into train, public and private")
    items = [item for one in harvests for item in items_of(one.wheel.package, one.rows)]
    parts = divide(items)
    say("summaries: looking for leaks between the parts")
    report = leakage_report(parts)
    if leaks := leaks_of(report):
        raise InfraError(
            f"the parts leak: {', '.join(leaks)}",
            where="summaries",
            todo="Report it: the division must not give such parts",
        )
    for name, chosen in parts.items():
        _write(part / f"{name}.jsonl", map(dataclasses.asdict, chosen))
    test = mixed([*parts["public"], *parts["private"]])
    _write(part / "test.jsonl", ({key: getattr(item, key) for key in _ASKED} for item in test))
    _write_licences(part / LICENCES, harvests)
    return {
        "packages": [_described(one) for one in DOCUMENTED],
        "counts": {name: _counted(chosen) for name, chosen in sorted(parts.items())},
        "leakage": report,
    }


def _described(wheel: Wheel) -> dict[str, str]:
    return {
        "package": wheel.package,
        "version": wheel.version,
        "licence": wheel.licence,
        "wheel_sha256": wheel.sha256,
    }


def _counted(items: Iterable[Item]) -> dict[str, Any]:
    packages = Counter(item.package for item in items)
    return {"rows": sum(packages.values()), "packages": dict(sorted(packages.items()))}


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _write_licences(path: Path, harvests: Iterable[Harvest]) -> None:
    """Write the licences together: whoever passes the texts on must pass these on too."""
    passages = (
        f"{one.wheel.package} {one.wheel.version}: {one.wheel.licence}\n\n"
        f"{one.licence_text.strip() or '(the package carries no text of its licence)'}\n"
        for one in harvests
    )
    text = f"\n{'=' * 78}\n\n".join(passages)
    path.write_text(text, encoding="utf-8", newline="\n")
