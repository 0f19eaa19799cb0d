"""An entry that runs a short program of our own inside the jail: canaries, tests, benchmarks.

It is no way to run submissions: the program's messages are what it says of itself. `say` sends
one JSON line to the trusted side.
"""

from __future__ import annotations

import json
import socket
from typing import Any


def probe(sock: socket.socket, args: dict[str, Any]) -> None:
    """Run ``args["source"]`` with the names `sock`, `args` and `say`."""

    def say(value: object) -> None:
        sock.sendall(json.dumps(value).encode() + b"\n")

    code = compile(args["source"], "<probe>", "exec")
    exec(code, {"__name__": "__probe__", "sock": sock, "args": args, "say": say})  # noqa: S102
