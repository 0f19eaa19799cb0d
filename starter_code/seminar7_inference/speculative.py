"""Speculative decoding: several tokens for one reading of the weights, and not one of them changed.

A cheap drafter guesses K tokens; the target reads all of them in one forward and says, for each,
what it would have thought. Leviathan, Kalman & Matias 2023 (algorithm 1) keep a guess x ~ q with
probability min(1, p(x) / q(x)) and draw the first refused one again from norm(max(0, p - q)): what
comes out has the target's distribution p exactly. Greedy decoding is the case where p and q are
each one token: a guess stays when it is the target's own choice.

The arithmetic that decides whether it pays: with acceptance rate a, one forward of the target gives
(1 - a^(K+1)) / (1 - a) tokens (equation 1) and costs about one forward plus K of the drafter's.

Both caches must forget what was refused: the one invariant is that a session holds a beginning of
`tokens`, and `tokens[session.length:]` is what it has yet to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from .model import Llama, extend

Proposal = tuple[list[int], Tensor]  # n tokens, and the distribution each came from, (n, V)


class Session:
    """One sequence in a model: reads tokens, gives logits, forgets from the end.

    Args:
        model: The weights.
        capacity: Tokens the sequence may have.
    """

    def __init__(self, model: Llama, capacity: int) -> None:
        self.model = model
        self.cache = model.cache(1, capacity)
        self.forwards = 0

    @property
    def length(self) -> int:
        """Return how many tokens it holds."""
        return self.cache.lengths[0]

    def extend(self, ids: Sequence[int]) -> Tensor:
        """Read tokens and return the logits after each, (n, V)."""
        self.forwards += 1
        device = self.cache.keys.device
        return extend(self.model, self.cache, torch.tensor([list(ids)], device=device))[0]

    def crop(self, length: int) -> None:
        """Forget everything from `length` on."""
        self.cache.crop(0, length)


class Readable(Protocol):
    """What speculative decoding asks of a model: `Session` has it, and so has any stand-in."""

    @property
    def length(self) -> int:
        """Return how many tokens it holds."""

    def extend(self, ids: Sequence[int]) -> Tensor:
        """Read tokens and return the logits after each, (n, V)."""

    def crop(self, length: int) -> None:
        """Forget everything from `length` on."""


class Drafter(Protocol):
    """Who guesses."""

    def propose(self, tokens: Sequence[int], count: int) -> Proposal:
        """Return at most `count` guesses at what follows the tokens."""

    def crop(self, length: int) -> None:
        """Forget everything from `length` on, if it remembers anything."""


def distribution(logits: Tensor, temperature: float) -> Tensor:
    """Return the distribution that decoding draws from: softmax(logits / T), (..., V).

    At temperature 0 it is all on the largest logit.
    """
    raise NotImplementedError("write your solution here")


def draw(probabilities: Tensor, generator: torch.Generator | None) -> int:
    """Draw one token."""
    return int(torch.multinomial(probabilities, 1, generator=generator))


def accept(
    draft: Sequence[int], q: Tensor, p: Tensor, generator: torch.Generator | None = None
) -> list[int]:
    """Return the tokens that one verification gives: the accepted guesses and one more.

    Args:
        draft: The n guesses.
        q: What each was drawn from, (n, V).
        p: What the target says at each, and after the last, (n + 1, V).
        generator: For the draws.

    Returns:
        1 to n + 1 tokens. The last is drawn again where the first guess was refused, or is the
        free one that the target gives when all are accepted.
    """
    raise NotImplementedError("write your solution here")


@dataclass
class ModelDrafter:
    """A smaller model that guesses.

    `confidence` ends a draft early: after a guess whose probability is below it nothing more is
    guessed. The doubtful guess itself stays, for a token dropped because of its value would bend
    the distribution. transformers sets 0.4 by default, so its counts are of shorter drafts.
    """

    session: Readable
    temperature: float = 0.0
    generator: torch.Generator | None = None
    confidence: float = 0.0

    def propose(self, tokens: Sequence[int], count: int) -> Proposal:
        """Return at most `count` guesses at what follows the tokens."""
        raise NotImplementedError("write your solution here")

    def crop(self, length: int) -> None:
        """Forget everything from `length` on."""
        raise NotImplementedError("write your solution here")


def prompt_lookup(tokens: Sequence[int], count: int, ngram: int = 3) -> list[int]:
    """Return at most `count` tokens that followed the last tokens when they stood there before.

    The longest ending, of `ngram` tokens down to one, that occurs earlier decides; of several
    places the latest. Nothing found is no guess (Saxena 2023; Yang et al. 2023).
    """
    raise NotImplementedError("write your solution here")


@dataclass
class LookupDrafter:
    """A drafter without a model: what was said before may be said again."""

    vocabulary: int
    ngram: int = 3

    def propose(self, tokens: Sequence[int], count: int) -> Proposal:
        """Return at most `count` guesses, each certain of itself."""
        guesses = prompt_lookup(tokens, count, self.ngram)
        sure = torch.zeros(len(guesses), self.vocabulary)
        sure[torch.arange(len(guesses)), guesses] = 1.0
        return guesses, sure

    def crop(self, length: int) -> None:
        """Forget nothing: there is nothing."""


@dataclass
class Speculation:
    """What came out, and what it took."""

    tokens: list[int] = field(default_factory=list)
    forwards: int = 0  # of the target
    proposed: int = 0
    accepted: int = 0

    @property
    def acceptance(self) -> float:
        """Return the share of guesses that the target kept."""
        return self.accepted / self.proposed if self.proposed else 0.0


def speculative_generate(
    target: Readable,
    drafter: Drafter,
    prompt: Sequence[int],
    *,
    max_new_tokens: int,
    k: int = 4,
    temperature: float = 0.0,
    generator: torch.Generator | None = None,
    eos_id: int | None = None,
) -> Speculation:
    """Generate what the target alone would have, in fewer of its forwards.

    The prompt is read together with the first draft, so an answer of N tokens with all guesses
    accepted takes N / (K + 1) forwards, prefill included.

    Args:
        target: Empty, or holding a beginning of the prompt.
        drafter: The same, if it remembers.
        prompt: At least one token.
        max_new_tokens: How many to generate at most.
        k: Guesses for each forward of the target.
        temperature: 0 is greedy. The drafter's own should be the same.
        generator: For the target's draws.
        eos_id: Ends the answer, and is its last token.
    """
    raise NotImplementedError("write your solution here")


def expected_tokens(acceptance: float, k: int) -> float:
    """Return the tokens that one forward of the target gives on average, 1 to k + 1.

    (1 - a^(k+1)) / (1 - a): Leviathan et al. 2023, equation 1, for independent acceptances.
    """
    raise NotImplementedError("write your solution here")
