"""The base model as a function from messages to text, many conversations at once.

Greedy, so that a run can be repeated. This is the plain way, through `generate`; seminar 7 puts a
better engine in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .tools import Message


class Chat:
    """Answers conversations with a causal language model, greedily.

    Args:
        model: The model, in eval mode.
        tokenizer: Its tokenizer, padding on the left.
        batch: Conversations at once.
    """

    def __init__(self, model: Any, tokenizer: Any, batch: int = 16) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._batch = batch

    def count(self, text: str) -> int:
        """Return how many tokens a text takes."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    @torch.inference_mode()
    def many(
        self, conversations: Sequence[Sequence[Message]], new_tokens: int, opening: str = ""
    ) -> list[str]:
        """Return the assistant's next message of each conversation.

        Args:
            conversations: Messages of each.
            new_tokens: The most tokens of a reply.
            opening: What every reply is made to begin with; part of what is returned.
        """
        prompts = [
            self._tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=True
            )
            + opening
            for messages in conversations
        ]
        # The longest first: rows of a batch are of like length, little is spent on padding.
        order = sorted(range(len(prompts)), key=lambda at: (-len(prompts[at]), at))
        replies = [""] * len(prompts)
        for start in range(0, len(order), self._batch):
            places = order[start : start + self._batch]
            inputs = self._tokenizer(
                [prompts[at] for at in places],
                return_tensors="pt",
                padding=True,
                add_special_tokens=False,
            ).to(self._model.device)
            given = inputs["input_ids"].shape[1]
            made = self._model.generate(
                **inputs,
                max_new_tokens=new_tokens,
                do_sample=False,
                pad_token_id=self._tokenizer.pad_token_id,
            )
            texts = self._tokenizer.batch_decode(made[:, given:], skip_special_tokens=True)
            for at, text in zip(places, texts, strict=True):
                replies[at] = opening + text
        return replies

    def one(self, new_tokens: int) -> Callable[[Sequence[Message]], str]:
        """Return a function that answers one conversation, as `Assistant` takes it."""
        return lambda messages: self.many([messages], new_tokens)[0]
