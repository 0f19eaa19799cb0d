"""Each limit ends the jail and is named as the cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.sandbox import Exit, Limits

SMALL = Limits(
    wall_s=20.0,
    cpu_s=10.0,
    memory_mb=64,
    processes=8,
    file_mb=1,
    tmp_mb=2,
    output_kb=16,
    open_files=32,
)
HOLD = "import time; time.sleep(15)"


def end_of(child) -> Exit:
    end = child.wait(30)
    assert end is not None
    return end


def test_the_wall_clock_ends_a_sleeper(probe):
    assert end_of(probe(HOLD, replace(SMALL, wall_s=0.2))).cause == "wall"


def test_processor_time_ends_a_loop_with_every_signal_blocked(probe):
    source = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
while True:
    pass
"""
    assert end_of(probe(source, replace(SMALL, cpu_s=0.2))).cause == "cpu"


def test_processor_time_is_counted_over_all_processes(probe):
    source = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        while time.process_time() < 0.3:
            pass
        os._exit(0)
for _ in range(3):
    os.wait()
time.sleep(15)
"""
    assert end_of(probe(source, replace(SMALL, cpu_s=0.6))).cause == "cpu"


def test_one_allocation_beyond_the_limit_is_a_memory_error(probe, said_from):
    source = """
try:
    bytearray(128 << 20)
except MemoryError:
    say("refused")
"""
    assert said_from(probe(source, SMALL)) == "refused"


def test_memory_is_counted_over_all_processes(probe):
    source = f"""
import os
for _ in range(3):
    if os.fork() == 0:
        held = bytearray(40 << 20)
        {HOLD}
{HOLD}
"""
    assert end_of(probe(source, SMALL)).cause == "memory"


def test_memory_that_the_warm_process_shares_is_free(probe, said_from):
    source = """
held = bytearray(32 << 20)
import time
time.sleep(0.3)
say("kept")
"""
    assert said_from(probe(source, SMALL)) == "kept"


@pytest.mark.parametrize("maker", ["fork", "thread"])
def test_processes_and_threads_are_counted_together(probe, said_from, maker):
    source = f"""
import os, threading, time
made = 1
while made < 100:
    try:
        if {maker!r} == "fork":
            if os.fork() == 0:
                time.sleep(15)
        else:
            threading.Thread(target=time.sleep, args=(15,), daemon=True).start()
    except (OSError, RuntimeError):
        break
    made += 1
say(made)
"""
    assert said_from(probe(source, SMALL)) <= SMALL.processes


def test_a_file_cannot_grow_beyond_its_limit(probe, said_from):
    source = """
import errno
with open("/tmp/big", "wb", 0) as file:
    written = file.write(bytes(1 << 20))
    try:
        file.write(b"x")
    except OSError as error:
        say([written, errno.errorcode[error.errno]])
"""
    assert said_from(probe(source, SMALL)) == [1 << 20, "EFBIG"]


def test_the_work_folder_has_a_size(probe, said_from):
    source = """
import errno, itertools
for number in itertools.count():
    try:
        open(f"/tmp/{number}", "wb", 0).write(bytes(1 << 19))
    except OSError as error:
        say([number, errno.errorcode[error.errno]])
        break
"""
    # 4 files of half a megabyte are all; a short write may come before the error.
    number, name = said_from(probe(source, SMALL))
    assert number <= 5
    assert name == "ENOSPC"


def test_open_files_are_limited(probe, said_from):
    source = """
held = []
try:
    while True:
        held.append(open("/dev/null"))
except OSError:
    say(len(held))
"""
    assert said_from(probe(source, SMALL)) < SMALL.open_files


def test_output_is_cut_at_its_limit_and_ends_the_jail(probe):
    child = probe("while True: print('x' * 1000)", SMALL)
    assert end_of(child).cause == "output"
    assert len(child.output()) == SMALL.output_kb * 1024


def test_output_within_the_limit_is_kept_in_order(probe):
    child = probe("import sys\nprint('one')\nprint('two', file=sys.stderr)\nprint('three')", SMALL)
    assert end_of(child) == Exit("exit", 0)
    assert child.output() == b"one\ntwo\nthree\n"
