"""What a ready model is made of, and where it is unsure.

Three looks that need no training and no answers: which part holds the parameters, what a text costs
in tokens in each language, and how much the next token is in doubt as the context grows.

Nothing here is graded; it is whole in the starter. Shapes: B rows, T tokens, V of the vocabulary.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch

# One notice in several languages, written for this seminar: the same content, so that the number of
# tokens is the price of the language and not of the text.
NOTICE: Mapping[str, str] = {
    "English": "The library opens at nine. Please bring a card and return books in time.",
    "German": "Die Bibliothek öffnet um neun. Bitte bring einen Ausweis mit und gib Bücher "
    "rechtzeitig zurück.",
    "French": "La bibliothèque ouvre à neuf heures. Apportez une carte et rendez les livres à "
    "temps.",
    "Russian": "Библиотека открывается в девять. Возьмите билет и возвращайте книги вовремя.",
    "Chinese": "图书馆九点开门。请带上借书证，并按时还书。",
    "Hindi": "पुस्तकालय नौ बजे खुलता है। कृपया कार्ड लाएँ और किताबें समय पर लौटाएँ।",
    "Python": "def open_library(hour=9):\n    return hour >= 9 and card.valid and not books.late\n",
    "Emoji": "📚🏛️ 9️⃣🕘 ➡️🪪 🙏📖⏰",
}

_PARTS = {
    "embed_tokens": "embedding",
    "lm_head": "output head",
    "self_attn": "attention",
    "mlp": "MLP",
    "norm": "norms",
}


def parameter_parts(model: Any) -> dict[str, int]:
    """Count a Llama's parameters by part; weights that two parts share are counted once.

    SmolLM2's output head is its embedding (tied weights), so it has no parameters of its own.
    """
    found: Counter[str] = Counter()
    for name, parameter in model.named_parameters():  # names a shared tensor once
        part = next((title for word, title in _PARTS.items() if word in name), "other")
        found[part] += parameter.numel()
    return dict(found.most_common())


def token_costs(tokenizer: Any, texts: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return, for each text, its tokens, characters, UTF-8 bytes and tokens per character."""
    costs = {}
    for name, text in texts.items():
        tokens = len(tokenizer(text, add_special_tokens=False)["input_ids"])
        costs[name] = {
            "tokens": tokens,
            "characters": len(text),
            "bytes": len(text.encode()),
            "tokens_per_character": tokens / len(text),
        }
    return costs


@torch.no_grad()
def next_token_entropy(
    model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """Return the entropy of the next token after each position, in bits, of shape (B, T).

    H = -Σ p log₂ p (Shannon 1948, sec. 6): log₂ V bits for a model that knows nothing, 0 for one
    that is sure. Positions of padding hold NaN.

    Args:
        model: A transformers causal language model.
        input_ids: Texts of shape (B, T), padded on the left.
        attention_mask: Shape (B, T): 1 on tokens, 0 on padding.
    """
    positions = (attention_mask.cumsum(dim=-1) - 1).clamp(min=0)  # B, T
    logits = model(
        input_ids=input_ids, attention_mask=attention_mask, position_ids=positions
    ).logits  # B, T, V
    bits = torch.distributions.Categorical(logits=logits.float()).entropy() / math.log(2)  # B, T
    return bits.masked_fill(attention_mask == 0, math.nan)
