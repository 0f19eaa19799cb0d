"""The probability of a sequence, and beam search for a likely one.

log p(y | x) = Σ_t log p(y_t | x, y_<t): a chain of next-token probabilities. Greedy decoding makes
each factor as large as it can be and may miss the largest product. Beam search keeps the K best
prefixes instead of one. It is still a heuristic: with any K smaller than the number of prefixes it
may drop the start of the best sequence, **even the one that greedy decoding finds**. «Beam is at
least as likely as greedy» is no theorem; `tour` shows the smallest counter-example.

Long sequences are less likely than short ones, so a raw sum prefers to stop early. Scores are
therefore divided by length^α (Wu et al. 2016, sec. 7, use a shifted length; transformers and this
module the plain one).

Left out: several prompts at once (the search is the same, the bookkeeping is not), diverse and
constrained beams.

Shapes: B rows, T tokens, K beams, V tokens of the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from .reading import Reader, Stop


@dataclass(frozen=True)
class Hypothesis:
    """A continuation that the search found.

    Args:
        tokens: New tokens, EOS included where the text ended.
        logprob: Σ log p of these tokens, in nats.
        score: ``logprob / len(tokens) ** length_penalty``, what hypotheses are ranked by.
    """

    tokens: tuple[int, ...]
    logprob: float
    score: float


@torch.no_grad()
def sequence_logprob(
    model: Any,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    answer_mask: torch.Tensor,
) -> torch.Tensor:
    """Return the log-probability of each row's answer given all that stands before it.

    One forward pass (teacher forcing): the logits at position t speak of the token at t + 1.

    Args:
        model: A transformers causal language model.
        input_ids: Prompts with their answers, of shape (B, T), padded on either side.
        attention_mask: Shape (B, T): 1 on tokens, 0 on padding.
        answer_mask: Shape (B, T): 1 on the answer's tokens, never on the first token of a row.

    Returns:
        Σ log p in nats, float32 of shape (B,); 0 for an empty answer.
    """
    raise NotImplementedError("write your solution here")


@torch.no_grad()
def beam_search(
    model: Any, input_ids: torch.Tensor, stop: Stop, beams: int, length_penalty: float = 1.0
) -> list[Hypothesis]:
    """Search for the best continuations of one prompt, `beams` prefixes wide.

    A step extends every live prefix by every token and ranks all of them by log-probability. Those
    of the first `beams` that end go to the finished ones, of which the `beams` best by score stay;
    the `beams` best that go on live. After the last step what still lives counts as finished. The
    search ends before that when no live prefix can reach the finished ones any more. This is
    transformers' beam search with ``early_stopping="never"``.

    Args:
        model: A transformers causal language model.
        input_ids: One prompt of shape (1, T), without padding.
        stop: Where continuations end.
        beams: K; with 1 and α = 0 this is greedy decoding. (With α > 0 even one beam goes on past
            an EOS by the second-best token, for a longer text may score better.)
        length_penalty: α, the power of the length that divides a score; 0 ranks by raw sums.

    Returns:
        At most K different hypotheses, the best score first.
    """
    raise NotImplementedError("write your solution here")
