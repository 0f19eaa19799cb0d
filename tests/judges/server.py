"""A real HTTP server in a thread that answers chat completions as a test wrote down."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """What the server sends; `promised` is a Content-Length that is not kept."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    promised: int | None = None
    hang: bool = False


Rule = Callable[[Mapping[str, Any], int], Answer]


def said(content: Any, *, usage: Any = None, finish: str = "stop", **message: Any) -> Answer:
    """A completion with this message."""
    choice = {"message": {"role": "assistant", "content": content, **message}}
    logprobs = message.pop("choice_logprobs", None)
    choice["message"].pop("choice_logprobs", None)
    choice |= {"finish_reason": finish, "logprobs": logprobs}
    counts = usage if usage is not None else {"prompt_tokens": 100, "completion_tokens": 10}
    return Answer(body=json.dumps({"choices": [choice], "usage": counts}).encode())


def failed(status: int, body: str = "{}", **headers: str) -> Answer:
    """An error."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body.encode(), {"Content-Type": "application/json", **named})


class Scripted:
    """A running server: its address, and the requests that it got."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.requests: list[Mapping[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.url = ""
        self.stop = threading.Event()
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()

    def answer(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        with self._lock:
            number = len(self.requests)
            self.requests.append(body)
            self.headers.append(headers)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            found = self.rule(body, number)
            if found.hang:
                self.stop.wait(20)
            return found
        finally:
            with self._lock:
                self._now -= 1


@contextmanager
def serving(rule: Rule) -> Iterator[Scripted]:
    """Serve on a free port of the loopback while the block runs."""
    script = Scripted(rule)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            found = script.answer(body, dict(self.headers))
            self.close_connection = found.hang or found.promised is not None
            try:
                self.send_response(found.status)
                for name, value in found.headers.items():
                    self.send_header(name, value)
                size = len(found.body) if found.promised is None else found.promised
                self.send_header("Content-Length", str(size))
                self.end_headers()
                self.wfile.write(found.body)
            except OSError:
                self.close_connection = True  # the judge has hung up

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A judge that hangs up is no fault of the server."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield script
    finally:
        script.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
