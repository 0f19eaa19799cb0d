"""Label logits of many prompts that begin alike: what they share is computed once.

Two levels of sharing: what all prompts begin with (the instructions) is kept between calls,
and what the prompts of one call have in common beyond it (their question) is computed once for the
call. Tokens decide what is shared, never texts, so every prompt is computed as it would be alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from leaderboard.judges.attention import Common, Pair, install, sharing


class Prefix:
    """Tokens, and what a model computed of them.

    Args:
        ids: The tokens.
        layers: Keys and values by layer, each of shape (1, heads, len(ids), width).
    """

    def __init__(self, ids: Sequence[int] = (), layers: Sequence[Pair] = ()) -> None:
        self.ids = list(ids)
        self.layers = list(layers)

    def cache(self) -> Any:
        """Return a cache that a longer prefix can be computed with."""
        from transformers.cache_utils import DynamicCache

        cache = DynamicCache()
        for place, (keys, values) in enumerate(self.layers):
            cache.update(keys, values, place)
        return cache


class Shared:
    """A model, and the prefix of all its prompts.

    Args:
        model: A causal language model of transformers, in evaluation mode.
        common: Tokens that prompts begin with; a call whose prompts do not is computed without.
        batch_tokens: Most tokens of a batch, the prefix aside.
    """

    def __init__(self, model: Any, common: Sequence[int], batch_tokens: int) -> None:
        install(model)
        self.model = model
        self._batch_tokens = batch_tokens
        with torch.inference_mode():
            self._common = self._extended(Prefix(), common)

    @torch.inference_mode()
    def label_chances(
        self, prompts: Sequence[Sequence[int]], labels: Sequence[int]
    ) -> list[list[float]]:
        """Return the chances of label tokens after each prompt, which sum to 1.

        Args:
            prompts: Tokens, by prompt; at least one.
            labels: Token ids.

        Returns:
            One list of `labels`' chances for each prompt, in order.
        """
        alike, known = common_of(prompts), self._common.ids
        begins = known == alike[: len(known)]
        prefix = self._extended(self._common if begins else Prefix(), alike)
        rests = [list(prompt[len(prefix.ids) :]) for prompt in prompts]
        found: dict[int, list[float]] = {}
        for places in self._batches(rests):
            logits = self._last_logits(prefix, [rests[place] for place in places])
            chances = torch.softmax(logits[:, list(labels)].float(), dim=-1)
            found.update(zip(places, chances.tolist(), strict=True))
        return [found[place] for place in range(len(prompts))]

    def _extended(self, prefix: Prefix, ids: Sequence[int]) -> Prefix:
        """Return a longer prefix."""
        new = list(ids[len(prefix.ids) :])
        if not new:
            return prefix
        cache = prefix.cache()
        self.model(
            input_ids=torch.tensor([new]),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return Prefix(ids, [(layer.keys, layer.values) for layer in cache.layers])

    def _batches(self, rests: Sequence[Sequence[int]]) -> Iterator[list[int]]:
        """Yield places of prompts, sorted by length, so that little is padding."""
        order = sorted(range(len(rests)), key=lambda place: len(rests[place]))
        batch: list[int] = []
        for place in order:
            if batch and (len(batch) + 1) * len(rests[place]) > self._batch_tokens:
                yield batch
                batch = []
            batch.append(place)
        yield batch

    def _last_logits(self, prefix: Prefix, rests: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the logits after each prompt, shape (prompts, vocabulary)."""
        shared, longest = len(prefix.ids), max(map(len, rests))
        pads = [longest - len(rest) for rest in rests]
        ids = torch.tensor([[0] * pad + list(rest) for pad, rest in zip(pads, rests, strict=True)])
        behind = torch.tensor(pads)
        place = torch.arange(longest)[None] - behind[:, None]  # from 0 at the first real token
        words = {"input_ids": ids, "use_cache": False, "logits_to_keep": 1}
        words["position_ids"] = shared + place.clamp(min=0)
        if not shared:
            output = self.model(**words, attention_mask=(place >= 0).long())
        else:
            with sharing(Common(prefix.layers, behind)):
                output = self.model(**words)
        logits: torch.Tensor = output.logits[:, -1]
        return logits


def common_of(prompts: Sequence[Sequence[int]]) -> list[int]:
    """Return the tokens that all prompts begin with, but the last one of the shortest."""
    ordered = sorted(map(list, prompts))
    first, last = ordered[0], ordered[-1]  # what these two share, all between them share
    length = min(map(len, prompts)) - 1
    for place in range(length):
        if first[place] != last[place]:
            return list(first[:place])
    return list(first[:length])
