"""The run's trials of the judge, of invented answers and of sources; `run` calls them in turn."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .experiment import Report
from .diagnosis import leave_one_context_out
from .judge import parse_verdict, swap_consistency
from .metrics import normalize_answer
from .scoring import mc_loglikelihood
from .stats import bootstrap_ci, cohen_kappa, paired_permutation
from .tasks import Item

LEVEL, RESAMPLES = 0.95, 2000
REPLY_TOKENS = 24
ANSWER_TOKENS = 16
_ABSTAINS = re.compile(r"unanswerable|not (?:mentioned|provided|stated|given|specified|answerable)")


@dataclass(frozen=True)
class Subject:
    """Who is examined, and by which seed."""

    model: Any
    tokenizer: Any
    seed: int

    def mean(self, values: Sequence[float]) -> list[float]:
        """Return the mean and the ends of its interval.

        Where all n outcomes are 0, or all are 1, every resample is the same and the bootstrap
        says nothing. The rule of three (Hanley and Lippman-Hand 1983) then bounds the share of
        what was never seen by 3 / n.
        """
        if set(values) in ({0.0}, {1.0}):
            unseen = min(1.0, 3 / len(values))
            return [values[0], *((0.0, unseen) if values[0] == 0 else (1 - unseen, 1.0))]
        return [sum(values) / len(values), *bootstrap_ci(values, LEVEL, RESAMPLES, self.seed)]

    def turn(self, text: str) -> str:
        """Return a user's turn up to where the model speaks."""
        messages = [{"role": "user", "content": text}]
        opened: str = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        return opened

    def loglikelihoods(
        self, prompts: Sequence[str], options: Sequence[Sequence[str]]
    ) -> list[list[float]]:
        """Return ln P of each option of each prompt."""
        return mc_loglikelihood(self.model, self.tokenizer, prompts, options, 16)

    @torch.no_grad()
    def say(self, prompts: Sequence[str], tokens: int) -> list[str]:
        """Return the model's greedy continuations."""
        said: list[str] = []
        for start in range(0, len(prompts), 16):
            batch = self.tokenizer(
                list(prompts[start : start + 16]),
                return_tensors="pt",
                padding=True,
                add_special_tokens=False,
            ).to(self.model.device)
            out = self.model.generate(
                **batch,
                max_new_tokens=tokens,
                do_sample=False,
                pad_token_id=self.tokenizer.pad_token_id,
            )
            new = out[:, batch["input_ids"].shape[1] :]  # B, T: prompts are padded on the left
            said += self.tokenizer.batch_decode(new, skip_special_tokens=True)
        return said


# ---- the judge ---------------------------------------------------------------------------------


def judge(subject: Subject, items: Sequence[Item], spoken: int, report: Report) -> list[str]:
    """Let the model compare a right with a wrong answer in both orders; return the reading.

    Verdicts are forced: the likelihood of A against B where the letter stands. What the judge
    says when it may speak is looked at for the first `spoken` pairs, by `parse_verdict`.
    """
    rng = random.Random(subject.seed)
    wrong = [rng.choice([o for o in item.options if o != item.options[item.answer]])
             for item in items]  # fmt: skip
    right_first = [rng.random() < 0.5 for _ in items]
    pairs = [
        (item.options[item.answer], other) if first else (other, item.options[item.answer])
        for item, other, first in zip(items, wrong, right_first, strict=True)
    ]
    asked = [_compare(i.question, x, y) for i, (x, y) in zip(items, pairs, strict=True)]
    swapped = [_compare(i.question, y, x) for i, (x, y) in zip(items, pairs, strict=True)]
    margins, swapped_margins = _margins(subject, asked), _margins(subject, swapped)
    first = ["A" if margin > 0 else "B" for margin in margins]
    second = ["A" if margin > 0 else "B" for margin in swapped_margins]
    gold = ["A" if is_first else "B" for is_first in right_first]
    told = swap_consistency(first, second)
    # A constant preference for a place adds the same to both margins: their difference has none.
    both = ["A" if one > two else "B" for one, two in zip(margins, swapped_margins, strict=True)]
    hits = [float(v == g) for v, g in zip(first, gold, strict=True)]
    hits_both = [float(v == g) for v, g in zip(both, gold, strict=True)]
    always = [float(a == b == "A") for a, b in zip(first, second, strict=True)]
    last = [float(a == b == "B") for a, b in zip(first, second, strict=True)]
    steady = [1 - a - b for a, b in zip(always, last, strict=True)]
    low, high = kappa_interval(first, gold, subject.seed)
    rows: list[list[Any]] = [
        ["agrees with the gold, one order", *subject.mean(hits)],
        ["agrees with the gold, both orders averaged", *subject.mean(hits_both)],
        ["κ with the gold, one order", cohen_kappa(first, gold), low, high],
        ["consistent under the swap", *subject.mean(steady)],
        ["takes the first answer in both orders", *subject.mean(always)],
        ["takes the second answer in both orders", *subject.mean(last)],
    ]
    report.table(
        "judge", ["measure", "value", "low", "high"], rows, f"The judge, {len(items)} pairs"
    )
    report.result("judge", {"kappa": rows[2][1], "consistent": told["consistent"]})
    replies = subject.say([subject.turn(text) for text in asked[:spoken]], REPLY_TOKENS)
    verdicts = [parse_verdict(reply) for reply in replies]
    read = sum(verdict is not None for verdict in verdicts)
    report.result("judge_replies", {"asked": len(replies), "readable": read})
    p = paired_permutation(hits_both, hits, 5000, subject.seed)
    report.result("judge_swap_p", p)
    return _judged(rows, low, read, len(replies), p)


