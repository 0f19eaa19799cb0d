"""Red-teaming: every prompt under every attack, logged, and what the log shows.

An attack here is a wrapper in words: a role, an opening that is forced on the reply, a jailbreak
that somebody found in the wild. The plain prompt is asked as well, for what an attack adds is the
difference to it.

Left out: attacks that search (GCG, PAIR, TAP) or take several turns; and any claim about harm.
"Answered" means not refused: whether the answer is of use to anybody is a question for people.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .refusals import Share, is_refusal, wilson

PLAIN = "plain"
SLOT = "{prompt}"
ANSWERED, REFUSED, EMPTY = "answered", "refused", "empty"

Answer = Callable[[list[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the log: the place of the prompt, how it was asked, and what came back."""

    prompt: int
    attack: str
    asked: str
    reply: str
    verdict: str


def typos(text: str, share: float, seed: int) -> str:
    """Return a text with typos: in a share of its words, two neighbouring letters change places.

    The first and the last letter of a word stay, so words of fewer than four letters do, too;
    and so does everything that is not a letter. Of the words with two different inner neighbours,
    ``round(share * their number)`` are changed, which ones depends on the seed alone.
    """
    raise NotImplementedError("write your solution here")


def red_team(
    answer: Answer,
    prompts: Sequence[str],
    attacks: Mapping[str, str],
    batch_size: int = 16,
    refuses: Callable[[str], bool] = is_refusal,
) -> list[Attempt]:
    """Ask every prompt plainly and under every attack; return the log.

    The log holds the plain attempts first, then attack by attack in the mapping's order, each
    with all prompts in their order. A reply without a visible character is `EMPTY`: nothing was
    refused, and nothing given away.

    Args:
        answer: The model: takes at most `batch_size` texts, returns as many replies.
        prompts: What it had better not answer.
        attacks: Templates by name. Each holds `SLOT` exactly once, where the prompt goes as it
            is: braces in either mean nothing else.
        batch_size: How many texts the model is asked at once.
        refuses: Tells refusals.

    Raises:
        ValueError: A template does not hold `SLOT` exactly once, an attack is called `PLAIN`, or
            the model returned another number of replies than it was asked for.
    """
    raise NotImplementedError("write your solution here")


def success_rates(log: Sequence[Attempt]) -> dict[str, Share]:
    """Return the share of attempts that were answered, for each attack and for `PLAIN`."""
    raise NotImplementedError("write your solution here")


def bypass_rates(log: Sequence[Attempt]) -> dict[str, Share]:
    """Return, for each attack, how many of the plainly *refused* prompts it got answered.

    A model that answers everything has a high success rate under any attack, and none of it is
    the attack's doing.
    """
    raise NotImplementedError("write your solution here")
