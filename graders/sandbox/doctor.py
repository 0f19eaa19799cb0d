"""Which protection this host can give, found by trying, and how to mend what is missing.

Only tier ``strict`` writes grades. Nothing falls back by itself: a grader calls `require_strict`
and stops when the host is weaker. The module can be imported, and says what is missing, on every
system; what only Linux has is imported after the system was looked at.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from graders.core.errors import InfraError
from graders.sandbox import canaries
from graders.sandbox.syscall_table import TABLES

Tier = Literal["strict", "bwrap", "weak", "none"]

_SCOPED_LANDLOCK = 6
_OLDEST_KERNEL = (5, 13)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that keeps this host from being strict, and the administrator's exact fix."""

    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's table: what was looked at, and why it failed and what to do."""

    name: str
    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the host can give.

    Args:
        tier: ``strict`` grades; ``bwrap`` and ``weak`` say what else the host would allow.
        findings: Why it is not strict; empty when it is.
        canaries: The attacks that were tried for real.
    """

    tier: Tier
    findings: tuple[Finding, ...]
    canaries: tuple[canaries.Canary, ...] = ()

    def checks(self) -> tuple[Check, ...]:
        """Return the findings and the canaries as lines of one table."""
        host = [Check("host", False, f"{f.reason}. {f.fix}") for f in self.findings]
        tried = [
            Check(one.name, one.held, "" if one.held else "the attack got through")
            for one in self.canaries
        ]
        return (*host, *tried)

    def as_plain(self) -> dict[str, Any]:
        """Return the diagnosis as JSON-like data."""
        return asdict(self)


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _landlock() -> int:
    from graders.sandbox import landlock

    return landlock.abi()


def _platform_findings() -> Iterator[Finding]:
    if sys.platform != "linux":
        yield Finding(
            f"grading needs Linux; this is {platform.system()}",
            "Grade in a Linux virtual machine or in WSL2; checking and packing work here",
        )
        return
    if platform.machine() not in TABLES:
        yield Finding(
            f"no system call table for the {platform.machine()} architecture",
            "Grade on x86_64 or aarch64",
        )
    release = tuple(int(part) for part in platform.release().split(".")[:2] if part.isdigit())
    if release < _OLDEST_KERNEL:
        yield Finding(
            f"the kernel {platform.release()} is older than 5.13",
            "Install a newer kernel: apt install linux-image-generic-hwe, then reboot",
        )
    elif _landlock() < 1:
        yield Finding(
            "the kernel has Landlock switched off",
            "Add lsm=landlock,lockdown,yama,integrity,apparmor,bpf to the kernel's command line"
            " (GRUB_CMDLINE_LINUX), run update-grub, reboot",
        )


def _namespace_findings() -> Iterator[Finding]:
    """Explain a jail that could not be built by the switches that usually forbid it."""
    if _read("/proc/sys/user/max_user_namespaces") == "0":
        yield Finding(
            "user namespaces are switched off (user.max_user_namespaces is 0)",
            "sudo sysctl -w user.max_user_namespaces=15000",
        )
    if os.geteuid() == 0:
        return
    if _read("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        yield Finding(
            "unprivileged user namespaces are switched off",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
        )
    if _read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        python = os.path.realpath(sys.executable)
        yield Finding(
            "AppArmor forbids this Python to make user namespaces",
            f"sudo tee /etc/apparmor.d/zachetka <<< 'abi <abi/4.0>, include <tunables/global>"
            f" profile zachetka {python} flags=(unconfined) {{ userns, }}'"
            " && sudo apparmor_parser -r /etc/apparmor.d/zachetka",
        )


def _bubblewrap_works() -> bool:
    program = shutil.which("bwrap")
    if program is None:
        return False
    command = [program, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


def _weaker_tier() -> Tier:
    if sys.platform != "linux":
        return "none"
    if _bubblewrap_works():
        return "bwrap"
    return "weak" if _landlock() >= _SCOPED_LANDLOCK else "none"


def examine() -> Diagnosis:
    """Build jails, attack them, and say which tier this host has."""
    findings = list(_platform_findings())
    if findings:
        return Diagnosis(_weaker_tier(), tuple(findings))
    from graders.sandbox.zygote import Zygote

    try:
        with canaries.secret() as value, Zygote.start(preload=(), slots=1) as zygote:
            tried = canaries.run(zygote, value)
    except InfraError as error:
        findings += _namespace_findings()
        findings = findings or [
            Finding(
                error.what,
                "In a container: start it with --security-opt seccomp=unconfined"
                " --security-opt systempaths=unconfined; else grade on the host itself",
            )
        ]
        return Diagnosis(_weaker_tier(), tuple(findings))
    broken = [canary.name for canary in tried if not canary.held]
    if broken:
        reason = f"canary attacks got through: {', '.join(broken)}"
        fix = "Do not grade on this host; report the list and the kernel's version"
        return Diagnosis("none", (Finding(reason, fix),), tried)
    return Diagnosis("strict", (), tried)


def require_strict() -> Diagnosis:
    """Return the diagnosis of a strict host.

    Raises:
        InfraError: The host is weaker; the message says why and how to mend it.
    """
    diagnosis = examine()
    if diagnosis.tier != "strict":
        raise InfraError(
            "this host cannot isolate submissions: "
            + "; ".join(finding.reason for finding in diagnosis.findings),
            todo="; ".join(finding.fix for finding in diagnosis.findings),
        )
    return diagnosis
