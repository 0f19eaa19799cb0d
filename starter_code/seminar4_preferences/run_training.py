"""The run's first half: people's summaries against the model's own, and three trainings."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from .experiment import Setting
from .data import ANSWER_TOKENS, TAIL, Row, generate, one_line, prompt_of
from .pairs import Pair, PairSet, build_pairs
from .red_team import typos
from .training import Plan, State, Step, pair_logps, restore, state_of, train, with_lora

RAW, OVERDONE, TAUGHT, MENDED, ODDS = "raw model", "DPO, overdone", "SFT", "SFT, then DPO", "ORPO"
PAIR_ROWS, SFT_ROWS, CHECK_ROWS, TEST_ROWS = 48, 128, 16, 32
MIN_GAP = 0.2  # ROUGE-L that a person's summary, at 1, must be ahead of the model's
RANK = 8
OVER = Plan("dpo", steps=40, batch=2, lr=5e-4, weight=0.1, seed=0, decays=False)
SFT = Plan("sft", steps=16, batch=8, lr=1e-3, weight=0.0, seed=0)
FIXED = Plan("dpo", steps=9, batch=4, lr=5e-5, weight=0.1, seed=0)
ORPO = Plan("orpo", steps=16, batch=4, lr=5e-4, weight=0.25, seed=0)
DPO_WEIGHTS = {OVERDONE: OVER.weight, MENDED: FIXED.weight}
CHECKS = 3  # of ROUGE-L, evenly over the steps of a training; one more comes before it
TYPOS = 0.3  # of the words


@dataclass(frozen=True, slots=True)
class Rows:
    """Documented objects for each purpose; no package serves two of training, checks and test."""

    pairs: list[Row]
    sft: list[Row]
    check: list[Row]
    test: list[Row]


@dataclass(slots=True)
class Trained:
    """One training: what its steps saw, ROUGE-L on the way, and its state in the end."""

    name: str
    steps: list[Step]
    checks: list[tuple[int, float]]
    state: State
    kept: int  # the step that the state is of


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a training did to its pairs.

    Args:
        chosen: Change of each chosen answer's log-probability, nats.
        rejected: The same for the rejected ones.
        accuracy: The share of pairs whose margin is positive.
        rho: Spearman's rho of margin and gap in words, with its 95 % bootstrap interval; None
            where either is the same for all pairs, as after a training that was taken back.
    """

    chosen: list[float]
    rejected: list[float]
    accuracy: float
    rho: tuple[float, float, float] | None


@dataclass(slots=True)
class Lab:
    """The model with its adapter, and everything that is measured on it."""

    setting: Setting
    model: Any
    tokenizer: Any
    rows: Rows
    scores: dict[str, list[float]] = field(default_factory=dict)
    words: dict[str, float] = field(default_factory=dict)

    def prompts(self, rows: Sequence[Row]) -> list[str]:
        """Return the rows' prompts."""
        return [prompt_of(self.tokenizer, row) for row in rows]

    def answers(self, prompts: Sequence[str]) -> list[str]:
        """Return the model's greedy summaries."""
        texts = generate(self.model, self.tokenizer, prompts, ANSWER_TOKENS)
        return [one_line(text) for text in texts]

    def check(self) -> float:
        """Return ROUGE-L on the rows that decide when to stop."""
        rows = self.rows.check
        return float(np.mean(rouge_l(self.answers(self.prompts(rows)), rows)))

    def test(self, name: str) -> float:
        """Measure the model on the test rows under a name; return the mean ROUGE-L."""
        answers = self.answers(self.prompts(self.rows.test))
        self.scores[name] = rouge_l(answers, self.rows.test)
        self.words[name] = float(np.mean([len(answer.split()) for answer in answers]))
        return float(np.mean(self.scores[name]))

    def plan(self, plan: Plan) -> Plan:
        """Return a plan scaled to the run's share, with its seed."""
        return replace(plan, steps=self.setting.scaled(plan.steps, 2), seed=self.setting.seed)


def rouge_l(answers: Sequence[str], rows: Sequence[Row]) -> list[float]:
    """Return ROUGE-L F1 (Lin 2004) of each answer, by the `rouge_score` package."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"])
    pairs = zip(rows, answers, strict=True)
    return [float(scorer.score(row["summary"], text)["rougeL"].fmeasure) for row, text in pairs]


def divide(rows: Sequence[Row], setting: Setting) -> Rows:
    """Return rows for each purpose, by package: a package has a style of its own."""
    rng = random.Random(setting.seed)
    packages = sorted({row["package"] for row in rows})
    rng.shuffle(packages)
    third = max(1, len(packages) // 4)
    test, check = set(packages[:third]), set(packages[third : 2 * third])
    kinds = [set(packages) - test - check, check, test]
    pools = [[row for row in rows if row["package"] in kind] for kind in kinds]
    for pool in pools:
        rng.shuffle(pool)
    pairs = setting.scaled(PAIR_ROWS, 8)
    return Rows(
        pairs=pools[0][:pairs],
        sft=pools[0][pairs : pairs + setting.scaled(SFT_ROWS, 16)],
        check=pools[1][: setting.scaled(CHECK_ROWS, 4)],
        test=pools[2][: setting.scaled(TEST_ROWS, 6)],
    )


def open_lab(setting: Setting, model: Any, tokenizer: Any, rows: Rows) -> Lab:
    """Return a lab whose model has a fresh adapter."""
    return Lab(setting, with_lora(model, RANK, setting.seed), tokenizer, rows)


def own_against_human(lab: Lab) -> PairSet:
    """Pair each row's summary with the one that the model writes now, by ROUGE-L."""
    rows, prompts = lab.rows.pairs, lab.prompts(lab.rows.pairs)
    own = lab.answers(prompts)
    candidates = [[row["summary"], text] for row, text in zip(rows, own, strict=True)]
    scores = [[1.0, score] for score in rouge_l(own, rows)]
    return build_pairs(prompts, candidates, scores, MIN_GAP)


