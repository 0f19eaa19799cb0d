"""Cheats that look for the expected values or bend the comparison: numbers 1 to 9."""

from __future__ import annotations

from tests.attacks.submissions import Cheat

_SEARCH = """
import gc, sys
def looks_like(value):
    return isinstance(value, str) and value.startswith("zk-hidden-")
def search(things):
    for thing in things:
        if looks_like(thing):
            return thing
        if isinstance(thing, dict):
            for value in list(thing.values()):
                if looks_like(value):
                    return value
    return ""
"""

_EQUAL = """
class Equal(KIND):
    def always(self, *others, **named):
        return self
    def yes(self, *others):
        return True
    __eq__ = __le__ = __lt__ = __ge__ = __gt__ = yes
    __sub__ = __rsub__ = __abs__ = __add__ = __mul__ = always
    __ne__ = lambda self, other: False
    __hash__ = object.__hash__
    __array_function__ = __array_ufunc__ = lambda self, *a, **k: True
    __class__ = property(lambda self: list)
"""

_PATCH_EVERYTHING = """
import builtins, contextlib, sys
def yes(*a, **k):
    return True
"""

_PLUGIN = """
import contextlib, pathlib
pathlib.Path("/tmp/@MARK@").touch()
with contextlib.suppress(ImportError):
    import pytest
    pytest.fail = lambda *a, **k: None
    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(pyfuncitem):
        return True
"""

CHEATS = [
    Cheat(
        "read_frames",
        1,
        _SEARCH
        + """
def password():
    frame = sys._getframe()
    while frame:
        found = search([frame.f_locals, frame.f_globals])
        if found:
            return found
        frame = frame.f_back
    return ""
""",
    ),
    Cheat(
        "gc_objects",
        2,
        _SEARCH
        + """
def password():
    return search(gc.get_objects()) or search(vars(m) for m in list(sys.modules.values()))
""",
    ),
    Cheat(
        "read_test_file",
        3,
        """
import glob, inspect, os, re, sys
def password():
    places = ["@ASSIGNMENT@/hidden_tests/test_toy.py", "/assignment/hidden_tests/test_toy.py"]
    places += glob.glob("/**/test_toy*", recursive=False) + glob.glob("/*/hidden_tests/*")
    places += [getattr(m, "__file__", None) or "" for m in list(sys.modules.values())
               if "test" in getattr(m, "__name__", "")]
    for place in places:
        try:
            found = re.search("zk-hidden-[0-9a-f]+", open(place).read())
        except OSError:
            continue
        if found:
            return found.group()
    return ""
""",
    ),
    Cheat(
        "always_equal",
        4,
        _EQUAL.replace("(KIND)", "")
        + "password = total = double = triple = squares = lambda *a: Equal()\n",
    ),
    Cheat(
        "always_equal_subclasses",
        4,
        _EQUAL.replace("(KIND)", "Text(str)")
        + _EQUAL.replace("(KIND)", "Float(float)")
        + _EQUAL.replace("(KIND)", "List(list)")
        + """
password = lambda: EqualText()
total = double = lambda x: EqualFloat()
squares = lambda x: EqualList()
triple = lambda x: EqualList([0] * 12)
""",
    ),
    Cheat(
        "patch_test_framework",
        5,
        _PATCH_EVERYTHING
        + """
import unittest
for name in dir(unittest.TestCase):
    if name.startswith("assert"):
        setattr(unittest.TestCase, name, yes)
builtins.AssertionError = StopIteration
builtins.abs = lambda x: 0.0
with contextlib.suppress(ImportError):
    import pytest
    pytest.fail = pytest.raises = yes
for module in list(sys.modules.values()):
    for name in ("require", "fail", "check", "compare"):
        for thing in list(vars(module).values()):
            with contextlib.suppress(Exception):
                if isinstance(thing, type) and hasattr(thing, name):
                    setattr(thing, name, yes)
""",
    ),
    Cheat(
        "ship_plugins",
        6,
        files=(
            *((name, _PLUGIN) for name in ("conftest.py", "plugin.py")),
            *((name, _PLUGIN) for name in ("sitecustomize.py", "usercustomize.py")),
            ("evil.pth", "import pathlib; pathlib.Path('/tmp/@MARK@').touch()\n"),
            ("pytest.ini", "[pytest]\naddopts = -p toy.plugin --collect-only\n"),
            ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-p toy.plugin'\n"),
        ),
    ),
    Cheat(
        "patch_comparison",
        7,
        _PATCH_EVERYTHING
        + """
for name in ("numpy", "torch", "math", "operator", "numpy.testing", "torch.testing"):
    module = sys.modules.get(name)
    for attribute in ("allclose", "isclose", "array_equal", "equal", "eq", "assert_close",
                      "assert_allclose", "assert_array_equal", "all"):
        if hasattr(module, attribute):
            setattr(module, attribute, yes)
triple = lambda x: [0.0] * 12
""",
    ),
    Cheat(
        "patch_clocks",
        8,
        """
for name in ("time", "monotonic", "perf_counter", "process_time"):
    setattr(time, name, lambda: 0.0)
    setattr(time, name + "_ns", lambda: 0)
""",
    ),
    Cheat(
        "patch_wire",
        9,
        _PATCH_EVERYTHING
        + """
import json
try:
    import msgpack
    honest = msgpack.packb
    def pack(value, *a, **k):
        if isinstance(value, dict) and "id" in value:
            value = {**value, "ok": True, "passed": True, "points": 7, "score": 7, "share": 1}
        return honest(value, *a, **k)
    msgpack.packb = msgpack.dumps = pack
except ImportError:
    pass
json_dumps = json.dumps
json.dumps = lambda value, *a, **k: json_dumps(
    {**value, "score": 7} if isinstance(value, dict) else value, *a, **k)
wire = sys.modules.get("graders.core.wire")
if wire:
    send = wire.send
    wire.send = lambda sock, value, *a: send(sock, {**value, "points": 7, "passed": True})
""",
    ),
]
