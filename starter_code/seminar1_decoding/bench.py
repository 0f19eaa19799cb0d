"""The run's bench: every decoder answers the same prompts, and each answer is judged.

Deterministic decoders answer once, samplers once for each seed. What is judged: ROUGE-L against the
human summary, whether the answer ended, and, for the first run, how likely the model itself finds
the answer (one more pass over everything, so not for each seed).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import torch

from .experiment import Report
from .beam import beam_search, sequence_logprob
from .decoding import greedy, sample
from .filters import Sampling
from .measures import stability
from .reading import Stop
from .task import Item, answer_of, left_padded, prompt_ids, rouge_l

NEW_TOKENS = 20
BEAMS = 4
JUDGED_AT_ONCE = 8  # rows whose logits of a whole text are in memory together

SAMPLERS = {
    "T=1": Sampling(),
    "T=0.7 top-p 0.9": Sampling(temperature=0.7, top_p=0.9),
    "T=1 min-p 0.1": Sampling(min_p=0.1),
}
GREEDY, BEAM = "greedy", f"beam {BEAMS}"
DECODERS = (GREEDY, BEAM, *SAMPLERS)


@dataclass
class Answers:
    """What one decoder answered to all P prompts, in S runs: one, or one for each seed.

    Args:
        texts: S runs of P answers.
        scores: ROUGE-L of each.
        ended: Whether each reached its EOS.
        sums: Log-probability of each answer of the first run, in nats.
        lengths: Tokens of each answer of the first run.
        stable: What `stability` said; empty for one run.
    """

    texts: list[list[str]] = field(default_factory=list)
    scores: list[list[float]] = field(default_factory=list)
    ended: list[list[bool]] = field(default_factory=list)
    sums: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    stable: dict[str, float] = field(default_factory=dict)

    @property
    def quality(self) -> list[float]:
        """ROUGE-L of each prompt, averaged over runs."""
        return [fmean(column) for column in zip(*self.scores, strict=True)]

    @property
    def nats(self) -> list[float]:
        """Log-probability of a token of each answer of the first run."""
        return [total / count for total, count in zip(self.sums, self.lengths, strict=True)]


class Bench:
    """The prompts of one form, and decoders' answers to them.

    Args:
        model: The base model.
        tokenizer: Its tokenizer.
        items: What is asked.
        templated: Whether prompts are in the chat template.
    """

    def __init__(self, model: Any, tokenizer: Any, items: Sequence[Item], templated: bool) -> None:
        self.model, self.tokenizer, self.items = model, tokenizer, items
        self.rows = [prompt_ids(tokenizer, item, templated) for item in items]
        self.stop = Stop(NEW_TOKENS, tokenizer.eos_token_id, tokenizer.pad_token_id)

    def greedy(self, rows: Sequence[Sequence[int]]) -> list[list[int]]:
        """Answer prompts by greedy decoding, all in one batch."""
        return self._cut(greedy(self.model, *self._batch(rows), self.stop))

    def sampled(self, settings: Sampling, seed: int) -> list[list[int]]:
        """Answer every prompt by sampling."""
        chance = torch.Generator().manual_seed(seed)
        batch = self._batch(self.rows)
        return self._cut(sample(self.model, *batch, self.stop, settings, generator=chance))

    def beams(self) -> list[list[int]]:
        """Answer every prompt by the best hypothesis of a beam search."""
        prompts = (torch.tensor([row], device=self.model.device) for row in self.rows)
        found = (beam_search(self.model, prompt, self.stop, BEAMS) for prompt in prompts)
        return [list(hypotheses[0].tokens) for hypotheses in found]

    def answers(self, seeds: Sequence[int], report: Report, form: str) -> dict[str, Answers]:
        """Let every decoder answer every prompt, and judge the answers."""
        found = {name: Answers() for name in DECODERS}
        for name, answer in ((GREEDY, lambda: self.greedy(self.rows)), (BEAM, self.beams)):
            with timed(report, f"{name}, {form}"):
                self._judge(answer(), found[name])
        for name, settings in SAMPLERS.items():

            def run(
                seed: int, settings: Sampling = settings, kept: Answers = found[name]
            ) -> tuple[list[str], list[float]]:
                self._judge(self.sampled(settings, seed), kept)
                return kept.texts[-1], kept.scores[-1]

            with timed(report, f"{name}, {form}, {len(seeds)} seeds"):
                found[name].stable = stability(run, seeds)
        return found

    def _batch(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        ids, mask = left_padded(rows, self.stop.pad_id)
        return ids.to(self.model.device), mask.to(self.model.device)

    def _cut(self, tokens: torch.Tensor) -> list[list[int]]:
        """Take away what pads a row after its EOS."""
        eos = self.stop.eos_id
        return [row[: row.index(eos) + 1] if eos in row else row for row in tokens.tolist()]

    def _judge(self, answers: list[list[int]], kept: Answers) -> None:
        """Add a run's answers and their scores."""
        texts = [
            answer_of(self.tokenizer.decode(answer, skip_special_tokens=True)) for answer in answers
        ]
        if not kept.texts:
            kept.sums = self._logprobs(answers)
            kept.lengths = [len(answer) for answer in answers]
        kept.texts.append(texts)
        kept.scores.append(
            [rouge_l(t, item["summary"]) for t, item in zip(texts, self.items, strict=True)]
        )
        kept.ended.append([answer[-1] == self.stop.eos_id for answer in answers])

    def _logprobs(self, answers: list[list[int]]) -> list[float]:
        """Return the log-probability of each answer after its prompt, in nats."""
        sums: list[float] = []
        for start in range(0, len(answers), JUDGED_AT_ONCE):
            part = answers[start : start + JUDGED_AT_ONCE]
            prompts = self.rows[start : start + JUDGED_AT_ONCE]
            ids, mask = self._batch([[*p, *a] for p, a in zip(prompts, part, strict=True)])
            marks = torch.zeros_like(mask)
            for place, answer in enumerate(part):
                marks[place, -len(answer) :] = 1
            sums += sequence_logprob(self.model, ids, mask, marks).tolist()
        return sums


@contextmanager
def timed(report: Report, what: str) -> Iterator[None]:
    """Say what is being done, and keep how long it took, outside the hash."""
    report.step(what)
    start = time.perf_counter()
    yield
    report.timing(what, time.perf_counter() - start, "s")
