"""What each sample student hands in: the reference with one thing done to it.

An attempt is a mapping from paths inside the submission to bytes. Every edit insists that what
it edits is there, so that a change of the reference breaks the builder and not its meaning.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

Files = dict[str, bytes]
Edit = Callable[[Files], None]


def strong(reference: Path, data: Path) -> Files:
    """Return the reference submission as `assemble.py` puts it together from code and artefacts.

    Args:
        reference: Folder of the reference; it is no package, so its script is loaded by path.
        data: Folder of the data set that the error table takes its headlines from.
    """
    spec = importlib.util.spec_from_file_location("assemble_hw1", reference / "assemble.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return dict(script.files(data))


def body(path: str, function: str, lines: str) -> Edit:
    """Return an edit that replaces the body of a top-level function, docstring included."""

    def edit(files: Files) -> None:
        source = files[path].decode()
        pattern = re.compile(
            rf"^(def {function}\(.*?\)\s*->[^\n]*:\n)(.*?)(?=^\S|\Z)", re.DOTALL | re.MULTILINE
        )
        indented = "".join(f"    {line}\n" for line in lines.splitlines())
        mended, count = pattern.subn(lambda found: found.group(1) + indented + "\n\n", source)
        if count != 1:
            raise LookupError(f"{path}: no single top-level function {function}")
        files[path] = mended.encode()

    return edit


def prepend(path: str, lines: str) -> Edit:
    """Return an edit that runs `lines` when the module is imported, before all else in it."""

    def edit(files: Files) -> None:
        source = files[path].decode()
        future = re.search(r"^from __future__ import annotations\n", source, re.MULTILINE)
        at = future.end() if future else 0
        files[path] = (source[:at] + lines + "\n" + source[at:]).encode()

    return edit


def append(path: str, text: str) -> Edit:
    """Return an edit that adds text at the end of a file."""

    def edit(files: Files) -> None:
        files[path] += text.encode()

    return edit


def adapter_from(folder: Path) -> Edit:
    """Return an edit that replaces the trained adapter by the one in `folder`."""

    def edit(files: Files) -> None:
        for path in sorted(folder.iterdir()):
            files[f"adapter/{path.name}"] = path.read_bytes()

    return edit


def claims(**changes: float) -> Edit:
    """Return an edit that changes claimed numbers."""

    def edit(files: Files) -> None:
        told = json.loads(files["claims.json"])
        unknown = changes.keys() - told.keys()
        if unknown:
            raise LookupError(f"claims.json has no {sorted(unknown)}")
        files["claims.json"] = json.dumps(told | changes, indent=2).encode()

    return edit


def predictions(rewrite: Callable[[list[str]], list[str]]) -> Edit:
    """Return an edit of the lines of predictions.jsonl."""

    def edit(files: Files) -> None:
        lines = files["predictions.jsonl"].decode().splitlines()
        files["predictions.jsonl"] = ("\n".join(rewrite(lines)) + "\n").encode()

    return edit


def nan_answers(lines: list[str]) -> list[str]:
    """Replace every tenth answer by the token NaN, which JSON does not have."""
    return list(_every_tenth(lines, lambda line: re.sub(r'"answer":\s*\d', '"answer": NaN', line)))


def foreign_ids(lines: list[str]) -> list[str]:
    """Give every tenth answer an id that the public test set does not have."""
    return list(_every_tenth(lines, lambda line: re.sub(r'"id":\s*"', '"id": "x', line)))


def _every_tenth(lines: list[str], change: Callable[[str], str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield change(line) if number % 10 == 0 else line


FORK_BOMB = """\
import os
while True:
    try:
        os.fork()
    except OSError:
        pass"""

MEMORY_BOMB = """\
hoard = []
while True:
    hoard.append(bytearray(64 * 1024 * 1024))"""

ENDLESS_LOOP = """\
while True:
    pass"""

# Looks for anything that resembles a hidden test: callers' frames, live objects, files, argv.
READER = """\
import gc
import sys

def _loot():
    found, frame = [], sys._getframe()
    while frame is not None:
        found.extend(frame.f_locals.values())
        frame = frame.f_back
    found.extend(item for item in gc.get_objects() if isinstance(item, (dict, list, set)))
    for item in found:
        expected = item.get("expected") if isinstance(item, dict) else None
        if expected is not None and "__builtins__" not in item:
            return expected
    for root in ("/submission", "/model", "/tmp", "/", "/proc"):
        import os
        for folder, _, names in os.walk(root):
            if "hidden_tests" in folder:
                return [open(os.path.join(folder, name)).read() for name in names]
            if folder.count("/") > 3:
                break
    return []
"""

ALWAYS_EQUAL = '''\
class _Yes(list):
    """Equal to whatever it is compared with."""

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = None
    __lt__ = __le__ = __gt__ = __ge__ = __eq__

    def __len__(self):
        return 1
'''
