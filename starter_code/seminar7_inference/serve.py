"""The endpoint: a scheduler in a thread of its own behind HTTP, with answers that stream.

Two worlds meet here. The model's loop is one thread that computes all the time; HTTP is an event
loop that waits all the time. They share nothing but two queues: requests go in through the
worker's inbox, tokens come out through `call_soon_threadsafe`. Nobody takes a lock, and the cache
has one owner.

A client that hangs up is noticed and its request cancelled: rows are too dear to talk to nobody.
Left out: keys and quotas, several models, tools, and a limit on how many may wait.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fastapi import FastAPI
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse

from .protocol import (
    ChatRequest,
    Detokenizer,
    Head,
    Tokenizer,
    chunk,
    completion,
    problem,
    sse,
    usage,
)
from .scheduler import Request, Scheduler

FAULT = "fault"  # the reason of a token that never came
Tokens = AsyncIterator[tuple[int, str]]


class Worker:
    """Runs a scheduler in a thread of its own.

    Args:
        scheduler: From now on nobody else's.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self._inbox: queue.SimpleQueue[Request | str | None] = queue.SimpleQueue()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="scheduler", daemon=True)

    def __enter__(self) -> Worker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._inbox.put(None)
        self._thread.join()

    async def tokens(self, request: Request) -> Tokens:
        """Submit a request and give its tokens as they come, each with the reason if it is last.

        Raises:
            RuntimeError: The model's thread has ended by a fault.
        """
        raise NotImplementedError("write your solution here")

    def _work(self) -> None:
        """Work until told to end; a fault is told to everybody who waits before it is raised."""
        try:
            self._serve()
        except Exception:  # this is the thread's outermost frame: nobody else could tell them
            self._ended = True
            known = [*self.scheduler.running, *self.scheduler.waiting]
            while not self._inbox.empty():
                order = self._inbox.get()
                known += [order] if isinstance(order, Request) else []
            for request in known:
                if request.on_token is not None:
                    request.on_token(0, FAULT)
            raise

    def _serve(self) -> None:
        """Take what the inbox holds, then step; wait only when there is nothing to do."""
        raise NotImplementedError("write your solution here")


def prepared(body: ChatRequest, tokenizer: Tokenizer, capacity: int) -> Request:
    """Return a request to the scheduler for a chat.

    Args:
        body: What the client asked.
        tokenizer: With the model's chat template.
        capacity: Tokens of prompt and answer that a row holds.

    Raises:
        ValueError: Prompt and answer do not fit a row.
    """
    raise NotImplementedError("write your solution here")


async def whole(head: Head, request: Request, tokens: Tokens, text: Detokenizer) -> dict[str, Any]:
    """Return the answer when it is complete."""
    raise NotImplementedError("write your solution here")


async def events(
    head: Head, request: Request, tokens: Tokens, text: Detokenizer, with_usage: bool = False
) -> AsyncIterator[str]:
    """Give the answer as events: the role, the text, the end, usage if asked, [DONE]."""
    raise NotImplementedError("write your solution here")


def create_app(worker: Worker, tokenizer: Tokenizer, name: str) -> FastAPI:
    """Return the application: GET /v1/models and POST /v1/chat/completions.

    Args:
        worker: That answers; it must run.
        tokenizer: With the model's chat template.
        name: What clients call the model.
    """
    app = FastAPI(title=name)
    started = int(time.time())

    @app.exception_handler(RequestValidationError)
    async def refuse(_: HttpRequest, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return JSONResponse(problem(f"{where}: {first['msg']}", param=where), status_code=400)

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        card = {"id": name, "object": "model", "created": started, "owned_by": "zachetka"}
        return {"object": "list", "data": [card]}

    @app.post("/v1/chat/completions", response_model=None)
    async def chat(body: ChatRequest) -> JSONResponse | StreamingResponse:
        raise NotImplementedError("write your solution here")

    return app


@contextmanager
def serve(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve the application from a thread, and give its base URL; port 0 is any free one."""
    import socket

    import uvicorn

    with socket.create_server((host, port)) as listener:
        config = uvicorn.Config(app, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{listener.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            thread.join()
