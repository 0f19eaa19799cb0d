"""Run a command as an ordinary user: ``python tools/as_user.py COMMAND ...`` (as root).

The interpreter may live where others may not look, such as root's home. In a private mount
namespace such a folder is covered by an empty one that shows nothing but the interpreter, so that
the user sees a machine whose Python is installed for all. Nothing on the host changes.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from graders.sandbox import syscalls as sc

USER_ID = 64123


def _closed_to_others(path: Path) -> Path | None:
    """Return the topmost folder above `path` that others may not enter."""
    for parent in reversed(path.parents):
        if not parent.stat().st_mode & stat.S_IXOTH:
            return parent
    return None


def _open_up(paths: list[Path]) -> None:
    """Cover closed folders by ones that show the given paths only."""
    sc.unshare(sc.CLONE_NEWNS)
    sc.mount("none", "/", "", sc.MS_REC | sc.MS_PRIVATE)
    wanted = [(path, _closed_to_others(path)) for path in paths if path.exists()]
    opened = [(os.open(p, os.O_PATH), p, closed) for p, closed in wanted if closed is not None]
    for closed in {closed for _, _, closed in opened}:
        sc.mount("tmpfs", str(closed), "tmpfs", 0, "mode=755,size=1m")
    for fd, path, _ in opened:
        path.mkdir(parents=True, exist_ok=True)
        sc.mount(f"/proc/self/fd/{fd}", str(path), "", sc.MS_BIND | sc.MS_REC)
        os.close(fd)


def main(command: list[str]) -> None:
    """Become the user and the command; ``AS_USER_SHOW`` names further folders to keep visible."""
    if os.geteuid() != 0:
        sys.exit("tools/as_user.py: run it as root; an ordinary user needs no help to be one")
    shown = [Path(p) for p in os.environ.pop("AS_USER_SHOW", "").split(":") if p]
    here = Path.cwd()
    _open_up([Path(sys.base_prefix).resolve(), *shown])
    os.chdir(here if here.exists() else "/")  # the folder as the user sees it
    os.setgroups([])
    os.setresgid(USER_ID, USER_ID, USER_ID)
    os.setresuid(USER_ID, USER_ID, USER_ID)
    os.environ["HOME"] = "/nonexistent"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.execvp(command[0], command)  # noqa: S606 - the point of this tool


if __name__ == "__main__":
    main(sys.argv[1:])
