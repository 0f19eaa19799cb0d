"""Attacks on the machine's resources: numbers 24 to 29 of the catalogue."""

from __future__ import annotations

from dataclasses import replace

from tests.attacks.attack import TIGHT, Attack

_SHORT = replace(TIGHT, wall_s=0.6)
_LITTLE_CPU = replace(TIGHT, wall_s=3.0, cpu_s=0.5)

ATTACKS = [
    Attack(
        "fork_bomb",
        24,
        """
made = 1
for _ in range(3 * args["limits"]["processes"]):
    pid = attempt(os.fork)
    if pid == 0:
        bounded()
        signal.pause()
    made += pid is not None
hold()
won(made > args["limits"]["processes"] + 2)
""",
    ),
    Attack(
        "memory_bomb",
        25,
        """
held = []
with contextlib.suppress(MemoryError):
    while len(held) < 12:
        held.append(bytearray(16 << 20))
hold()
won(16 * len(held) > args["limits"]["memory_mb"] + 16)
""",
    ),
    Attack(
        "memory_by_many",
        25,
        """
reader, writer = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        bounded()
        held = bytearray(40 << 20)
        os.write(writer, b"x")
        signal.pause()
full = 0
while full < 4:
    full += len(os.read(reader, 4))
hold()
won(True)
""",
    ),
    Attack(
        "hidden_shared_memory",
        25,
        """
import mmap
def hide(megabytes):
    held = mmap.mmap(-1, megabytes << 20, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    for start in range(0, megabytes << 20, 1 << 20):
        held[start:start + (1 << 20)] = bytes(1 << 20)
        held.madvise(mmap.MADV_DONTNEED, start, 1 << 20)  # no longer resident, still taken
    return held
reader, writer = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        bounded()
        held = attempt(hide, 40)
        os.write(writer, b"x" if held else b"-")
        signal.pause()
answers = b""
while len(answers) < 4:
    answers += os.read(reader, 4)
hold()
won(answers == b"xxxx")
""",
    ),
    Attack(
        "cpu_hog",
        26,
        """
with contextlib.suppress(OSError):
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
while time.process_time() < 2:
    pass
won(True)
""",
        _LITTLE_CPU,
    ),
    Attack(
        "cpu_by_many",
        26,
        """
def burn():
    while time.process_time() < 0.6:
        pass
    os._exit(0)
for _ in range(3):
    if os.fork() == 0:
        bounded()
        burn()
for _ in range(3):
    os.wait()
won(sum(os.times()[2:4]) > 3 * args["limits"]["cpu_s"])
""",
        _LITTLE_CPU,
    ),
    Attack("big_power", 26, "10 ** 10 ** 11", _LITTLE_CPU),
    Attack(
        "hang",
        27,
        """
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
end = time.monotonic() + 2.5
while time.monotonic() < end:
    time.sleep(0.05)
won(True)
""",
        _SHORT,
    ),
    Attack(
        "daemon_survives",
        27,
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        end = time.monotonic() + 15
        while time.monotonic() < end:
            time.sleep(0.05)
    os._exit(0)
os.wait()
""",
    ),
    Attack(
        "fill_disk",
        28,
        """
written = 0
for folder in ("/tmp", "/dev/shm"):
    for number in range(12):
        file = attempt(open, f"{folder}/{args['mark']}-{number}", "wb", 0)
        written += (file and attempt(file.write, bytes(1 << 20))) or 0
won(written > (2 * args["limits"]["tmp_mb"] + 1) << 20)
""",
    ),
    Attack(
        "fill_inodes",
        28,
        """
made = 0
for number in range(3 * 64 * args["limits"]["tmp_mb"]):
    made += attempt(os.mkdir, scratch(number)) is None and os.path.exists(scratch(number))
won(made > 64 * args["limits"]["tmp_mb"])
""",
    ),
    Attack(
        "big_file",
        28,
        """
with open(scratch("big"), "wb", 0) as file:
    for _ in range(args["limits"]["file_mb"] + 1):
        attempt(file.write, bytes(1 << 20))
won(os.path.getsize(scratch("big")) > args["limits"]["file_mb"] << 20)
""",
    ),
    Attack(
        "many_files",
        28,
        """
held = []
for _ in range(2 * args["limits"]["open_files"]):
    held.append(attempt(open, "/dev/null"))
won(sum(file is not None for file in held) > args["limits"]["open_files"])
""",
    ),
    Attack(
        "endless_output",
        29,
        """
for _ in range(16):
    os.write(1, b"x" * (32 << 10))
""",
    ),
]
