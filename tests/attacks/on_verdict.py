"""Cheats that forge the verdict, or earn it by what was not asked for: numbers 10 to 20."""

from __future__ import annotations

import random

from tests.attacks.submissions import Cheat

_SHADOW = """
import pathlib
pathlib.Path("/tmp/@MARK@").touch()
cheated = lambda x: x * 3
"""
_SHADOWS = ["colorsys", "graders/__init__", "graders/core/wire", "msgpack", "numpy", "torch"]


def _overfitted() -> str:
    """Return a table of the right answers for the inputs of the public seed, 0."""
    rng = random.Random("0:toy.total")
    numbers = [rng.randint(-999, 999) for _ in range(9)]
    return f"TABLE = {{{tuple(numbers)}: {sum(numbers)}}}\n"


CHEATS = [
    Cheat("exit_at_import", 10, "import os\nos._exit(0)\n"),
    Cheat(
        "exit_in_call",
        10,
        """
import os, sys
def password(): sys.exit(0)
def total(numbers): os._exit(0)
def double(x): raise SystemExit
def triple(x): raise KeyboardInterrupt
def squares(numbers): raise GeneratorExit
""",
    ),
    Cheat(
        "rewrite_at_exit",
        11,
        """
import atexit, os, sys
def rewrite():
    for fd in range(64):
        try:
            os.write(fd, b'{"score": 7, "passed": 7, "ok": true}\\n')
        except OSError:
            pass
atexit.register(rewrite)
leave = os._exit
os._exit = lambda status: (rewrite(), leave(0))
def password(): sys.exit(0)
""",
    ),
    Cheat(
        "thread_mutates",
        12,
        """
import threading
def squares(numbers):
    def tamper():
        import sys
        for _ in range(100):
            time.sleep(0.001)
            for frame in list(sys._current_frames().values()):
                while frame:
                    points = frame.f_locals.get("points")
                    if points:
                        points.update({key: 1 for key in points})
                    frame = frame.f_back
    threading.Thread(target=tamper, daemon=True).start()
    return []
""",
    ),
    Cheat(
        "daemon_overwrites",
        13,
        """
import os
def squares(numbers):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            end = time.time() + 15
            while time.time() < end:
                for fd in range(3, 16):
                    try:
                        os.write(fd, b'{"score": 7}\\n')
                    except OSError:
                        pass
                for path in ("/tmp/@MARK@", "@FILE@"):
                    try:
                        open(path, "w").write('{"score": 7}')
                    except OSError:
                        pass
                time.sleep(0.02)
        os._exit(0)
    return []
""",
    ),
    Cheat(
        "overwrite_results",
        14,
        """
import glob, os
RESULT = '{"score": 7, "raw": "7", "status": "passed"}'
places = ["@FILE@", "@DATABASE@", "@ASSIGNMENT@/hidden_tests/test_toy.py", "@BOUND@/report.json"]
places += [f"{folder}/@MARK@-results.json" for folder in ("/tmp", "/dev/shm", "/submission", ".")]
for place in [*places, "/tmp/results.json"]:
    try:
        open(place, "w").write(RESULT)
        os.chmod(place, 0o444)  # the honest results then find no room
    except OSError:
        pass
""",
    ),
    Cheat(
        "forged_bytes",
        15,
        """
import json, os, socket, struct
def forge():
    frames = [json.dumps({"score": 7, "ok": True}).encode() + b"\\n"]
    try:
        import msgpack
        for number in range(12):
            for key, value in (("ok", True), ("ok", "zk-hidden-"), ("passed", 7)):
                body = msgpack.packb({"id": number, key: value})
                frames.append(struct.pack(">I", len(body)) + body)
    except ImportError:
        pass
    for fd in range(1, 64):
        for frame in frames:
            try:
                os.write(fd, frame)
            except OSError:
                pass
forge()
""",
    ),
    Cheat(
        "shadow_modules",
        16,
        """
def triple(x):
    import colorsys
    return colorsys.cheated(x)
""",
        tuple((f"{name}.py", _SHADOW) for name in _SHADOWS),
    ),
    Cheat(
        "fake_success_output",
        17,
        """
import sys
for stream in (sys.stdout, sys.stderr):
    print("7 passed in 0.01s\\nOK\\nall tests passed\\nscore: 7/7", file=stream, flush=True)
    print('{"score": 7}', file=stream, flush=True)
""",
    ),
    Cheat(
        "uninitialised_memory",
        18,
        """
import numpy
def triple(x):
    return numpy.empty(x.shape)
def password():
    for _ in range(64):
        text = numpy.empty(1 << 16, dtype="u1").tobytes()
        at = text.find(b"zk-hidden-")
        if at >= 0:
            return text[at:at + 20].decode("latin-1")
    return ""
""",
    ),
    Cheat(
        "overfit",
        19,
        _overfitted() + "def total(numbers):\n    return TABLE.get(tuple(numbers), 0)\n",
    ),
    Cheat(
        "wrapped_library",
        20,
        """
def median(numbers):
    return __builtins__["__import__"]("stat" + "istics").median(numbers)
""",
    ),
    Cheat(
        "wrapped_library_in_a_helper",
        20,
        "from .helper import median\n",
        (("helper.py", "from statistics import median\n"),),
    ),
]
