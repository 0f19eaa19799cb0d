"""From a conversation to token ids: the model's template, and nobody else's special tokens.

A chat model was trained on one spelling of a conversation, its *template*. Whoever spells it
otherwise asks a question that the model was never taught to answer. And the template's special
tokens are a boundary of trust: `<|im_end|>` typed by a user is ten characters of text, not the
end of the turn. A tokenizer that is handed the finished string cannot tell the two apart.

Left out: tools, images and documents in messages; tokenizers that glue a space to the first word
of each piece (SentencePiece with a dummy prefix), for which a text cut into pieces is not the
same text. Byte-level BPE, as here, has no such prefix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

PRIVATE_USE = 0xF0000  # Unicode's plane 15: characters that no text standard assigns


def encode_chat(
    tokenizer: Any, messages: Sequence[Mapping[str, str]], add_generation_prompt: bool = True
) -> list[int]:
    """Return the token ids of a conversation in the tokenizer's own chat template.

    The template alone writes special tokens: what stands in a message is encoded as plain text,
    even where it spells one. For messages without such text the ids are those of
    ``tokenizer.apply_chat_template(messages, tokenize=True)``. BOS comes from the template or not
    at all.

    Args:
        tokenizer: A transformers tokenizer with a chat template.
        messages: ``{"role": ..., "content": ...}`` each, oldest first.
        add_generation_prompt: Whether to open the assistant's next turn.
    """
    raise NotImplementedError("write your solution here")
