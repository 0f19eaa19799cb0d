"""The jail's root file system: what is in it, and how it is mounted.

Nothing of the platform itself is shown: of the virtual environment only its installed packages,
of the base interpreter only its library folders, of the system only shared libraries. Everything
is read-only but /tmp and /dev/shm, which are of limited size and hold no programs.
"""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from graders.sandbox import syscalls as sc
from graders.sandbox.limits import Layers, Limits

STUDENT_UID = 65534
WRITABLE = ("/tmp", "/dev/shm")  # noqa: S108 - inside the jail these are its own
DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")  # no /dev/zero: it makes hidden memory
_SYSTEM = (
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
)
_ETC = {
    "passwd": f"student:x:{STUDENT_UID}:{STUDENT_UID}::/tmp:/nonexistent\n",
    "group": f"student:x:{STUDENT_UID}:\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
_SHM_MB = 64


@dataclass(frozen=True, slots=True)
class Layout:
    """What the student's root shows: (source, target) pairs, and symbolic links of the host.

    `given` are the targets that the order asked for, among those of `binds`.
    """

    binds: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    given: tuple[str, ...] = ()

    def readable(self) -> list[str]:
        """Return the paths, inside the jail, that may be read."""
        # A given bind below a folder of ours (/submission/hw1) makes that folder listable, since
        # imports list it.
        tops = ["/" + target.split("/")[1] for target in self.given]
        return sorted({*(t for _, t in self.binds), *tops, "/etc", "/proc", "/dev"})


def _python_folders() -> Iterable[str]:
    """Yield the folders that imports may touch: never a source checkout on `sys.path`."""
    for prefix in (sys.base_prefix, sys.base_exec_prefix):
        yield from (f"{prefix}/lib", f"{prefix}/lib64")
    paths = sysconfig.get_paths()
    yield from (paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"])
    # SECURITY: test_the_repository_is_not_visible; an editable install may put it on sys.path.
    yield from (p for p in sys.path if p.endswith(("/site-packages", "/dist-packages")))


def plan(binds: Iterable[tuple[str, str]]) -> Layout:
    """Work out the whole layout: Python, the system's libraries, and the given binds."""
    chosen: list[tuple[str, str]] = []
    links: list[tuple[str, str]] = []
    covered: list[str] = []
    for path in sorted({*_SYSTEM, *_python_folders()}, key=lambda p: (p.count("/"), p)):
        if not Path(path).exists() or any(path.startswith(f"{done}/") for done in covered):
            continue
        if path in _SYSTEM and Path(path).is_symlink():
            links.append((str(Path(path).readlink()), path))
            continue
        chosen.append((str(Path(path).resolve()), path))
        covered.append(path)
    given = sorted(binds, key=lambda pair: pair[1])
    return Layout((*chosen, *given), tuple(links), tuple(target for _, target in given))


@dataclass(slots=True)
class OpenLayout:
    """A layout whose sources are open as O_PATH descriptors of the jail's own mount namespace."""

    layout: Layout
    sources: list[tuple[int, str]] = field(default_factory=list)
    devices: list[tuple[int, str]] = field(default_factory=list)


def open_sources(layout: Layout) -> OpenLayout:
    """Open every source while the process still has its original user.

    Raises:
        OSError: A source cannot be reached by the user who runs the grader.
    """
    opened = OpenLayout(layout)
    for source, target in layout.binds:
        opened.sources.append((os.open(source, os.O_PATH | os.O_CLOEXEC), target))
    for device in DEVICES:
        opened.devices.append((os.open(device, os.O_PATH | os.O_CLOEXEC), device))
    return opened


def _bind(fd: int, target: str, attributes: int) -> None:
    """Bind an open source at a target below the new root, which is the working directory."""
    spot = "." + target
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        Path(spot).mkdir(mode=0o755, parents=True, exist_ok=True)
    else:
        Path(spot).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        Path(spot).touch()
    sc.mount(f"/proc/self/fd/{fd}", spot, "", sc.MS_BIND | sc.MS_REC)
    sc.restrict_mount(spot, attributes)


def _tmpfs(target: str, megabytes: int | None) -> None:
    Path(target).mkdir(parents=True, exist_ok=True)
    size = "" if megabytes is None else f"size={megabytes}m,nr_inodes={64 * megabytes},"
    flags = sc.MS_NOSUID | sc.MS_NODEV | sc.MS_NOEXEC
    sc.mount("tmpfs", target, "tmpfs", flags, f"{size}mode=700")


def build_root(opened: OpenLayout, limits: Limits, layers: Layers) -> None:
    """Build the student's root and make it the only one; runs as PID 1 of the jail.

    Raises:
        OSError: The kernel refused a step; the message names it.
    """
    old_umask = os.umask(0o022)
    sc.mount("none", "/", "", sc.MS_REC | sc.MS_PRIVATE)
    stage = "/tmp"  # noqa: S108 - any existing folder does: it is covered by a private tmpfs
    sc.mount("tmpfs", stage, "tmpfs", sc.MS_NOSUID | sc.MS_NODEV, "size=1m,mode=755")
    os.chdir(stage)
    # Before the binds: a virtual environment may itself lie below /tmp, and must stay visible.
    # SECURITY: test_attack_fails[fill_disk], test_attack_fails[fill_inodes]
    quota = layers.tmp_quota
    _tmpfs("./tmp", limits.tmp_mb if quota else None)
    _tmpfs("./dev/shm", min(_SHM_MB, limits.tmp_mb) if quota else None)
    for fd, target in opened.sources:
        # SECURITY: test_attack_fails[write_binds]
        _bind(fd, target, sc.MS_RDONLY | sc.MS_NOSUID | sc.MS_NODEV)
    for link, target in opened.layout.links:
        Path("." + target).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        Path("." + target).symlink_to(link)
    for fd, target in opened.devices:
        _bind(fd, target, sc.MS_RDONLY | sc.MS_NOSUID | sc.MS_NOEXEC)
    Path("dev/fd").symlink_to("/proc/self/fd")
    Path("etc").mkdir(exist_ok=True)
    for name, text in _ETC.items():
        Path("etc", name).write_text(text, encoding="utf-8")
    Path("proc").mkdir()
    if layers.pidns:
        hardened = sc.MS_NOSUID | sc.MS_NODEV | sc.MS_NOEXEC
        # SECURITY: test_attack_fails[signal_init]; PID 1 is not even visible.
        sc.mount("proc", "./proc", "proc", hardened, "hidepid=invisible,subset=pid")
    _enter_root()
    os.umask(old_umask)


def _enter_root() -> None:
    Path(".old").mkdir()
    sc.pivot_root(".", ".old")
    # SECURITY: test_attack_fails[host_files]; without it the host hangs at /.old.
    sc.umount_detached(".old")
    os.chdir("/")
    Path("/.old").rmdir()
    flags = sc.MS_REMOUNT | sc.MS_BIND | sc.MS_RDONLY | sc.MS_NOSUID | sc.MS_NODEV
    sc.mount("none", "/", "", flags)
