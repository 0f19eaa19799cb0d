"""The system call filter: an allow-list, assembled here into BPF.

What is not on the list answers ENOSYS, so that libraries take their fallback for calls they do
not need; a few calls are looked at by argument:

- `clone` may not make namespaces, and `clone3`, whose flags a filter cannot read, answers ENOSYS;
- `socket` and `socketpair` know AF_UNIX only (the jail's own: no host path is visible);
- `mmap` may not make shared anonymous memory, which could be hidden from the memory watchdog;
- `ioctl` knows terminals' questions and descriptor flags, not TIOCSTI;
- `prctl` may not undo what the jail set; `prlimit64` reaches the caller only;
- `execve` answers EPERM: nothing in the jail needs a second program.

Absent, and so refused: mount and namespace calls, ptrace, process_vm_*, pidfd_*, keyctl, bpf,
io_uring, userfaultfd, perf_event_open, memfd_create, System V and POSIX queues, kexec, modules,
personality, priorities, quotas, clocks, and whatever later kernels add.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

from graders.sandbox import syscalls
from graders.sandbox.syscall_table import TABLES

_SET_MODE_FILTER = 1
_FLAG_TSYNC = 1
_KILL_PROCESS = 0x80000000
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000

_LD_ABS, _JEQ, _JSET, _RET, _AND = 0x20, 0x15, 0x45, 0x06, 0x54
_NR, _ARCH, _ARG0 = 0, 4, 16  # offsets in struct seccomp_data

_NAMESPACES = (
    syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWCGROUP
    | syscalls.CLONE_NEWUTS
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUSER
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNET
)
_AF_UNIX = 1
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# SET/GET_PDEATHSIG, GET_DUMPABLE, SET/GET_NAME, SET_VMA
_PRCTLS = (1, 2, 3, 15, 16, 0x53564D41)
_BY_ARGUMENT = ("clone", "clone3", "socket", "socketpair", "mmap", "ioctl", "prctl", "prlimit64")
_REFUSED_ALOUD = ("execve", "execveat")

_Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


def _ret(value: int) -> _Instruction:
    return (_RET, 0, 0, value)


def _argument(index: int) -> _Instruction:
    # The kernel takes these arguments as 32-bit values, so their low half is all that counts.
    return (_LD_ABS, 0, 0, _ARG0 + 8 * index)


def _when(numbers: dict[str, int], name: str, body: list[_Instruction]) -> list[_Instruction]:
    """Run `body`, which must return on every path, when the call is `name`."""
    return [(_JEQ, 0, len(body), numbers[name]), *body]


def _only(index: int, allowed: tuple[int, ...], refusal: int) -> list[_Instruction]:
    """Return ALLOW when the argument is one of `allowed`, else an error."""
    body = [_argument(index)]
    for value in allowed:
        body += [(_JEQ, 0, 1, value), _ret(_ALLOW)]
    return [*body, _ret(_ERRNO | refusal)]


def _looked_at(numbers: dict[str, int]) -> list[_Instruction]:
    shared_anonymous = 0x21
    return [
        # SECURITY: test_attack_fails[nested_userns]
        *_when(
            numbers,
            "clone",
            [_argument(0), (_JSET, 0, 1, _NAMESPACES), _ret(_ERRNO | errno.EPERM), _ret(_ALLOW)],
        ),
        *_when(numbers, "clone3", [_ret(_ERRNO | errno.ENOSYS)]),
        # SECURITY: test_attack_fails[socket_families]
        *_when(numbers, "socket", _only(0, (_AF_UNIX,), errno.EAFNOSUPPORT)),
        *_when(numbers, "socketpair", _only(0, (_AF_UNIX,), errno.EAFNOSUPPORT)),
        # SECURITY: test_attack_fails[hidden_shared_memory]
        *_when(
            numbers,
            "mmap",
            [
                _argument(3),
                (_AND, 0, 0, shared_anonymous),
                (_JEQ, 0, 1, shared_anonymous),
                _ret(_ERRNO | errno.EPERM),
                _ret(_ALLOW),
            ],
        ),
        # SECURITY: test_attack_fails[tiocsti]
        *_when(numbers, "ioctl", _only(1, _IOCTLS, errno.ENOTTY)),
        *_when(numbers, "prctl", _only(0, _PRCTLS, errno.EPERM)),
        # SECURITY: test_attack_fails[prlimit_others]
        *_when(numbers, "prlimit64", _only(0, (0,), errno.EPERM)),
    ]


def assemble(machine: str) -> bytes:
    """Return the filter for an architecture as an array of `struct sock_filter`.

    Raises:
        OSError: The architecture has no table.
    """
    if machine not in TABLES:
        raise OSError(errno.ENOSYS, f"seccomp: no system call table for {machine}")
    architecture, numbers = TABLES[machine]
    # SECURITY: test_filter_kills_calls_of_another_architecture
    program = [
        (_LD_ABS, 0, 0, _ARCH),
        (_JEQ, 1, 0, architecture),
        _ret(_KILL_PROCESS),
        (_LD_ABS, 0, 0, _NR),
    ]
    for name, value in numbers.items():
        if name not in _BY_ARGUMENT and name not in _REFUSED_ALOUD:
            program += [(_JEQ, 0, 1, value), _ret(_ALLOW)]
    program += _looked_at(numbers)
    for name in _REFUSED_ALOUD:
        program += _when(numbers, name, [_ret(_ERRNO | errno.EPERM)])
    program.append(_ret(_ERRNO | errno.ENOSYS))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def install() -> None:
    """Filter the calling process and all its threads for good.

    Raises:
        OSError: The kernel refused the filter, or a thread could not be filtered.
    """

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    code = assemble(platform.machine())
    program = Program(len(code) // 8, code)
    stuck = syscalls.call("seccomp", _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.byref(program))
    if stuck:
        raise OSError(errno.EBUSY, f"seccomp: thread {stuck} could not be filtered")
