"""The request loop inside a jail, spoken to as the tester does."""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.core import wire
from graders.core.wire import Handle, WireError, WireFault
from graders.sandbox import Bind, JailSpec, Zygote

PACKAGE = {
    "__init__.py": "",
    "answers.py": """
import os, sys
class Box:
    def __init__(self, value): self.value = value
    @staticmethod
    def two(): return 2
def add(a, b=0): return a + b
def box(value): return Box(value)
def unbox(box): return box.value
def boxes(many): return [box.value for box in many]
def fail(text): raise KeyError(text)
def leave(): sys.exit(3)
def vanish(): os._exit(3)
def odd(): return {"deep": [1, Box(1)]}
def big(): return bytes(65 * 2**20)
class Rude(Exception):
    def __str__(self): raise ValueError
def rude(): raise Rude
""",
    "broken.py": "def f(:\n",
    "needs.py": "import a_library_that_is_not_there",
    "stops.py": "raise SystemExit",
}
DRIVER = "import sys\nstate = []\ndef count(x):\n    state.append(x)\n    return len(state)\n"


@pytest.fixture(scope="module")
def package(open_folder: Path) -> Path:
    folder = open_folder / "hw1"
    folder.mkdir()
    for name, text in PACKAGE.items():
        (folder / name).write_text(text)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


class Line:
    """A connection that numbers its requests."""

    def __init__(self, child) -> None:
        self.child = child
        self.sock = child.sock
        self.numbers = itertools.count(1)

    def ask(self, op: str, **rest: Any) -> Any:
        if op in {"call", "drive"}:
            rest = {"args": [], "kwargs": {}, "keep": 0, **rest}
        number = next(self.numbers)
        self.sock.settimeout(20)
        wire.send(self.sock, {"id": number, "op": op, **rest})
        answer = wire.receive(self.sock)
        assert answer.pop("id") == number
        return answer

    def call(self, target: str, *args: Any, **rest: Any) -> Any:
        return self.ask("call", target=target, args=list(args), **rest)


@pytest.fixture
def connect(zygote: Zygote, package: Path) -> Iterator[Any]:
    with contextlib.ExitStack() as stack:

        def start(**args: Any) -> Line:
            spec = JailSpec(
                binds=(Bind(package, "/submission/hw1"),), args={"package": "hw1", **args}
            )
            return Line(stack.enter_context(zygote.spawn(spec)))

        yield start


@pytest.fixture
def line(connect) -> Line:
    return connect()


def test_a_function_is_called_with_plain_data(line):
    assert line.call("answers:add", 2, kwargs={"b": 3}) == {"ok": 5}
    assert line.call("answers:Box.two") == {"ok": 2}
    assert line.call("answers:add", [1], (2,))["error"]["type"] == "TypeError"


def test_kept_objects_are_used_by_their_handles_until_they_are_dropped(line):
    assert line.call("answers:box", {"x": 1}, keep=7) == {"kept": 7}
    assert line.call("answers:unbox", Handle(7)) == {"ok": {"x": 1}}
    assert line.call("answers:boxes", [Handle(7), Handle(7)]) == {"ok": [{"x": 1}] * 2}
    assert line.ask("drop", handle=7) == {"ok": None}
    assert line.call("answers:unbox", Handle(7))["error"]["kind"] == "lost"


@pytest.mark.parametrize(
    ("target", "missing"),
    [
        ("answers:nothing", "hw1.answers:nothing"),
        ("answers:Box.nothing", "hw1.answers:Box.nothing"),
        ("nowhere:f", "hw1.nowhere"),
    ],
)
def test_what_is_missing_is_named(line, target, missing):
    error = line.call(target)["error"]
    assert (error["kind"], error["message"]) == ("missing", missing)


def test_a_missing_library_is_the_students_error_and_no_missing_module(line):
    error = line.ask("import", module="needs")["error"]
    assert (error["kind"], error["type"]) == ("raised", "ModuleNotFoundError")


def test_an_error_tells_its_type_its_text_and_the_students_own_frames(line):
    error = line.call("answers:fail", "what")["error"]
    assert (error["kind"], error["type"], error["message"]) == ("raised", "KeyError", "'what'")
    assert [step.split(" ")[1] for step in error["trace"]] == ["fail"]
    assert error["trace"][0].startswith("hw1/answers.py:")


def test_a_syntax_error_is_located(line):
    error = line.ask("import", module="broken")["error"]
    assert error["type"] == "SyntaxError"
    assert error["trace"] == ["hw1/broken.py:1"]


def test_an_exit_in_a_call_or_an_import_is_an_error_and_the_next_call_works(line):
    assert line.call("answers:leave")["error"]["type"] == "SystemExit"
    assert line.ask("import", module="stops")["error"]["type"] == "SystemExit"
    assert line.call("answers:add", 1) == {"ok": 1}


def test_an_error_whose_text_raises_is_still_told(line):
    error = line.call("answers:rude")["error"]
    assert (error["type"], error["message"]) == ("Rude", "")


def test_what_is_not_plain_is_refused_where_it_is(line):
    error = line.call("answers:odd")["error"]
    assert error["kind"] == "not_plain"
    assert error["message"] == "['deep'][1]"
    assert "Box" in error["type"]


def test_what_is_too_large_is_refused_by_its_own_side(line):
    assert line.call("answers:big")["error"]["kind"] == "too_large"
    assert line.call("answers:add", 1) == {"ok": 1}


def test_a_driver_keeps_its_state_beside_the_student(line):
    drive = {"driver": "counter", "source": DRIVER, "function": "count"}
    assert line.ask("drive", args=["a"], **drive) == {"ok": 1}
    assert line.ask("drive", args=["b"], **drive) == {"ok": 2}


def test_a_child_for_artefacts_alone_cannot_import_the_student(connect):
    line = connect(import_student=False)
    assert line.call("answers:add", 1)["error"]["kind"] == "missing"
    source = "def peek():\n    import hw1.answers\n"
    error = line.ask("drive", driver="peek", source=source, function="peek")["error"]
    assert error["type"] == "ModuleNotFoundError"


def test_two_children_share_nothing(connect):
    first, second = connect(), connect()
    assert first.call("answers:box", 1, keep=1) == {"kept": 1}
    assert second.call("answers:unbox", Handle(1))["error"]["kind"] == "lost"


def test_a_child_that_vanishes_closes_the_line(line):
    with pytest.raises(WireError) as caught:
        line.call("answers:vanish")
    assert caught.value.fault is WireFault.CLOSED
    assert line.child.wait(20).status == 3


@pytest.mark.parametrize(
    "frame", [b"\xff\xff\xff\xff", struct.pack(">I", 3) + b"\xc1\xc1\xc1", b"\x00\x00"]
)
def test_a_malformed_request_ends_the_loop_quietly(line, frame):
    assert line.call("answers:add", 1) == {"ok": 1}
    line.sock.sendall(frame)
    line.sock.shutdown(1)
    assert line.child.wait(20).cause == "exit"
    assert line.child.output() == b""


def test_arrays_cross_without_the_platforms_files(line):
    import numpy as np

    source = "def double(x):\n    return x * 2\n"
    answer = line.ask("drive", driver="d", source=source, function="double", args=[np.arange(3.0)])
    assert answer["ok"].tolist() == [0.0, 2.0, 4.0]
