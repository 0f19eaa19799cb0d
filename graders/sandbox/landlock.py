"""Landlock: the file-system, network and signal rules that the kernel keeps for a process.

The mount namespace already hides the host; Landlock is the second wall behind it. It does not
cover metadata (chmod, utime, stat) or resource use, so it is never the only one.
"""

from __future__ import annotations

import ctypes
import os
import stat

from graders.sandbox import syscalls

_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FIRST_ABI = (1 << 13) - 1
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_NET_BIND_AND_CONNECT = 3
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("fs", "net", "scoped")]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def abi() -> int:
    """Return the kernel's Landlock version, 0 when it has none."""
    try:
        return syscalls.call(
            "landlock_create_ruleset", ctypes.c_void_p(None), 0, _CREATE_RULESET_VERSION
        )
    except OSError:
        return 0


def _handled(version: int) -> _Ruleset:
    rights = _FIRST_ABI
    rights |= _REFER if version >= 2 else 0
    rights |= _TRUNCATE if version >= 3 else 0
    rights |= _IOCTL_DEV if version >= 5 else 0
    return _Ruleset(
        rights,
        _NET_BIND_AND_CONNECT if version >= 4 else 0,
        # SECURITY: test_attack_fails[kill_grader]; no signal leaves the student's own processes.
        _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0,
    )


def _allow(ruleset: int, path: str, rights: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _ON_FILES
        rule = _PathBeneath(rights, fd)
        syscalls.call("landlock_add_rule", ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(fd)


def restrict(readable: list[str], writable: list[str], devices: list[str]) -> None:
    """Restrict the calling process for good.

    Args:
        readable: Files and folders that may be read and mapped for execution.
        writable: Folders where anything but devices and programs may be made.
        devices: Device nodes that may be read and written.

    Raises:
        OSError: The kernel has no Landlock, or refused a rule.
    """
    version = abi()
    handled = _handled(version)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = syscalls.call("landlock_create_ruleset", ctypes.byref(handled), size, 0)
    try:
        for path in readable:
            _allow(ruleset, path, _EXECUTE | _READ_FILE | _READ_DIR)
        for path in writable:
            _allow(ruleset, path, handled.fs & ~(_MAKE_CHAR | _MAKE_BLOCK | _EXECUTE))
        for path in devices:
            on_device = _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV
            _allow(ruleset, path, handled.fs & on_device)
        syscalls.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)
