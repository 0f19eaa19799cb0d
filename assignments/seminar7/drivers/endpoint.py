"""Driver: asks a student's application over ASGI, in process: no socket, the same answers.

The tokenizer is one of bytes, so that a character of four bytes is four tokens; the model is tiny
and random, and its answers are made of bytes that are set beforehand.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from collections.abc import Sequence
from typing import Any

import torch

VOCABULARY = 260
BOS, EOS = 257, 258


def _module(name: str) -> Any:
    return importlib.import_module(f"seminar7_inference.{name}")


class Bytes:
    """A tokenizer whose tokens are bytes; 257 and 258 begin and end a turn."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Return the tokens of a text; bytes 1 and 2 stand for the special ones."""
        special = {1: BOS, 2: EOS}
        ids = [special.get(byte, byte) for byte in text.encode()]
        return [BOS, *ids] if add_special_tokens else ids

    def decode(self, token_ids: Sequence[int], *, skip_special_tokens: bool) -> str:
        """Return the text of tokens, with a mark for bytes that are no character."""
        known = [int(token) for token in token_ids]
        if not skip_special_tokens:
            return "".join("<special>" if t > 255 else chr(t) for t in known)
        return bytes(token for token in known if token < 256).decode(errors="replace")

    def apply_chat_template(
        self, conversation: list[dict[str, str]], *, add_generation_prompt: bool, tokenize: bool
    ) -> str:
        """Return the text of a conversation."""
        assert not tokenize
        turns = [f"\x01{turn['role']}: {turn['content']}\x02" for turn in conversation]
        return "".join(turns) + ("\x01assistant: " if add_generation_prompt else "")


def detokenize(text: str, extra: list[int]) -> dict[str, Any]:
    """Push a text's bytes, then `extra` tokens, one by one; return the pieces and the rest."""
    own = _module("protocol").Detokenizer(Bytes())
    pieces = [own.push(token) for token in [*text.encode(), *extra]]
    return {"pieces": pieces, "rest": own.finish()}


def event(payload: Any) -> str:
    """Return the student's server-sent event."""
    return str(_module("protocol").sse(payload))


def _script(said: Sequence[int], pause_s: float = 0.0) -> Any:
    """Return a model that says these tokens, one after the other, whatever it is asked.

    The student's own engine runs; only its head is exchanged for one that counts.
    """
    from dataclasses import replace

    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=512,
    )  # fmt: skip
    model = _module("model").from_transformers(LlamaForCausalLM(config).eval())
    left = list(said)

    def head(x: torch.Tensor) -> torch.Tensor:
        time.sleep(pause_s)
        logits = torch.zeros(*x.shape[:-1], VOCABULARY)
        logits[..., left.pop(0) if left else EOS] = 60.0
        return logits

    return replace(model, head=head)


def ask(said: list[int], bodies: list[Any], capacity: int = 200) -> list[dict[str, Any]]:
    """Post bodies one after the other; return status, type and text of each answer."""
    serve, scheduler = _module("serve"), _module("scheduler")
    own = scheduler.Scheduler(_script(said), 2, capacity, EOS)

    async def post_all(app: Any) -> list[dict[str, Any]]:
        return [await asyncio.wait_for(_post(app, body), 10) for body in bodies]

    with serve.Worker(own) as worker:
        return asyncio.run(post_all(serve.create_app(worker, Bytes(), "tiny")))


async def _post(app: Any, body: Any) -> dict[str, Any]:
    """Send one request to /v1/chat/completions through ASGI."""
    path = "/v1/chat/completions"
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"host", b"tiny")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip
    sent = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if sent:
            return sent.pop()
        await asyncio.Event().wait()  # the client stays and says no more
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    await app(scope, receive, send)
    headers = dict(told[0]["headers"])
    return {
        "status": int(told[0]["status"]),
        "type": headers.get(b"content-type", b"").decode(),
        "text": b"".join(message.get("body", b"") for message in told[1:]).decode(),
        "parts": sum(bool(message.get("body")) for message in told[1:]),
    }


def hang_up(said: list[int], body: dict[str, Any], after: int) -> dict[str, Any]:
    """Stop listening after some tokens; return how many the model was made to say, at rest."""
    serve, scheduler = _module("serve"), _module("scheduler")
    own = scheduler.Scheduler(_script(said, pause_s=0.005), 1, 400, EOS)
    protocol = _module("protocol")

    async def listen(worker: Any) -> str:
        request = serve.prepared(protocol.ChatRequest(**body), Bytes(), 400)
        tokens = worker.tokens(request)
        for _ in range(after):
            await anext(tokens)
        await tokens.aclose()
        return str(request.name)

    with serve.Worker(own) as worker:
        asyncio.run(listen(worker))
        for _ in range(2000):
            if not own.busy:
                break
            time.sleep(0.01)
        return {"busy": bool(own.busy), "forwards": int(own.forwards)}
