"""What the re-runs found so far, kept in the competition's folder for the staff's board."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from graders.core.canonical import plain
from graders.core.errors import InfraError
from graders.core.records import Flag, Plain
from graders.pipeline.files import write_text

FILE = "reruns.json"


def read(folder: Path) -> dict[str, dict[str, Plain]]:
    """Return what was found, by team.

    Raises:
        InfraError: The file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        found: dict[str, dict[str, Plain]] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InfraError(
            f"the re-runs cannot be read ({type(error).__name__})",
            where=str(path),
            todo="Remove the file and run `zachetka competition rerun` again",
        ) from error
    return found


def keep(folder: Path, team: str, submission: int, compared: int, flags: Sequence[Flag]) -> None:
    """Keep the result of a team's re-run in place of an earlier one."""
    told = {
        "submission": submission,
        "compared": compared,
        "flags": [{"key": flag.key, "args": dict(flag.args)} for flag in flags],
    }
    found = read(folder) | {team: plain(told)}
    write_text(
        folder / FILE, json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    )


def flags_of(folder: Path) -> Mapping[str, tuple[Flag, ...]]:
    """Return the flags of the re-runs, by team; a team without a flag is left out."""
    return {
        team: tuple(Flag(one["key"], one["args"]) for one in told["flags"])
        for team, told in read(folder).items()
        if told["flags"]
    }
