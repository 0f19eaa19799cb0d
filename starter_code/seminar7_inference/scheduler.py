"""Continuous batching: who is in the batch is decided anew before every token.

A static batch waits for its longest answer and lets nobody in until then. Here a finished request
leaves at once and the first in the queue takes its row (Yu et al. 2022, Orca, section 3.1). One
`step` is `admit` (read waiting prompts), one decoded token for every row, and `retire`.

The order is first come, first served, and a request is let in only when a row is free. Since each
row is as long as the longest request may be, nobody is ever thrown out in the middle; paged caches
(Kwon et al. 2023) fill memory better and pay with preemption.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .model import Llama, decode, prefill
from .speculative import distribution, draw


@dataclass
class Request:
    """One prompt and what has been answered so far.

    Args:
        name: Unique among the requests that are there.
        prompt: At least one token.
        max_new_tokens: How many to answer at most, one or more.
        temperature: 0 is greedy.
        seed: For its draws, so that an answer does not depend on who shares the batch.
        on_token: Called with each token as it comes, and with the reason if it is the last.
    """

    name: str
    prompt: list[int]
    max_new_tokens: int
    temperature: float = 0.0
    seed: int = 0
    on_token: Callable[[int, str], None] | None = None
    tokens: list[int] = field(default_factory=list)
    reason: str = ""  # "stop" or "length" once it is done, "cancelled" when nobody wants it

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.seed)

    def take(self, logits: Tensor, eos_id: int | None) -> int:
        """Choose the next token from logits (V,), keep it, and notice the end."""
        raise NotImplementedError("write your solution here")


class Scheduler:
    """Serves requests over one model and one cache.

    Row b of the cache belongs to `running[b]`, and rows in use are the first ones: a batch is a
    view of the cache, never a copy.

    Args:
        model: The weights.
        rows: Requests that run together at most.
        capacity: Tokens of prompt and answer that one request may have.
        eos_id: Ends an answer, and is its last token.
    """

    def __init__(self, model: Llama, rows: int, capacity: int, eos_id: int | None = None) -> None:
        self.model = model
        self.cache = model.cache(rows, capacity)
        self.rows = rows
        self.eos_id = eos_id
        self.waiting: deque[Request] = deque()
        self.running: list[Request] = []
        self.forwards = 0
        self.read_tokens = 0  # what the model was given, padding included

    @property
    def busy(self) -> bool:
        """Return whether anybody waits or runs."""
        return bool(self.waiting or self.running)

    def submit(self, request: Request) -> None:
        """Put a request at the end of the queue.

        Raises:
            ValueError: It can never be served: it is empty, or longer than a row.
        """
        raise NotImplementedError("write your solution here")

    def admit(self) -> list[Request]:
        """Let the first in the queue into free rows, read their prompts together, return them.

        Each gets its first token here: reading a prompt says what follows it.
        """
        raise NotImplementedError("write your solution here")

    def retire(self) -> list[Request]:
        """Take finished requests out, close the gaps that they leave, and return them."""
        raise NotImplementedError("write your solution here")

    def step(self) -> list[Request]:
        """Admit, decode one token for every row that runs, retire; return who is done.

        Raises:
            RuntimeError: Nobody waits or runs.
        """
        raise NotImplementedError("write your solution here")

    def cancel(self, name: str) -> bool:
        """Forget a request, wherever it is; return whether it was there."""
        raise NotImplementedError("write your solution here")

    def run(self) -> list[Request]:
        """Step until nobody is left; return all in the order in which they were done."""
        done: list[Request] = []
        while self.busy:
            done += self.step()
        return done

    def _count(self, ids: Tensor) -> None:
        self.forwards += 1
        self.read_tokens += ids.numel()