def _judged(rows: list[list[Any]], low: float, read: int, asked: int, p: float) -> list[str]:
    agrees = "agrees with the gold beyond chance" if low > 0 else (
        "is not shown to agree with the gold beyond chance: the interval of κ holds 0"
    )  # fmt: skip
    biased = max(rows[4], rows[5], key=lambda row: row[1])
    effect = "changes" if p < 0.05 else "does not measurably change"
    return [
        f"As a judge the model {agrees} (κ {rows[2][1]:.2f}, {low:.2f} to {rows[2][3]:.2f}).",
        f"It is consistent under a swap in {rows[3][1]:.0%} of the pairs ({rows[3][2]:.0%} to "
        f"{rows[3][3]:.0%}); in {biased[1]:.0%} it {biased[0]}. Averaging the orders {effect} its "
        f"agreement (p = {p:.3f}).",
        f"Left to speak, it ended with a readable verdict in {read} of {asked} replies.",
    ]


def kappa_interval(first: Sequence[str], second: Sequence[str], seed: int) -> tuple[float, float]:
    """Return the percentile bootstrap interval of κ: pairs of labels are drawn together."""
    generator = np.random.default_rng(seed)
    n = len(first)
    drawn = generator.integers(0, n, size=(RESAMPLES, n)).tolist()
    values = [cohen_kappa([first[i] for i in row], [second[i] for i in row]) for row in drawn]
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _compare(question: str, x: str, y: str) -> str:
    return (
        f"Question: {question}\nAnswer A: {x}\nAnswer B: {y}\n"
        "Which answer is better? End with [[A]] or [[B]] on a line of its own."
    )


def _margins(subject: Subject, texts: Sequence[str]) -> list[float]:
    """Return ln P(A) − ln P(B) where the verdict's letter stands."""
    prompts = [f"{subject.turn(text)}[[" for text in texts]
    scores = subject.loglikelihoods(prompts, [["A", "B"]] * len(prompts))
    return [a - b for a, b in scores]


# ---- answers that should not be there ----------------------------------------------------------


def inventions(subject: Subject, items: Sequence[Item], report: Report) -> list[str]:
    """Ask questions with a passage that answers them or does not; return the reading."""
    prompts = [
        subject.turn(
            f"{item.context}\n\nAnswer in a few words, from the text above alone. If it does not "
            f"hold the answer, say: unanswerable.\nQuestion: {item.question}"
        )
        for item in items
    ]
    answers = [text.strip() for text in subject.say(prompts, ANSWER_TOKENS)]
    sure = _sureness(subject, prompts, answers)
    rows: list[list[Any]] = []
    found: dict[str, dict[str, list[float]]] = {}
    for name, place in (("answerable", 0), ("unanswerable", 1)):
        own = [i for i, item in enumerate(items) if item.answer == place]
        given = [float(not _ABSTAINS.search(normalize_answer(answers[i]))) for i in own]
        held = [_supported(answers[i], items[i].context) for i in own]
        found[name] = {"answered": given, "sure": [sure[i] for i in own], "held": held}
        for measure, label in (
            ("answered", "an answer is given"),
            ("sure", "mean probability of the answer's tokens"),
            ("held", "share of the answer's words that the passage has"),
        ):
            values = found[name][measure]
            rows.append([name, label, len(values), *subject.mean(values)])
    columns = ["questions", "measure", "items", "value", "low", "high"]
    report.table("inventions", columns, rows, "Answers with and without a source")
    area, low, high = _area(found["answerable"]["sure"], found["unanswerable"]["sure"], subject)
    report.result("confidence_auc", {"value": area, "low": low, "high": high})
    share, least, most = subject.mean(found["unanswerable"]["answered"])
    tells = "does tell" if low > 0.5 else "does not tell"
    return [
        f"Asked what the passage cannot answer, the model answers anyway in {share:.0%} "
        f"({least:.0%} to {most:.0%}).",
        f"Its confidence {tells} such questions from answerable ones: the area under the ROC "
        f"curve is {area:.2f} ({low:.2f} to {high:.2f}; 0.5 is a coin).",
    ]


