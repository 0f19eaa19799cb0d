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
        # zachetka: solution
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

        def tell(token: int, reason: str) -> None:
            with suppress(RuntimeError):  # the event loop is closed: nobody listens any more
                loop.call_soon_threadsafe(told.put_nowait, (token, reason))

        request.on_token = tell
        self._inbox.put(request)
        # Put first, then ask: whoever ends the thread says so first, then empties the inbox.
        if self._ended:
            raise RuntimeError("the model's thread has ended")
        reason = ""
        try:
            while not reason:
                token, reason = await told.get()
                if reason == FAULT:
                    raise RuntimeError("the model's thread has ended")
                yield token, reason
        finally:
            if not reason:  # whoever listened is gone
                self._inbox.put(request.name)
        # zachetka: end

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
        # zachetka: solution
        while True:
            while not (self._inbox.empty() and self.scheduler.busy):
                order = self._inbox.get()
                if order is None:
                    return
                if isinstance(order, Request):
                    self.scheduler.submit(order)
                else:
                    self.scheduler.cancel(order)
            self.scheduler.step()
        # zachetka: end


def prepared(body: ChatRequest, tokenizer: Tokenizer, capacity: int) -> Request:
    """Return a request to the scheduler for a chat.

    Args:
        body: What the client asked.
        tokenizer: With the model's chat template.
        capacity: Tokens of prompt and answer that a row holds.

    Raises:
        ValueError: Prompt and answer do not fit a row.
    """
    # zachetka: solution
    text = tokenizer.apply_chat_template(
        [message.model_dump() for message in body.messages],
        add_generation_prompt=True,
        tokenize=False,
    )
    # The template has written the special tokens already.
    prompt = tokenizer.encode(text, add_special_tokens=False)
    room = capacity - len(prompt) + 1  # the last token is never read
    if room < (body.limit or 1):
        raise ValueError(
            f"{len(prompt)} + {body.limit or 1} tokens, and there is room for {capacity}"
        )
    seed = body.seed if body.seed is not None else uuid.uuid4().int % 2**63
    limit = body.limit or room
    return Request(f"chatcmpl-{uuid.uuid4().hex}", prompt, limit, body.temperature, seed)
    # zachetka: end


async def whole(head: Head, request: Request, tokens: Tokens, text: Detokenizer) -> dict[str, Any]:
    """Return the answer when it is complete."""
    # zachetka: solution
    said, count, reason = "", 0, ""
    async for token, ends in tokens:
        said += text.push(token)
        count, reason = count + 1, ends
    said += text.finish()
    return completion(head, said, reason, usage(len(request.prompt), count))
    # zachetka: end


async def events(
    head: Head, request: Request, tokens: Tokens, text: Detokenizer, with_usage: bool = False
) -> AsyncIterator[str]:
    """Give the answer as events: the role, the text, the end, usage if asked, [DONE]."""
    # zachetka: solution
    yield sse(chunk(head, {"role": "assistant", "content": ""}))
    count, reason = 0, ""
    async for token, ends in tokens:
        count, reason = count + 1, ends
        if piece := text.push(token):
            yield sse(chunk(head, {"content": piece}))
    if rest := text.finish():
        yield sse(chunk(head, {"content": rest}))
    yield sse(chunk(head, {}, reason))
    if with_usage:
        yield sse({**chunk(head, {}), "choices": [], "usage": usage(len(request.prompt), count)})
    yield sse("[DONE]")
    # zachetka: end


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
        # zachetka: solution
        if body.model != name:
            said = problem(f"there is no model {body.model!r}", "model_not_found", "model")
            return JSONResponse(said, status_code=404)
        try:
            request = prepared(body, tokenizer, worker.scheduler.cache.capacity)
        except ValueError as error:
            said = problem(str(error), "context_length_exceeded", "messages")
            return JSONResponse(said, status_code=400)
        head = Head(request.name, int(time.time()), name)
        tokens, text = worker.tokens(request), Detokenizer(tokenizer)
        if not body.stream:
            return JSONResponse(await whole(head, request, tokens, text))
        with_usage = bool(body.stream_options and body.stream_options.include_usage)
        stream = events(head, request, tokens, text, with_usage)
        return StreamingResponse(stream, media_type="text/event-stream")
        # zachetka: end

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
