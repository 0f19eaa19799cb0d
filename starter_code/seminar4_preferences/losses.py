"""Losses: from logits to log-probabilities of answers, and from those to DPO and ORPO.

Both methods skip the reward model of RLHF. DPO (Rafailov et al. 2023) shows that the policy is a
reward model itself: r(x, y) = β log π(y|x) / π_ref(y|x), up to a term that depends on x alone and
cancels in a pair. ORPO (Hong et al. 2024) drops the reference as well: it keeps the likelihood
of the chosen answer up, and pushes the odds of the two apart.

Shapes: B pairs or answers, T tokens, V words of the vocabulary.

Left out: label smoothing (Mitchell 2023), IPO and KTO. Each is a line more, once this stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

IGNORED = -100  # a label that is not part of the answer

# log(1 - p) is minus infinity at p = 1, which float32 reaches for a token that the model is sure
# of. So p stays this far below it, in the logarithm.
CEILING = -1e-6


@dataclass(frozen=True, slots=True)
class PreferenceLoss:
    """What a batch of pairs gives.

    Args:
        loss: The mean over pairs, a scalar.
        chosen: What the method holds the chosen answers to be worth, shape (B,), detached.
        rejected: The same for the rejected ones.
    """

    loss: torch.Tensor
    chosen: torch.Tensor
    rejected: torch.Tensor

    @property
    def margins(self) -> torch.Tensor:
        """Return by how much each chosen answer is ahead, shape (B,)."""
        return self.chosen - self.rejected

    @property
    def accuracy(self) -> float:
        """Return the share of pairs in which the chosen answer is ahead."""
        return float((self.margins > 0).float().mean())


def sequence_logps(
    logits: torch.Tensor, labels: torch.Tensor, average: bool = False
) -> torch.Tensor:
    """Return the log-probability of each answer, shape (B,), in float32.

    The logits at position t predict the label at t + 1. Labels that are `IGNORED` (the prompt,
    padding) count neither in the sum nor in the average. An answer without tokens has 0.

    Args:
        logits: Shape (B, T, V), of any floating type.
        labels: Shape (B, T).
        average: Divide by the number of tokens of the answer: ORPO does, DPO does not.
    """
    raise NotImplementedError("write your solution here")


def dpo_loss(
    chosen_logps: torch.Tensor,
    rejected_logps: torch.Tensor,
    reference_chosen_logps: torch.Tensor,
    reference_rejected_logps: torch.Tensor,
    beta: float,
) -> PreferenceLoss:
    """Return the DPO loss (Rafailov et al. 2023, equation 7) and the implicit rewards.

        -log sigmoid(β [(log π(y_w) - log π_ref(y_w)) - (log π(y_l) - log π_ref(y_l))])

    The reward of an answer is β (log π - log π_ref). No gradient flows into the reference.

    Args:
        chosen_logps: Summed log-probabilities of the chosen answers under the policy, shape (B,).
        rejected_logps: Those of the rejected answers.
        reference_chosen_logps: The chosen ones under the frozen reference.
        reference_rejected_logps: The rejected ones under it.
        beta: How dear it is to leave the reference; larger holds the policy closer.
    """
    raise NotImplementedError("write your solution here")


def log_odds(logps: torch.Tensor) -> torch.Tensor:
    """Return log p / (1 - p) from log p, finite with a finite gradient up to p = 1.

    Args:
        logps: Logarithms of probabilities, at most 0, any shape.
    """
    raise NotImplementedError("write your solution here")


def orpo_loss(
    chosen_logps: torch.Tensor,
    rejected_logps: torch.Tensor,
    chosen_nll: torch.Tensor,
    weight: float,
) -> PreferenceLoss:
    """Return the ORPO loss (Hong et al. 2024, equations 6 and 7).

        NLL of the chosen answers - λ log sigmoid(log odds(y_w) - log odds(y_l))

    There is no reference. An answer is worth λ times its log-probability per token.

    Args:
        chosen_logps: Log-probabilities of the chosen answers *per token*, shape (B,): with sums,
            1 - p is 1 for any answer and the odds ratio says no more than a ratio.
        rejected_logps: Those of the rejected answers.
        chosen_nll: The usual training loss on the chosen answers, a scalar.
        weight: λ.
    """
    raise NotImplementedError("write your solution here")
