"""One way to be asked, many ways to answer: what `run` and the bench compare.

A mode takes prompts and gives each one's tokens with the time at which they came. Every mode
answers the same prompts with the same number of tokens, greedily, and no end of answer stops it:
speed is compared on equal work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from .cache import KVCache
from .metrics import throughput, tpot, ttft
from .model import Llama, decode, prefill
from .scheduler import Request, Scheduler
from .speculative import (
    Drafter,
    LookupDrafter,
    ModelDrafter,
    Session,
    Speculation,
    speculative_generate,
)

Prompts = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Answers:
    """What a mode answered, and when: each request's arrival, and the times of its tokens."""

    tokens: list[list[int]]
    times: list[list[float]]
    arrivals: list[float]

    @property
    def start(self) -> float:
        """Return when the first request came."""
        return min(self.arrivals)

    @property
    def per_second(self) -> float:
        """Return the throughput, in tokens a second."""
        return throughput(self.arrivals, self.times)

    @property
    def first(self) -> float:
        """Return the mean TTFT, in seconds."""
        waits = map(ttft, self.arrivals, self.times)
        return sum(waits) / len(self.times)

    @property
    def gap(self) -> float:
        """Return the mean TPOT, in seconds, of answers that have one."""
        gaps = [gap for row in self.times if (gap := tpot(row)) is not None]
        return sum(gaps) / len(gaps) if gaps else 0.0

    def agreement(self, other: Answers) -> float:
        """Return the share of tokens before the first difference, over all answers."""
        same = 0
        for mine, theirs in zip(self.tokens, other.tokens, strict=True):
            for a, b in zip(mine, theirs, strict=False):
                if a != b:
                    break
                same += 1
        return same / sum(map(len, self.tokens))


@dataclass(frozen=True)
class Trial:
    """How weights of some bits did.

    Args:
        bits: Of a weight.
        model: That computes with them, as fast as it is known here.
        alone: Tokens a second, one prompt at a time.
        together: Tokens a second in a batch.
        kept: The 95 % interval of its perplexity over plain weights' one.
    """

    bits: int
    model: Llama
    alone: float
    together: float
    kept: tuple[float, float]


def best_in_a_batch(trials: Sequence[Trial]) -> Trial:
    """Return the fastest weights in a batch of those that are not shown to cost quality."""
    return max((t for t in trials if t.kept[0] <= 1), key=lambda trial: trial.together)


class _Clock:
    """A streamer for `generate`: notes when each step's tokens came."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, value: Any) -> None:
        """Note the time; the first call brings the prompt."""
        self.times.append(time.perf_counter())

    def end(self) -> None:
        """Do nothing: the last token has come already."""


def transformers_generate(model: Any, prompts: Prompts, new: int, **how: Any) -> Answers:
    """Answer by `generate` in one batch padded on the left; `how` goes to it.

    Args:
        model: A transformers model.
        prompts: Token ids.
        new: Tokens of each answer.
        how: Cache, assistant and so on.
    """
    width = max(map(len, prompts))
    pad = model.generation_config.pad_token_id or 0
    ids = torch.tensor([[pad] * (width - len(p)) + list(p) for p in prompts], device=model.device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
    clock = _Clock()
    # A streamer takes one row only; a batch's tokens come together at each step anyway.
    watch = {"streamer": clock} if len(prompts) == 1 else {"logits_processor": [_Watch(clock)]}
    start = time.perf_counter()
    with torch.inference_mode():
        out = model.generate(
            ids,
            attention_mask=mask.to(ids.device),
            max_new_tokens=new,
            min_new_tokens=new,
            do_sample=False,
            pad_token_id=pad,
            **watch,
            **how,
        )
    end = time.perf_counter()
    # The watch sees a token when the next is asked for, so the last one is the end.
    steps = [*clock.times[1:new], end] if len(prompts) > 1 else clock.times[1:]
    rows = out[:, width:].tolist()
    return Answers(rows, [steps[: len(row)] for row in rows], [start] * len(rows))


class _Watch:
    """A logits processor that changes nothing and notes when a step begins."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Note the time and give the scores back."""
        self._clock.put(None)
        return scores


