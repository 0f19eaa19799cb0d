"""What all parts of the experiment share: prompts, the two models, and a row of a table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .experiment import Report, Setting
from .model import Llama
from .modes import Answers

SINGLE = 4  # of them are also answered alone
NEW = 24  # tokens of an answer
PROMPT_TOKENS = 120  # at most


@dataclass(frozen=True)
class Bench:
    """What all parts need."""

    report: Report
    setting: Setting
    theirs: Any  # the transformers model
    tokenizer: Any
    ours: Llama
    prompts: list[list[int]]

    @property
    def single(self) -> list[list[int]]:
        """Return the prompts that are answered one at a time."""
        return self.prompts[: self.setting.scaled(SINGLE, 2)]

    @property
    def new(self) -> int:
        """Return the tokens of an answer."""
        return self.setting.scaled(NEW, 6)


def prompts_of(chosen: Setting, tokenizer: Any, count: int) -> list[list[int]]:
    """Return chat prompts that ask for a summary, of different lengths."""
    text = (chosen.data["summaries"] / "public.jsonl").read_text(encoding="utf-8")
    items = [json.loads(line) for line in text.splitlines()]
    prompts = []
    for item in items[:: max(1, len(items) // count)][:count]:
        asked = f"Sum up in one line what this does:\n{item['document']}"
        message = [{"role": "user", "content": asked}]
        whole = tokenizer.apply_chat_template(message, add_generation_prompt=True, tokenize=False)
        ids = tokenizer.encode(whole, add_special_tokens=False)
        # A long description loses its middle: the question and the turn's end stay.
        half = PROMPT_TOKENS // 2
        prompts.append(ids if len(ids) <= PROMPT_TOKENS else [*ids[:half], *ids[-half:]])
    return prompts


def row(name: str, answers: Answers) -> list[object]:
    """Return a mode's row of a table: tokens a second, TTFT and TPOT."""
    return [name, answers.per_second, 1000 * answers.first, 1000 * answers.gap]


COLUMNS = ("mode", "tokens/s", "TTFT, ms", "TPOT, ms")
