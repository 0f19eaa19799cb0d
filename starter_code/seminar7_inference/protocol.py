"""What goes over the wire: the chat protocol that OpenAI's clients speak, and text out of tokens.

Only the part that a prototype needs: messages of text, one choice, a limit, a temperature, a seed
and streaming. What is not understood is refused and not ignored: a client that asks for `stop` and
does not get it would find out in its users' answers.

Streaming has one trap of its own. A token is not a piece of text: bytes of one character («ё», an
emoji) may stand in several tokens, and a word's space in the token before it. So text is cut only
where it is whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

BROKEN = "\ufffd"  # what decoding writes for bytes that are no character yet


class Tokenizer(Protocol):
    """What serving asks of a tokenizer."""

    def decode(self, token_ids: Sequence[int], *, skip_special_tokens: bool) -> str:
        """Return the text of tokens."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Return the tokens of a text."""

    def apply_chat_template(
        self, conversation: list[dict[str, str]], *, add_generation_prompt: bool, tokenize: bool
    ) -> str:
        """Return the text of a conversation."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Message(_Strict):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class StreamOptions(_Strict):
    """What else a stream should hold."""

    include_usage: bool = False


class ChatRequest(_Strict):
    """The body of POST /v1/chat/completions; defaults are OpenAI's."""

    model: str
    messages: list[Message] = Field(min_length=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)  # its newer name
    temperature: float = Field(default=1.0, ge=0, le=2)
    seed: int | None = Field(default=None, ge=0)
    n: Literal[1] = 1
    stream: bool = False
    stream_options: StreamOptions | None = None

    @property
    def limit(self) -> int | None:
        """Return how many tokens the answer may have; None is as many as fit."""
        return self.max_completion_tokens or self.max_tokens


@dataclass(frozen=True)
class Head:
    """What all parts of one answer say about it."""

    ident: str
    created: int  # seconds since 1970
    model: str


class Detokenizer:
    """Turns tokens into text as they come, and never into half a character.

    Two marks in the answer's tokens: what stands before `_told` has been given out, and decoding
    begins at `_from`, the piece before that, for some tokenizers drop the first token's space.

    Args:
        tokenizer: Whose tokens they are.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._from = 0
        self._told = 0

    def push(self, token: int) -> str:
        """Take a token and return the text that is whole now; empty when none is."""
        raise NotImplementedError("write your solution here")

    def finish(self) -> str:
        """Return what is left when no token comes any more, whole or not."""
        raise NotImplementedError("write your solution here")

    def _new(self) -> str:
        """Return the text after what was given out."""
        raise NotImplementedError("write your solution here")

    def _text(self, tokens: list[int]) -> str:
        return self._tokenizer.decode(tokens, skip_special_tokens=True)


def usage(prompt: int, answer: int) -> dict[str, int]:
    """Return the tokens that were read and written."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
    }


def completion(head: Head, text: str, reason: str, tokens: dict[str, int]) -> dict[str, Any]:
    """Return a whole answer, as JSON has it.

    Args:
        head: Of the answer.
        text: What was said.
        reason: "stop" or "length".
        tokens: As `usage` makes it.
    """
    raise NotImplementedError("write your solution here")


def chunk(head: Head, delta: dict[str, str], reason: str | None = None) -> dict[str, Any]:
    """Return a piece of a streamed answer, as JSON has it.

    Args:
        head: Of the answer: all its pieces have the same.
        delta: What is new: `{"role": ...}` in the first, `{"content": ...}`, nothing in the last.
        reason: "stop" or "length" in the last, None before.
    """
    raise NotImplementedError("write your solution here")


def sse(payload: dict[str, Any] | str) -> str:
    """Return one server-sent event: a line `data: …` and an empty line.

    A line break inside would end the event early; JSON writes it as an escape.
    """
    raise NotImplementedError("write your solution here")


def problem(message: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """Return an error as OpenAI's clients read it."""
    kind = "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
