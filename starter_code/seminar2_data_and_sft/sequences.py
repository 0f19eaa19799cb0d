"""Sequences: which tokens the model reads, and which of them it is asked to learn.

A conversation becomes ids and labels; labels are -100 (`IGNORED`) wherever the loss must not look.
Of a chat, only what the assistant says is learned, *with* the token that ends its turn: a model
that never sees it as a target never stops.

Two ways to make a rectangle of rows of different length: padding (`collate`) and packing (`pack`,
`collate_packed`), which fills rows with several examples and hides them from each other.

Shapes: B rows, T tokens. Left out: truncation. What is too long is cut before the template is
applied, where one still knows what may be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

IGNORED = -100  # a label that the loss does not look at
Example = dict[str, list[int]]


def chat_mask(tokenizer: Any, messages: Sequence[dict[str, str]]) -> Example:
    """Return ``{"input_ids": [...], "labels": [...]}`` of a conversation in the chat template.

    The ids are those of ``apply_chat_template(messages)``: with one BOS if the template writes one,
    never with a second from the tokenizer. Targets are, for each turn of the assistant, the tokens
    of its content and the end of turn (EOS) behind it; not the header in front, and not what the
    template writes between EOS and the next turn, which the model never has to say.

    Args:
        tokenizer: A fast tokenizer with a chat template whose turns end with EOS.
        messages: Turns with ``role`` and ``content``; the assistant's is not the first.
    """
    raise NotImplementedError("write your solution here")


def collate(examples: Sequence[Example], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad examples on the right and return int64 tensors of shape (B, T).

    The tensors are ``input_ids``, ``attention_mask`` (1 on real tokens) and ``labels`` (`IGNORED`
    on padding). What is padding is known by its *place*: the pad token may be EOS as well, and EOS
    must be learned.
    """
    raise NotImplementedError("write your solution here")


def pack(examples: Sequence[Example], length: int) -> list[Example]:
    """Put examples into as few rows of at most `length` tokens as best-fit decreasing finds.

    From the longest example to the shortest (equal ones in their order), each goes whole into the
    fullest row that has room (the first of equal ones), or opens a new row. A row is
    ``{"input_ids", "labels", "position_ids", "segments"}``: positions begin at 0 in every example,
    and segments number the examples of a row from 0. The first label of every example is `IGNORED`:
    the token in front of it belongs to another text and must not learn to predict it.

    Best-fit decreasing needs at most 11/9 of the fewest rows possible, plus 4 (Johnson et al.,
    SIAM J. Comput. 3, 1974).

    Raises:
        ValueError: An example is longer than `length`; cutting it is for the caller to decide.
    """
    raise NotImplementedError("write your solution here")


def collate_packed(rows: Sequence[Example], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad packed rows on the right and return tensors for a model with SDPA attention.

    ``input_ids``, ``labels`` and ``position_ids`` are int64 of shape (B, T). ``attention_mask`` is
    bool of shape (B, 1, T, T): true where a query (second to last axis) may see a key (last axis),
    which is in its own segment and not later than itself. Padding is a segment of its own.
    """
    raise NotImplementedError("write your solution here")
