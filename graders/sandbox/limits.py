"""What a jailed child may use, and which layers hold it.

`Layers` exists for the tests alone: each switch, turned off, must let some attack of the corpus
succeed, which proves that the layer and the attack are both real.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The resources of one jail, all its processes together unless said otherwise.

    Args:
        wall_s: Seconds of life, from the student's first line.
        cpu_s: Seconds of processor time.
        memory_mb: Memory beyond what the warm process already shared with the child.
        processes: Processes and threads at one time.
        file_mb: Size of one file.
        tmp_mb: Size of /tmp; /dev/shm gets as much again, but at most 64 MB.
        output_kb: Bytes written to stdout and stderr.
        open_files: Open descriptors of one process.
    """

    wall_s: float = 300.0
    cpu_s: float = 300.0
    memory_mb: int = 2048
    processes: int = 64
    file_mb: int = 128
    tmp_mb: int = 256
    output_kb: int = 1024
    open_files: int = 256


@dataclass(frozen=True, slots=True)
class Layers:
    """The jail's layers; production code always uses the default, where all are on."""

    pidns: bool = True
    netns: bool = True
    mountns: bool = True
    seccomp: bool = True
    landlock: bool = True
    rlimits: bool = True
    watchdog: bool = True
    closed_fds: bool = True
    clean_environment: bool = True
    tmp_quota: bool = True