def over_optimize(lab: Lab, pairs: Sequence[Pair], before: torch.Tensor) -> Trained:
    """Train by DPO from the raw model at a high rate, with nothing that would stop it."""
    return _checked(lab, "DPO from the raw model", pairs, lab.plan(OVER), before=before)


def sft(lab: Lab) -> Trained:
    """Train on people's summaries alone."""
    prompts = lab.prompts(lab.rows.sft)
    shown = zip(prompts, lab.rows.sft, strict=True)
    examples = [Pair(prompt, row["summary"], "", 1.0) for prompt, row in shown]
    plan = lab.plan(SFT)
    steps = train(lab.model, lab.tokenizer, examples, plan)
    return Trained("SFT", steps, [], state_of(lab.model), plan.steps)


def dpo_fixed(lab: Lab, pairs: Sequence[Pair], before: torch.Tensor) -> Trained:
    """Train by DPO from where the model is, at a low rate, and keep the best checked state."""
    return _checked(
        lab, "DPO after SFT, stopped", pairs, lab.plan(FIXED), before=before, stops=True
    )


def orpo(lab: Lab, pairs: Sequence[Pair]) -> Trained:
    """Train by ORPO from the raw model."""
    return _checked(lab, "ORPO from the raw model", pairs, lab.plan(ORPO))


def _checked(
    lab: Lab,
    name: str,
    pairs: Sequence[Pair],
    plan: Plan,
    *,
    before: torch.Tensor | None = None,
    stops: bool = False,
) -> Trained:
    """Train with ROUGE-L measured on the way.

    With `stops`, a check below the best one ends the training, and the best state is kept.
    """
    checks = [(0, lab.check())]
    best = (checks[0][1], 0, state_of(lab.model))
    every = math.ceil(plan.steps / CHECKS)

    def after(done: int) -> bool:
        nonlocal best
        if done % every and done != plan.steps:
            return False
        checks.append((done, lab.check()))
        if checks[-1][1] >= best[0]:
            best = (checks[-1][1], done, state_of(lab.model))
            return False
        return stops

    steps = train(lab.model, lab.tokenizer, pairs, plan, after, reference=before)
    if stops:
        restore(lab.model, best[2])
    kept = best[1] if stops else len(steps)
    return Trained(name, steps, checks, state_of(lab.model), kept)


def disturbed(lab: Lab, name: str) -> dict[str, list[float]]:
    """Measure the model on the test rows asked otherwise: with typos, and in other words.

    Returns:
        ROUGE-L of each row as it is, under ``typos`` and under ``other words``.
    """
    rows = lab.rows.test
    asked = lab.prompts(rows)
    spoiled = [
        typos(text.removesuffix(TAIL), TYPOS, lab.setting.seed + place) + TAIL
        for place, text in enumerate(asked)
    ]
    template = "Documentation of a Python object:\n{}\n\nIn one line, it does this:"
    worded = [template.format(text.removesuffix(TAIL)) for text in asked]
    return {
        "as it is": lab.scores[name],
        "typos": rouge_l(lab.answers(spoiled), rows),
        "other words": rouge_l(lab.answers(worded), rows),
    }


def aftermath(lab: Lab, pairs: Sequence[Pair], before: torch.Tensor, beta: float) -> Aftermath:
    """Return what a training did to the pairs that it was given.

    Args:
        lab: The lab, its model trained.
        pairs: At least three.
        before: Log-probabilities of the answers at the start, shape (N, 2).
        beta: DPO's.
    """
    moved = (pair_logps(lab.model, lab.tokenizer, pairs) - before).cpu().numpy()  # N, 2
    margins = beta * (moved[:, 0] - moved[:, 1])
    gaps = np.array([len(p.chosen.split()) - len(p.rejected.split()) for p in pairs])
    return Aftermath(
        chosen=moved[:, 0].tolist(),
        rejected=moved[:, 1].tolist(),
        accuracy=float((margins > 0).mean()),
        rho=_rank_correlation(gaps, margins, lab.setting.seed),
    )


def _rank_correlation(
    x: np.ndarray, y: np.ndarray, seed: int, resamples: int = 500
) -> tuple[float, float, float] | None:
    """Return Spearman's rho and its bootstrap interval; None where it is not defined."""
    from scipy.stats import spearmanr

    drawn = np.random.default_rng(seed).integers(0, len(x), size=(resamples, len(x)))
    varied = [row for row in drawn if np.ptp(x[row]) > 0 and np.ptp(y[row]) > 0]
    if np.ptp(x) == 0 or np.ptp(y) == 0 or not varied:
        return None
    low, high = np.quantile([spearmanr(x[row], y[row]).statistic for row in varied], [0.025, 0.975])
    return float(spearmanr(x, y).statistic), float(low), float(high)
