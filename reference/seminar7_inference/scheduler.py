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
        # zachetka: solution
        if self.temperature == 0:
            token = int(logits.argmax())
        else:
            token = draw(distribution(logits, self.temperature).cpu(), self.generator)
        self.tokens.append(token)
        if token == eos_id:
            self.reason = "stop"
        elif len(self.tokens) == self.max_new_tokens:
            self.reason = "length"
        if self.on_token is not None:
            self.on_token(token, self.reason)
        return token
        # zachetka: end


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
        # zachetka: solution
        if not request.prompt or request.max_new_tokens < 1:
            raise ValueError("a request needs a prompt and room for an answer")
        # The last token is answered and never read, so it takes no place.
        needed = len(request.prompt) + request.max_new_tokens - 1
        if needed > self.cache.capacity:
            raise ValueError(f"{needed} tokens do not fit a row of {self.cache.capacity}")
        self.waiting.append(request)
        # zachetka: end

    def admit(self) -> list[Request]:
        """Let the first in the queue into free rows, read their prompts together, return them.

        Each gets its first token here: reading a prompt says what follows it.
        """
        # zachetka: solution
        first = len(self.running)
        new = [self.waiting.popleft() for _ in range(min(self.rows - first, len(self.waiting)))]
        if not new:
            return []
        self.running += new
        counts = [len(request.prompt) for request in new]
        ids = torch.zeros(len(new), max(counts), dtype=torch.long)
        for row, request in zip(ids, new, strict=True):
            row[: len(request.prompt)] = torch.tensor(request.prompt)
        logits = prefill(self.model, self.cache, ids.to(self.cache.keys.device), counts, first)
        self._count(ids)
        for request, row in zip(new, logits, strict=True):
            request.take(row, self.eos_id)
        return new
        # zachetka: end

    def retire(self) -> list[Request]:
        """Take finished requests out, close the gaps that they leave, and return them."""
        # zachetka: solution
        done = [request for request in self.running if request.reason]
        # From the end, so that the row that fills a gap is never itself finished.
        for row in reversed(range(len(self.running))):
            if self.running[row].reason:
                last = len(self.running) - 1
                self.cache.crop(row, 0)
                if row != last:
                    self.cache.move(last, row)
                    self.running[row] = self.running[last]
                self.running.pop()
        return done
        # zachetka: end

    def step(self) -> list[Request]:
        """Admit, decode one token for every row that runs, retire; return who is done.

        Raises:
            RuntimeError: Nobody waits or runs.
        """
        # zachetka: solution
        if not self.busy:
            raise RuntimeError("there is nothing to do")
        self.admit()
        done = self.retire()  # an answer of one token is whole already
        if self.running:
            ids = torch.tensor([request.tokens[-1] for request in self.running])
            logits = decode(self.model, self.cache, ids.to(self.cache.keys.device))
            self._count(ids)
            for request, row in zip(self.running, logits, strict=True):
                request.take(row, self.eos_id)
            done += self.retire()
        return done
        # zachetka: end

    def cancel(self, name: str) -> bool:
        """Forget a request, wherever it is; return whether it was there."""
        # zachetka: solution
        for request in self.waiting:
            if request.name == name:
                request.reason = "cancelled"
                self.waiting.remove(request)
                return True
        for request in self.running:
            if request.name == name:
                request.reason = "cancelled"
                self.retire()
                return True
        return False
        # zachetka: end

    def run(self) -> list[Request]:
        """Step until nobody is left; return all in the order in which they were done."""
        done: list[Request] = []
        while self.busy:
            done += self.step()
        return done

    def _count(self, ids: Tensor) -> None:
        self.forwards += 1
        self.read_tokens += ids.numel()