def _sureness(subject: Subject, prompts: Sequence[str], answers: Sequence[str]) -> list[float]:
    """Return the geometric mean of the probabilities of each answer's tokens; 1 for no token."""
    spoken = [answer or "." for answer in answers]
    scores = subject.loglikelihoods(prompts, [[text] for text in spoken])
    sizes = [len(subject.tokenizer(t, add_special_tokens=False)["input_ids"]) for t in spoken]
    return [float(np.exp(score[0] / size)) for score, size in zip(scores, sizes, strict=True)]


def _supported(answer: str, context: str) -> float:
    words = normalize_answer(answer).split()
    known = set(normalize_answer(context).split())
    return sum(word in known for word in words) / len(words) if words else 0.0


def _area(higher: Sequence[float], lower: Sequence[float], subject: Subject) -> list[float]:
    """Return P(one of `higher` exceeds one of `lower`), ties half, and its bootstrap interval."""
    a, b = np.asarray(higher), np.asarray(lower)
    generator = np.random.default_rng(subject.seed)

    def area(x: Any, y: Any) -> float:
        gaps = x[:, None] - y[None, :]
        return float(np.mean(np.where(gaps == 0, 0.5, gaps > 0)))

    drawn = [
        area(generator.choice(a, len(a)), generator.choice(b, len(b))) for _ in range(RESAMPLES)
    ]
    return [area(a, b), *np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()]


# ---- where an answer comes from ----------------------------------------------------------------

PLACES = ("library", "harbour", "museum", "bakery", "observatory", "theatre", "station", "garden")


def sources(subject: Subject, planted: int, real: Sequence[Item], report: Report) -> list[str]:
    """Ask where answers come from: invented codes, and the model's own answers; return reading."""
    rng = random.Random(subject.seed)
    hits, gains = [], []
    for _ in range(planted):
        places = rng.sample(PLACES, 4)
        codes = [str(rng.randrange(1000, 10000)) for _ in places]
        shown = [f"The door code of the {p} is {c}." for p, c in zip(places, codes, strict=True)]
        place = rng.randrange(len(places))
        question = f"What is the door code of the {places[place]}?"
        parts = leave_one_context_out(_score(subject, question, codes[place]), shown)
        hits.append(float(int(np.argmax(parts)) == place))
        gains.append(parts[place])
    found, of_chance = [], 1 / 4
    prompts = [subject.turn(_with(item.question, [item.context])) for item in real]
    for number, answer in enumerate(subject.say(prompts, ANSWER_TOKENS)):
        others = [one.context for one in real if one.context != real[number].context][:2]
        shown = [*others, real[number].context]
        rng.shuffle(shown)
        score = _score(subject, real[number].question, answer.strip() or ".")
        parts = leave_one_context_out(score, shown)
        found.append(float(shown[int(np.argmax(parts))] == real[number].context))
    rows: list[list[Any]] = [
        ["planted codes, 4 passages", len(hits), of_chance, *subject.mean(hits)],
        ["the model's own answers, 3 passages", len(found), 1 / 3, *subject.mean(found)],
    ]
    columns = ["answers", "items", "chance", "source found", "low", "high"]
    report.table("sources", columns, rows, "Leave one context out: is the source found?")
    report.result("planted_gain", subject.mean(gains))
    verdicts = ["above" if row[4] > row[2] else "not shown to be above" for row in rows]
    return [
        f"Leaving contexts out finds a planted source in {rows[0][3]:.0%} of cases, {verdicts[0]} "
        f"chance, and the passage behind the model's own answer in {rows[1][3]:.0%}, {verdicts[1]} "
        "chance.",
    ]


def _with(question: str, contexts: Sequence[str]) -> str:
    return "\n".join([*contexts, f"\nQuestion: {question} Answer in a few words."])


def _score(subject: Subject, question: str, answer: str) -> Callable[[list[str]], float]:
    def score(contexts: list[str]) -> float:
        prompt = subject.turn(_with(question, contexts))
        return subject.loglikelihoods([prompt], [[answer]])[0][0]

    return score
