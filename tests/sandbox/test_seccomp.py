"""The system call filter, as the kernel runs it and as it is assembled."""

from __future__ import annotations

import platform
import struct

import pytest

from graders.sandbox import Exit, seccomp
from graders.sandbox.syscall_table import TABLES

ARM = platform.machine() == "aarch64"
CALL = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(*arguments):
    ctypes.set_errno(0)
    result = libc.syscall(*arguments)
    return "ok" if result >= 0 else errno.errorcode[ctypes.get_errno()]
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the other architecture is i386")
def test_filter_kills_calls_of_another_architecture(probe, said_from):
    # mov eax, 20 (getpid of i386); int 0x80; ret
    source = """
import ctypes, mmap
code = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
code.write(bytes.fromhex("b814000000cd80c3"))
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
say("ready")
ctypes.CFUNCTYPE(ctypes.c_int)(address)()
say("survived")
"""
    child = probe(source)
    assert said_from(child) == "ready"
    assert child.wait(20) == Exit("signal", -31)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x32 is a way into x86_64")
def test_calls_numbered_as_x32_are_not_known(probe, said_from):
    assert said_from(probe(CALL + "say(call(0x40000000 + 39))")) == "ENOSYS"


@pytest.mark.parametrize(
    ("name", "x86", "arm"),
    [
        ("ptrace", 101, 117),
        ("bpf", 321, 280),
        ("io_uring_setup", 425, 425),
        ("userfaultfd", 323, 282),
        ("unshare", 272, 97),
        ("setns", 308, 268),
        ("mount", 165, 40),
        ("keyctl", 250, 219),
        ("perf_event_open", 298, 241),
        ("memfd_create", 319, 279),
        ("shmget", 29, 194),
        ("pidfd_open", 434, 434),
        ("process_vm_readv", 310, 270),
        ("a call that no kernel has", 10_000, 10_000),
    ],
)
def test_what_is_not_on_the_list_answers_as_if_it_were_not_there(probe, said_from, name, x86, arm):
    number = arm if ARM else x86
    assert said_from(probe(CALL + f"say(call({number}, 0, 0, 0, 0, 0))")) == "ENOSYS", name


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("call(220 if ARM else 56, 0x10000000 | 17, 0, 0, 0, 0)", "EPERM"),  # clone(NEWUSER)
        ("call(435, 0, 88)", "ENOSYS"),  # clone3
        ("call(198 if ARM else 41, 2, 1, 0)", "EAFNOSUPPORT"),  # socket(AF_INET)
        ("call(198 if ARM else 41, 1, 1, 0)", "ok"),  # socket(AF_UNIX)
        ("call(198 if ARM else 41, 1 << 32 | 2, 1, 0)", "EAFNOSUPPORT"),
        ("call(222 if ARM else 9, 0, 4096, 3, 0x21, -1, 0)", "EPERM"),  # mmap, shared anonymous
        ("call(222 if ARM else 9, 0, 4096, 3, 0x22, -1, 0)", "ok"),  # mmap, private anonymous
        ("call(29 if ARM else 16, 0, 0x5412, 0)", "ENOTTY"),  # ioctl(TIOCSTI)
        ("call(167 if ARM else 157, 4, 0, 0, 0, 0)", "EPERM"),  # prctl(PR_SET_DUMPABLE)
        ("call(261 if ARM else 302, 1, 7, 0, 0)", "EPERM"),  # prlimit64 of PID 1
        ("call(261 if ARM else 302, 0, 7, 0, 0)", "ok"),
        ("call(221 if ARM else 59, b'/bin/true', 0, 0)", "EPERM"),  # execve
        ("call(281 if ARM else 322, -100, b'/bin/true', 0, 0, 0)", "EPERM"),  # execveat
    ],
)
def test_some_calls_are_looked_at_by_argument(probe, said_from, expression, answer):
    assert said_from(probe(CALL + f"ARM = {ARM}\nsay({expression})")) == answer


@pytest.mark.parametrize("machine", sorted(TABLES))
def test_every_architectures_filter_is_whole(machine):
    code = seccomp.assemble(machine)
    program = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    assert 10 < len(program) < 4096
    assert program[-1] == (0x06, 0, 0, 0x00050000 | 38)  # at the end: return ENOSYS
    for at, (_, yes, no, _) in enumerate(program[:-1]):
        assert at + 1 + max(yes, no) < len(program)
    assert set(seccomp._BY_ARGUMENT + seccomp._REFUSED_ALOUD) <= set(TABLES[machine][1])


def test_an_unknown_architecture_is_refused():
    with pytest.raises(OSError, match="no system call table for sparc"):
        seccomp.assemble("sparc")
