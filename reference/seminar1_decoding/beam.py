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
    # zachetka: solution
    positions = (attention_mask.cumsum(dim=-1) - 1).clamp(min=0)  # B, T
    logits = model(
        input_ids=input_ids, attention_mask=attention_mask, position_ids=positions
    ).logits  # B, T, V
    # float32 before the softmax: in bfloat16 a sum over a text is off by whole nats.
    logprobs = logits[:, :-1].float().log_softmax(dim=-1)  # B, T - 1, V
    of_tokens = logprobs.gather(-1, input_ids[:, 1:, None]).squeeze(-1)  # B, T - 1
    return of_tokens.masked_fill(answer_mask[:, 1:] == 0, 0.0).sum(dim=-1)  # B
    # zachetka: end


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
    # zachetka: solution
    reader = Reader(model, torch.ones_like(input_ids))
    live = [_Prefix(0, (), 0.0)]
    finished: list[Hypothesis] = []
    tokens = input_ids
    for length in range(1, stop.max_new_tokens + 1):
        logprobs = reader.read(tokens).log_softmax(dim=-1)  # K, V
        going: list[_Prefix] = []
        for rank, longer in enumerate(_extended(live, logprobs, 2 * beams)):
            if longer.tokens[-1] != stop.eos_id and length < stop.max_new_tokens:
                going.append(longer)
            elif rank < beams:
                score = longer.logprob / length**length_penalty
                finished.append(Hypothesis(longer.tokens, longer.logprob, score))
        finished = sorted(finished, key=lambda found: -found.score)[:beams]
        live = going[:beams]
        if not live:
            break
        # A sum only falls: at best a prefix keeps its own and has it divided by the most.
        longest = stop.max_new_tokens if length_penalty > 0 else length
        hope = live[0].logprob / longest**length_penalty
        if len(finished) == beams and hope <= finished[-1].score:
            break
        reader.select(torch.tensor([prefix.row for prefix in live], device=input_ids.device))
        tokens = input_ids.new_tensor([[prefix.tokens[-1]] for prefix in live])  # K, 1
    return finished
    # zachetka: end


# zachetka: staff
@dataclass(frozen=True)
class _Prefix:
    """A continuation that has not ended: `row` is the batch's row that has read all but its end."""

    row: int
    tokens: tuple[int, ...]
    logprob: float


def _extended(live: list[_Prefix], logprobs: torch.Tensor, count: int) -> list[_Prefix]:
    """Return the likeliest extensions of live prefixes by one token, the best first.

    Each prefix has one extension by EOS, so of the 2 K best at least K go on.

    Args:
        live: K prefixes.
        logprobs: Of the next token, shape (K, V).
        count: Extensions to return, at most.
    """
    before = torch.tensor([prefix.logprob for prefix in live], device=logprobs.device)  # K
    sums = (logprobs + before[:, None]).flatten()  # K * V
    best = sums.topk(min(count, len(sums)))
    found = []
    for place, total in zip(best.indices.tolist(), best.values.tolist(), strict=True):
        row, token = divmod(place, logprobs.shape[-1])
        found.append(_Prefix(row, (*live[row].tokens, token), total))
    return found


# zachetka: end
