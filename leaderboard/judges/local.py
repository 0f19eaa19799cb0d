"""A judge on this machine: a causal language model, asked for one token.

A verdict is the most likely of the label tokens after ``Verdict:``; nothing is generated, so there
is nothing to parse. What is the same for several duels is computed once: the instructions for all,
the question for all duels about it (`leaderboard.judges.prefix`). What is left is short, is sorted
by length and goes through the model in batches.

Padding stands before the rest, is masked, and takes no position, so that a duel's logits are those
that it has alone, up to rounding: in float32 the labels are the same, in bfloat16 a near tie may
move.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graders.core.errors import CourseError, InfraError
from leaderboard.judges.entries import key_of
from leaderboard.judges.prompt import (
    LABEL_PREFIX,
    MAX_ANSWER,
    PROMPT_VERSION,
    Reply,
    messages,
    nonce_of,
)
from leaderboard.judges.secrets import salt_mark
from leaderboard.records import Duel, JudgeCard, Label, Question, Verdict

if TYPE_CHECKING:
    from leaderboard.judges.prefix import Shared

LABELS = (Label.FIRST, Label.SECOND, Label.TIE)
CHANCE_DIGITS = 4


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """How a local model is run.

    Args:
        name: Shown on the board.
        family: Of models.
        dtype: ``auto`` is bfloat16 where the processor computes in it, float32 elsewhere.
        batch_tokens: Most tokens of a batch, padding and prefix aside.
        max_answer: Characters of a contestant's answer that are shown.
    """

    name: str
    family: str
    dtype: str = "auto"
    batch_tokens: int = 1024
    max_answer: int = MAX_ANSWER


class LocalJudge:
    """Asks a causal language model in a folder that transformers loads.

    The model is loaded with the first duel.

    Args:
        folder: Weights in safetensors, and a tokenizer.
        salt: The secret of the nonces.
        options: See `LocalOptions`.

    Raises:
        CourseError: The folder holds no weights.
    """

    def __init__(self, folder: Path, salt: bytes, options: LocalOptions) -> None:
        self._folder = folder
        self._salt = salt
        self._options = options
        self._shared: Shared | None = None
        self._tokenizer: Any = None
        self._label_ids: list[int] = []
        self._dtype = chosen_dtype(options.dtype)
        self._card = JudgeCard(
            name=options.name,
            family=options.family,
            version=_digest(folder),
            parameters={
                "dtype": self._dtype,
                "max_answer": options.max_answer,
                "salt": salt_mark(salt),
            },
            prompt_version=PROMPT_VERSION,
        )

    @property
    def card(self) -> JudgeCard:
        """Who this is; the version is a digest of weights and tokenizer."""
        return self._card

    def judge(self, duels: Sequence[Duel]) -> Sequence[Verdict]:
        """Return one verdict for each duel, in order.

        Raises:
            CourseError: The model or its tokenizer cannot be used for this.
            InfraError: The model cannot be loaded.
        """
        if not duels:
            return []
        shared = self._loaded()
        asked = [self.tokens(duel) for duel in duels]
        chances: dict[int, list[float]] = {}
        for places in _groups(duels):
            found = shared.label_chances([asked[place] for place in places], self._label_ids)
            chances.update(zip(places, found, strict=True))
        return [self._verdict(chances[place], len(asked[place])) for place in range(len(duels))]

    def _verdict(self, chances: Sequence[float], tokens: int) -> Verdict:
        first, second, _ = chances
        best = max(range(len(LABELS)), key=lambda place: chances[place])
        return Verdict(
            label=LABELS[best],
            confidence=round(first / (first + second), CHANCE_DIGITS) if first + second else 0.5,
            raw=" ".join(
                f"{label.value}={chance:.{CHANCE_DIGITS}f}"
                for label, chance in zip(LABELS, chances, strict=True)
            ),
            tokens_in=tokens,
            tokens_out=1,
        )

    @property
    def model(self) -> Any:
        """The model, loaded: for measurements beside the judge."""
        return self._loaded().model

    @property
    def label_ids(self) -> list[int]:
        """The tokens that the labels begin with, in the order of `LABELS`."""
        self._loaded()
        return list(self._label_ids)

    def tokens(self, duel: Duel) -> list[int]:
        """Return the whole prompt of a duel, up to where the label comes next."""
        if self._tokenizer is None:
            self._loaded()
        nonce = nonce_of(self._salt, key_of(self._card, duel))
        asked = messages(duel, nonce, Reply.LABEL, self._options.max_answer)
        if self._tokenizer.chat_template:
            text = self._tokenizer.apply_chat_template(
                asked, tokenize=False, add_generation_prompt=True
            )
        else:
            text = "\n\n".join(one["content"] for one in asked) + "\n\n"
        encoded = self._tokenizer(text + LABEL_PREFIX, add_special_tokens=False)
        return list(encoded["input_ids"])

    def _loaded(self) -> Shared:
        if self._shared is None:
            from leaderboard.judges.prefix import Shared, common_of

            self._tokenizer, model = _load(self._folder, self._dtype)
            self._label_ids = _label_ids(self._tokenizer)
            probes = [self.tokens(Duel(Question("", "", text, ""), "", "")) for text in "x("]
            self._shared = Shared(model, common_of(probes), self._options.batch_tokens)
        return self._shared


def _groups(duels: Sequence[Duel]) -> list[list[int]]:
    """Return places of duels by question; those that are alone with theirs stand together."""
    by_question: dict[str, list[int]] = {}
    for place, duel in enumerate(duels):
        by_question.setdefault(duel.question.prompt, []).append(place)
    alone = [places[0] for places in by_question.values() if len(places) == 1]
    return [*(places for places in by_question.values() if len(places) > 1), *filter(None, [alone])]


def chosen_dtype(wanted: str) -> str:
    """Return the number format that a wish stands for on this machine.

    bfloat16 is chosen only where the processor multiplies in it: elsewhere it is slower.
    """
    if wanted != "auto":
        return wanted
    import torch

    able = torch.cpu.get_capabilities()
    return "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"


def _load(folder: Path, dtype: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    # A command's output is its own.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, dtype=getattr(torch, dtype)
        )
    except (OSError, ValueError, KeyError) as error:
        raise InfraError(
            f"the judge's model cannot be loaded ({error})",
            where=str(folder),
            todo="Bring it here again: zachetka model prepare",
        ) from error
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
    model.train(False)
    return tokenizer, model


def _label_ids(tokenizer: Any) -> list[int]:
    """Return the first token of each label as it stands after ``Verdict:``.

    Raises:
        CourseError: Two labels begin with one token: the model cannot tell them apart in one step.
    """
    before = tokenizer(LABEL_PREFIX, add_special_tokens=False)["input_ids"]
    found = []
    for label in LABELS:
        whole = tokenizer(f"{LABEL_PREFIX} {label.value}", add_special_tokens=False)["input_ids"]
        if whole[: len(before)] != before or len(whole) == len(before):
            raise CourseError(
                "this tokenizer joins the label to the word before it",
                where=label.value,
                todo="Use another model, or serve this one and use kind = endpoint",
            )
        found.append(whole[len(before)])
    if len(set(found)) < len(found):
        raise CourseError(
            "two labels begin with the same token of this model",
            where=", ".join(label.value for label in LABELS),
            todo="Use another model, or serve this one and use kind = endpoint",
        )
    return found


def _digest(folder: Path) -> str:
    """Return the SHA-256 of weights, configuration and tokenizer."""
    files = [
        path
        for path in sorted(folder.glob("*"))
        if path.suffix in {".safetensors", ".jinja"}
        or path.name in {"config.json", "tokenizer.json", "tokenizer_config.json"}
    ]
    if not any(path.suffix == ".safetensors" for path in files):
        raise CourseError(
            "there are no weights in safetensors", where=str(folder), todo="Name a model's folder"
        )
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            part = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{path.name} {part}\n".encode())
    return whole.hexdigest()
