"""Tries the attack corpus here and writes build/attacks.json: ``python -m tools.attacks``.

As root the corpus runs twice at the same time: as root, and as an ordinary user through
tools/as_user.py. Exit status 1 when an attack succeeds with every layer on, or when the removal
of a protection lets nothing through, which would mean that nothing tests it.

The file holds ``tried`` (every attack), ``succeeded`` (those that got through the whole jail:
none), ``as`` (who graded) and ``without`` (for each protection that was removed, what got
through as either of them; ``every_layer`` takes all of the jail's layers away at once).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.attacks import corpus
from tests.attacks.world import World

ROOT = Path(__file__).resolve().parents[1]


@dataclass(slots=True)
class Findings:
    """What one identity found; `without` names what got through each removal."""

    identity: str
    tried: list[str] = field(default_factory=list)
    succeeded: list[str] = field(default_factory=list)
    without: dict[str, list[str]] = field(default_factory=dict)

    def problems(self) -> list[str]:
        """Say in what the jail, or the corpus, has failed."""
        broken = [f"as {self.identity}: {name} got through it all" for name in self.succeeded]
        idle = [
            f"as {self.identity}: nothing got through without {removed}"
            for removed, names in self.without.items()
            if not names
        ]
        return broken + idle


def try_all(identity: str) -> Findings:
    """Try everything as the user who runs this process."""
    findings = Findings(identity)
    with World() as world:
        for removed in ("", *corpus.REMOVED):
            through = []
            for name, harm in corpus.strike_all(world, removed):
                if not removed:
                    findings.tried.append(name)
                if harm:
                    through.append(name)
            if removed:
                findings.without[removed] = through
            else:
                findings.succeeded = through
            what = f"without {removed}" if removed else f"{len(findings.tried)} attacks"
            _say(f"as {identity}: {what}: {', '.join(through) or 'nothing'} got through")
    return findings


def merge(all_findings: list[Findings]) -> dict[str, Any]:
    """Return the file's content."""
    return {
        "tried": sorted(all_findings[0].tried, key=corpus.NAMES.index),
        "succeeded": sorted({name for one in all_findings for name in one.succeeded}),
        "as": [one.identity for one in all_findings],
        "without": {
            removed: sorted({name for one in all_findings for name in one.without[removed]})
            for removed in corpus.REMOVED
        },
    }


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _start_as_user() -> subprocess.Popen[str]:
    command = [sys.executable, "tools/as_user.py", sys.executable, "-m", "tools.attacks", "--raw"]
    shown = {"AS_USER_SHOW": str(ROOT)}
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **shown}, stdout=subprocess.PIPE, text=True
    )


def _from_user(process: subprocess.Popen[str]) -> Findings:
    text, _ = process.communicate()
    if process.returncode:
        sys.exit(f"tools/attacks.py: the ordinary user's run ended with {process.returncode}")
    return Findings(**json.loads(text))


def _write(out: Path, content: dict[str, Any]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    _say(f"{len(content['tried'])} attacks tried, {len(content['succeeded'])} succeeded: {out}")


def main(arguments: list[str] | None = None) -> int:
    """Try, write and judge."""
    parser = argparse.ArgumentParser(prog="python -m tools.attacks", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "attacks.json")
    parser.add_argument("--raw", action="store_true", help="print this user's findings alone")
    options = parser.parse_args(arguments)
    if options.raw:
        sys.stdout.write(json.dumps(_plain(try_all("user"))))
        return 0
    if os.geteuid() == 0:
        with _start_as_user() as other:
            found = [try_all("root"), _from_user(other)]
    else:
        found = [try_all("user")]
    _write(options.out, merge(found))
    problems = [line for one in found for line in one.problems()]
    for line in problems:
        _say(line)
    return 1 if problems else 0


def _plain(findings: Findings) -> dict[str, Any]:
    return {name: getattr(findings, name) for name in Findings.__dataclass_fields__}


if __name__ == "__main__":
    sys.exit(main())
