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
    # zachetka: solution
    special = {t.content: i for i, t in tokenizer.added_tokens_decoder.items() if t.special}
    typed = "".join(message["content"] for message in messages)
    free = (char for char in map(chr, count(PRIVATE_USE)) if char not in typed)
    # A stand-in for each special token that a user may have typed: one character, which no
    # message holds, goes through the template untouched and is turned back afterwards.
    stand_in = dict(zip(special, free, strict=False))
    any_special = re.compile("|".join(map(re.escape, sorted(special, key=len, reverse=True))))
    hidden = [
        {**m, "content": any_special.sub(lambda found: stand_in[found[0]], m["content"])}
        for m in messages
    ]
    text = tokenizer.apply_chat_template(
        hidden, tokenize=False, add_generation_prompt=add_generation_prompt
    )

    def plain(piece: str) -> list[int]:
        for name, char in stand_in.items():
            piece = piece.replace(char, name)
        coded = tokenizer(piece, add_special_tokens=False, split_special_tokens=True)
        return list(coded["input_ids"])

    # Every special token in the text now is the template's. Between two of them a piece is
    # encoded whole: cutting it further would change where BPE may merge.
    ids: list[int] = []
    done = 0
    for found in any_special.finditer(text):
        ids += [*plain(text[done : found.start()]), special[found[0]]]
        done = found.end()
    return ids + plain(text[done:])
    # zachetka: end
