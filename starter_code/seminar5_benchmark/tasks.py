"""The six tasks as prompts: what is asked, how, and with how many examples.

A prompt is a decision and not a given, and so it is a value here: `Template` says it all, and an
ablation changes one field of it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .scoring import choose, confidence, mc_loglikelihood

LETTERS = "ABCD"
NAMES = (
    *("quartz", "fcc_amateur_extra", "socialiqa", "unsolvable_questions"),
    *("rucola", "russe"),
)
# Where a row's question is bare, what is asked about it.
_ASKS: Mapping[str, str] = MappingProxyType(
    {
        "unsolvable_questions": "Passage: {context}\nQuestion: {question}\n"
        "Is the question solveable from the passage, or unsolveable?",
        "rucola": "Sentence: {question}\n"
        "Is the sentence acceptable, or a hallucination of a language model?",
    }
)


@dataclass(frozen=True)
class Item:
    """One question; `answer` is the place of the right option."""

    id: str
    task: str
    context: str
    question: str
    options: tuple[str, ...]
    answer: int

    def turned(self) -> Item:
        """Return the item with its options in the opposite order."""
        last = len(self.options) - 1
        return Item(
            *(self.id, self.task, self.context, self.question),
            self.options[::-1],
            last - self.answer,
        )


@dataclass(frozen=True)
class Template:
    """How an item is put to the model.

    Args:
        letters: Options are listed and a letter is asked for; else the options' own texts are
            the continuations, and the prompt does not list them.
        chat: The prompt is a user's turn of the model's chat template.
        shots: Solved examples before the question.
        normalization: How scores of options are compared.
    """

    letters: bool = False
    chat: bool = False
    shots: int = 0
    normalization: str = "byte"


@dataclass(frozen=True)
class Answer:
    """What the model answered: the option's place, its confidence and whether it is right."""

    choice: int
    confidence: float
    correct: int


def load(folder: Path, part: str) -> dict[str, list[Item]]:
    """Return the items of a part of the data set "benchmark" by task."""
    found: dict[str, list[Item]] = {name: [] for name in NAMES}
    for line in (folder / f"{part}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        fields = [row[name] for name in ("id", "task", "context", "question")]
        found[row["task"]].append(Item(*fields, tuple(row["options"]), row["answer"]))
    return found


def sample(items: Sequence[Item], count: int, seed: int) -> list[Item]:
    """Return some of the items, the same for the same seed."""
    return random.Random(seed).sample(list(items), min(count, len(items)))


def prompt_of(
    item: Item, template: Template, examples: Sequence[Item], tokenizer: Any
) -> tuple[str, list[str]]:
    """Return the prompt of an item and the continuations that its options become."""
    shown = [_asked(one, template) + _solved(one, template) for one in examples[: template.shots]]
    text = "\n\n".join([*shown, _asked(item, template)])
    if not template.chat:
        return text, [f" {option}" for option in _continuations(item, template)]
    # The assistant's turn begins after a line break, and so its first word has no space.
    turn = [{"role": "user", "content": text.removesuffix("\nAnswer:")}]
    opened = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
    return opened, _continuations(item, template)


def ask(
    model: Any,
    tokenizer: Any,
    items: Sequence[Item],
    template: Template,
    examples: Mapping[str, Sequence[Item]] = MappingProxyType({}),
    *,
    batch_size: int = 16,
) -> list[Answer]:
    """Return the model's answers to the items, by the likelihood of their options."""
    asked = [prompt_of(item, template, examples.get(item.task, ()), tokenizer) for item in items]
    prompts, options = [text for text, _ in asked], [choices for _, choices in asked]
    scores = mc_loglikelihood(model, tokenizer, prompts, options, batch_size)
    return [
        answer_of(item, *pair, template.normalization)
        for item, *pair in zip(items, scores, options, strict=True)
    ]


def answer_of(
    item: Item, scores: Sequence[float], options: Sequence[str], normalization: str
) -> Answer:
    """Return the answer that these scores mean.

    Confidence by bytes treats every option as if it had the options' mean length: the softmax of
    raw sums would only say which one is shortest.
    """
    place = choose(scores, options, normalization)
    if normalization == "byte":
        sizes = [len(option.encode()) for option in options]
        mean = sum(sizes) / len(sizes)
        scores = [score / size * mean for score, size in zip(scores, sizes, strict=True)]
    return Answer(place, confidence(scores)[place], int(place == item.answer))


def _asked(item: Item, template: Template) -> str:
    ask = _ASKS.get(item.task, "Question: {question}")
    lines = [ask.format(context=item.context, question=item.question)]
    if template.letters:
        pairs = zip(LETTERS, item.options, strict=False)
        lines += [f"{letter}. {option}" for letter, option in pairs]
    return "\n".join([*lines, "Answer:"])


def _continuations(item: Item, template: Template) -> list[str]:
    return list(LETTERS[: len(item.options)] if template.letters else item.options)


def _solved(item: Item, template: Template) -> str:
    return f" {_continuations(item, template)[item.answer]}"