def engine_batch(
    model: Llama, prompts: Prompts, new: int, kind: type[KVCache] = KVCache
) -> Answers:
    """Answer by the own engine in one static batch, with one kind of cache or another."""
    width = max(map(len, prompts))
    embed = model.embed
    cache = kind(model.shape, len(prompts), width + new, embed.dtype, embed.device)
    ids = torch.tensor([[*p, *[0] * (width - len(p))] for p in prompts], device=embed.device)
    start = time.perf_counter()
    last = prefill(model, cache, ids, [len(p) for p in prompts]).argmax(-1)
    told, times = [last.tolist()], [time.perf_counter()]
    while len(told) < new:
        last = decode(model, cache, last).argmax(-1)
        told.append(last.tolist())  # as a server would: tokens leave the device at each step
        times.append(time.perf_counter())
    rows = [list(row) for row in zip(*told, strict=True)]
    return Answers(rows, [list(times) for _ in rows], [start] * len(rows))


def engine_uncached(model: Llama, prompts: Prompts, new: int) -> Answers:
    """Answer one at a time, and read the whole text again for every token."""
    rows, times, arrivals = [], [], []
    for prompt in prompts:
        arrivals.append(time.perf_counter())
        row, seen = list(prompt), []
        for _ in range(new):
            ids = torch.tensor([row], device=model.embed.device)
            logits = prefill(model, model.cache(1, len(row)), ids, [len(row)])
            row.append(int(logits[0].argmax()))
            seen.append(time.perf_counter())
        rows.append(row[len(prompt) :])
        times.append(seen)
    return Answers(rows, times, arrivals)


def one_by_one(mode: Callable[[Prompts], Answers], prompts: Prompts) -> Answers:
    """Let a mode answer prompts one after the other; each arrives when its turn has come."""
    clock = time.perf_counter()  # runs on only while the mode works
    tokens, times, arrivals = [], [], []
    for prompt in prompts:
        answer = mode([prompt])
        tokens += answer.tokens
        arrivals.append(clock)
        times.append([clock + moment - answer.start for moment in answer.times[0]])
        clock = times[-1][-1]
    return Answers(tokens, times, arrivals)


def continuous(
    model: Llama, prompts: Prompts, limits: Sequence[int], rows: int
) -> tuple[Answers, Scheduler]:
    """Answer by the scheduler: all requests arrive at once, `rows` run together."""
    capacity = max(len(p) + n for p, n in zip(prompts, limits, strict=True))
    scheduler = Scheduler(model, rows, capacity)
    times: list[list[float]] = [[] for _ in prompts]

    def note(place: int) -> Callable[[int, str], None]:
        return lambda token, reason: times[place].append(time.perf_counter())

    requests = [
        Request(str(place), list(prompt), limit, on_token=note(place))
        for place, (prompt, limit) in enumerate(zip(prompts, limits, strict=True))
    ]
    start = time.perf_counter()
    for request in requests:
        scheduler.submit(request)
    scheduler.run()
    return Answers([r.tokens for r in requests], times, [start] * len(requests)), scheduler


def speculative(
    model: Llama, draft: Llama | None, prompts: Prompts, new: int, k: int, temperature: float = 0.0
) -> tuple[list[Speculation], float]:
    """Answer one at a time with a draft model, or with prompt lookup; return the seconds too."""
    told, seconds = [], 0.0
    for place, prompt in enumerate(prompts):
        room = len(prompt) + new + k
        target = Session(model, room)
        generator = torch.Generator().manual_seed(place)
        drafter: Drafter = LookupDrafter(len(model.embed))
        if draft is not None:
            drafter = ModelDrafter(Session(draft, room), temperature, generator)
        start = time.perf_counter()
        told.append(
            speculative_generate(
                target,
                drafter,
                prompt,
                max_new_tokens=new,
                k=k,
                temperature=temperature,
                generator=generator,
            )
        )
        seconds += time.perf_counter() - start
    return told, seconds


def first_layers(model: Llama, count: int) -> Llama:
    """Return a smaller draft that costs nothing to train: the first layers, then norm and head."""
    shape = replace(model.shape, layers=count)
    return replace(model, shape=shape, layers=model.layers[:count])
