"""A hard budget in tokens and money: a call is paid for before it is made.

What a call may use at most is set aside first: the bytes of its request (no token of a byte-level
vocabulary is shorter than a byte) with the template's tokens, and the most tokens that it may
write. When the answer is there, its own count replaces the reserve. Where none comes (a time-out,
a server without counts) the reserve stays spent, for nobody can say that it was not billed. So the
limit is never passed; the last calls that would only perhaps fit are not made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from leaderboard.judges.entries import Spent

TOKENS_A_MESSAGE = 16  # of a chat template: roles and separators
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, or of several."""

    tokens_in: int
    tokens_out: int

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out)


NOTHING = Usage(0, 0)


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million tokens, in the currency of the budget."""

    read: Decimal = Decimal(0)
    written: Decimal = Decimal(0)

    def of(self, usage: Usage) -> Decimal:
        """Return what these tokens cost, exactly."""
        return (usage.tokens_in * self.read + usage.tokens_out * self.written) / MILLION


class Budget:
    """What may still be used.

    Args:
        tokens: Most tokens, read and written together; None for no limit.
        money: Most money; None for no limit.
        price: Of tokens.
        spent: By earlier rounds.
    """

    def __init__(
        self,
        tokens: int | None,
        money: Decimal | None,
        price: Price,
        spent: Spent = Spent(),  # noqa: B008 - a frozen record
    ) -> None:
        self._tokens = tokens
        self._money = money
        self.price = price
        self._used = spent.tokens_in + spent.tokens_out
        self._paid = spent.cost

    def reserve(self, most: Usage) -> bool:
        """Set a call's most aside; False, and nothing set aside, when it might not fit."""
        tokens = self._used + most.tokens_in + most.tokens_out
        paid = self._paid + self.price.of(most)
        if self._tokens is not None and tokens > self._tokens:
            return False
        if self._money is not None and paid > self._money:
            return False
        self._used, self._paid = tokens, paid
        return True

    def settle(self, most: Usage, used: Usage) -> None:
        """Put what was used in the place of what was set aside."""
        self._used += used.tokens_in + used.tokens_out - most.tokens_in - most.tokens_out
        self._paid += self.price.of(used) - self.price.of(most)

    @property
    def used(self) -> int:
        """Tokens used or set aside."""
        return self._used

    @property
    def paid(self) -> Decimal:
        """Money used or set aside."""
        return self._paid


def most_of(body: Mapping[str, Any], max_tokens: int) -> Usage:
    """Return the most tokens that a call can use: its request's bytes, and all it may write."""
    written = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    template = TOKENS_A_MESSAGE * (len(body["messages"]) + 1)
    return Usage(len(written) + template, max_tokens)
