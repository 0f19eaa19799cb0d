"""The loop inside a jailed child: it answers questions about the student's code.

Untrusted side. Everything here is visible to the student's code and may be changed by it, so it
holds nothing secret and decides nothing: the tester believes no answer beyond its bytes. Only the
standard library and the wire are imported; torch and the rest come from the zygote's warm memory
or with the student's own imports. The wire is imported whole, for the platform's own files do not
exist inside a jail.

Requests are dicts ``{"id", "op", ...}`` with op ``import``, ``call``, ``drive`` or ``drop``; the
answer carries the same id and one of ``ok`` (plain data), ``kept`` or ``error``. The tester numbers
the objects that it wants kept.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from socket import socket
from typing import Any

import msgpack  # noqa: F401 - the wire imports it only when it is first used

from graders.core import wire, wire_arrays  # noqa: F401 - likewise

TRACE_LINES = 12
MESSAGE_CHARS = 300


class _MissingError(Exception):
    """The package has no such module or function."""


class _LostError(Exception):
    """The kept object went with an earlier process."""


class _Server:
    """The objects kept for the tester, and the ways to make more of them."""

    def __init__(self, package: str, root: str) -> None:
        self.package = package
        self.root = root
        self.kept: dict[int, Any] = {}
        self.drivers: dict[str, types.ModuleType] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what one request asks; whatever happens becomes an answer."""
        operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "import": self._import,
            "call": self._call,
            "drive": self._drive,
            "drop": self._drop,
        }
        try:
            return operations[request["op"]](request)
        except _MissingError as error:
            return _told("missing", str(error))
        except _LostError:
            return _told("lost", "")
        except BaseException as error:  # the jail's edge: SystemExit is a fault too
            return {"error": self._describe(error)}

    def _import(self, request: dict[str, Any]) -> dict[str, Any]:
        self._module(request["module"])
        return {"ok": None}

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        module, _, name = request["target"].partition(":")
        return self._invoke(_attribute(self._module(module), name), request)

    def _drive(self, request: dict[str, Any]) -> dict[str, Any]:
        driver = self.drivers.get(request["driver"])
        if driver is None:
            driver = self._load_driver(request["driver"], request["source"])
        return self._invoke(_attribute(driver, request["function"]), request)

    def _drop(self, request: dict[str, Any]) -> dict[str, Any]:
        self.kept.pop(request["handle"], None)
        return {"ok": None}

    def _invoke(self, function: Any, request: dict[str, Any]) -> dict[str, Any]:
        args = [self._resolve(value) for value in request["args"]]
        kwargs = {name: self._resolve(value) for name, value in request["kwargs"].items()}
        result = function(*args, **kwargs)
        if not request["keep"]:
            return {"ok": result}
        self.kept[request["keep"]] = result
        return {"kept": request["keep"]}

    def _resolve(self, value: Any) -> Any:
        """Put the kept objects in the place of their handles."""
        if type(value) is wire.Handle:
            if value.number not in self.kept:
                raise _LostError
            return self.kept[value.number]
        if type(value) is list or type(value) is tuple:
            return type(value)([self._resolve(element) for element in value])
        if type(value) is dict:
            return {key: self._resolve(element) for key, element in value.items()}
        return value

    def _module(self, name: str) -> types.ModuleType:
        full = f"{self.package}.{name}" if name else self.package
        try:
            return importlib.import_module(full)
        except ModuleNotFoundError as error:
            if error.name in {full, self.package}:
                raise _MissingError(full) from None
            raise

    def _load_driver(self, name: str, source: str) -> types.ModuleType:
        module = types.ModuleType(f"driver_{name}")
        sys.modules[module.__name__] = module
        exec(compile(source, f"<driver {name}>", "exec"), module.__dict__)  # noqa: S102 - the course's own code, in the jail
        self.drivers[name] = module
        return module

    def _describe(self, error: BaseException) -> dict[str, Any]:
        trace = []
        step = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            if code.co_filename.startswith(self.root):
                where = code.co_filename[len(self.root) :].lstrip("/\\")
                trace.append(f"{where}:{step.tb_lineno} {code.co_name}"[:200])
            step = step.tb_next
        if isinstance(error, SyntaxError) and str(error.filename).startswith(self.root):
            trace.append(f"{str(error.filename)[len(self.root) :].lstrip('/')}:{error.lineno}")
        try:
            message = str(error)[:MESSAGE_CHARS]
        except BaseException:  # a student's __str__ may raise anything
            message = ""
        return {
            "kind": "raised",
            "type": type(error).__name__[:80],
            "message": message.encode("utf-8", "replace").decode(),
            "trace": trace[-TRACE_LINES:],
        }


def _told(kind: str, message: str, type_name: str = "") -> dict[str, Any]:
    message = message[:MESSAGE_CHARS].encode("utf-8", "replace").decode()
    return {"error": {"kind": kind, "type": type_name, "message": message, "trace": []}}


def _attribute(module: types.ModuleType, path: str) -> Any:
    found: Any = module
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise _MissingError(f"{module.__name__}:{path}") from None
    return found


def serve(sock: socket, args: Mapping[str, Any]) -> None:
    """Answer requests until the other end closes the connection.

    Args:
        sock: The connection to the tester.
        args: ``package`` (the student's), ``root`` (the folder that holds it, by default
            ``/submission``) and ``import_student`` (False makes the package unimportable, for
            children that must run the course's code alone).
    """
    package, root = str(args["package"]), str(args.get("root", "/submission"))
    if args.get("import_student", True):
        # Behind everything else: a student's torch.py must not stand in for torch.
        sys.path.append(str(Path(root)))
    else:
        sys.modules[package] = None  # type: ignore[assignment]  # the documented way to forbid one
    importlib.invalidate_caches()
    server = _Server(package, root)
    while True:
        try:
            request = wire.receive(sock, handles=True)
        except wire.WireError:
            return
        answer = server.answer(request)
        try:
            wire.send(sock, {"id": request["id"], **answer})
        except wire.WireError as error:
            if error.fault is wire.WireFault.CLOSED:
                return
            where = error.where.removeprefix("['ok']")  # the answer's own dict is none of theirs
            refused = _told(str(error.fault), where or error.what, error.type_name)
            wire.send(sock, {"id": request["id"], **refused})
