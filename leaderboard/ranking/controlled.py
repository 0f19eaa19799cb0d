"""Win rates that a longer or more decorated answer cannot buy.

Length-controlled (AlpacaEval 2: Dubois et al., arXiv 2404.04475, §3): the judge's preference for
an entrant over the baseline on question x is modelled as

    P = σ(θ + φ·tanh(Δₓ / sd(Δ)) + ψ·γₓ),

with Δₓ the difference of the answers' lengths and γₓ the difficulty of the question; the
controlled win rate is the mean over x of σ(θ + ψ·γₓ), what it would be at equal lengths. γ is
estimated once, from the *other* entrants' scores: an entrant's own would explain themselves.

Style-controlled (Chatbot Arena, "Does style matter?", 2024): the covariates are
(Lₘ − L_b)/(Lₘ + L_b) and the differences in density of headers, list items and bold, each in
units of its standard deviation. A score in standard units would also subtract the mean; here it is
not, because the controlled rate is the one at *no* difference, not at the usual difference.

Both are fitted with weak Gaussian priors (λ below, of log-odds per covariate), which keep an
entrant that won everything, or whose answers are all longer by the same length, finite.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.ranking.cores import spread
from leaderboard.ranking.logistic import fit_once, refit, sigmoid
from leaderboard.ranking.resampling import (
    FloatArray,
    IntArray,
    percentile_interval,
    require_settings,
    resample_counts,
)
from leaderboard.ranking.winrates import divide, require_scores

STRENGTH_RIDGE = 1e-6  # θ: only so that a sweep is finite
COVARIATE_RIDGE = 1e-2  # φ, ψ and styles: a prior with a standard deviation of 10

_HEADER = re.compile(r"^ {0,3}#{1,6} ", re.MULTILINE)
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)]) ", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")


@dataclass(frozen=True, slots=True)
class Controlled:
    """Controlled win rates, each array of shape (entrants,) but the last.

    Args:
        value: At no difference in the covariates; nan for an entrant without any score.
        error: Standard deviation over the refits.
        low: Lower end of the percentile bootstrap interval with refits.
        high: Upper end.
        strength: θ.
        effects: The covariates' coefficients, shape (entrants, covariates).
    """

    value: FloatArray
    error: FloatArray
    low: FloatArray
    high: FloatArray
    strength: FloatArray
    effects: FloatArray


def difficulty(scores: FloatArray) -> FloatArray:
    """Return γ for every entrant: how easy the others found each question.

    The log-odds of the others' mean score with half a win and half a loss added, in standard
    units over the questions; 0 where there are no others.

    Args:
        scores: Shape (entrants, questions); nan where unscored.

    Returns:
        Shape (entrants, questions).
    """
    given = ~np.isnan(scores)
    held = np.where(given, scores, 0.0)
    won = held.sum(axis=0) - held + 0.5
    lost = given.sum(axis=0) - given - (held.sum(axis=0) - held) + 0.5
    odds = np.log(won / lost)
    odds -= odds.mean(axis=1, keepdims=True)
    scale = odds.std(axis=1, keepdims=True)
    found: FloatArray = np.divide(odds, scale, out=np.zeros_like(odds), where=scale > 1e-12)
    return found


def length_controlled(
    scores: FloatArray,
    lengths: FloatArray,
    baseline: FloatArray,
    *,
    seed: int,
    resamples: int = 500,
    level: float = 0.95,
    gamma: FloatArray | None = None,
    clusters: IntArray | None = None,
) -> Controlled:
    """Return the length-controlled win rate of every entrant.

    Args:
        scores: Against the baseline, in [0, 1], shape (entrants, questions); nan where unscored.
        lengths: Of the entrants' answers, same shape.
        baseline: Lengths of the baseline's answers, shape (questions,).
        seed: Of the resamples, which all entrants share.
        resamples: How many; each is refitted.
        level: Of the intervals.
        gamma: Difficulties, shape (entrants, questions) or (questions,); estimated when None.
        clusters: Number of the group that a question is resampled with, shape (questions,);
            each alone when None.

    Raises:
        CourseError: A setting is out of range, or there are no questions.
    """
    require_scores(scores)
    longer = in_units(lengths - baseline)
    known = difficulty(scores) if gamma is None else np.broadcast_to(gamma, scores.shape)
    return _controlled(
        scores, np.tanh(longer)[:, :, None], known, (seed, resamples, level), clusters
    )


def style_controlled(
    scores: FloatArray,
    styles: FloatArray,
    *,
    seed: int,
    resamples: int = 500,
    level: float = 0.95,
) -> Controlled:
    """Return the style-controlled win rate of every entrant.

    Args:
        scores: Against the baseline, in [0, 1], shape (entrants, questions); nan where unscored.
        styles: Covariates as of `style_differences`, shape (entrants, questions, covariates).
        seed: Of the resamples, which all entrants share.
        resamples: How many; each is refitted.
        level: Of the intervals.

    Raises:
        CourseError: A setting is out of range, or there are no questions.
    """
    require_scores(scores)
    scaled = in_units(styles.transpose(0, 2, 1)).transpose(0, 2, 1)
    return _controlled(scores, scaled, difficulty(scores), (seed, resamples, level), None)


def style_differences(answers: Sequence[str], baseline: Sequence[str]) -> FloatArray:
    """Return Chatbot Arena's covariates of an entrant's answers against the baseline's.

    Returns:
        Shape (questions, 4): relative difference of lengths; differences of headers, list items
        and bold spans per character.
    """
    mine, theirs = _style(answers), _style(baseline)
    length = divide(mine[:, 0] - theirs[:, 0], mine[:, 0] + theirs[:, 0])
    density = [counts[:, 1:] / np.maximum(counts[:, :1], 1) for counts in (mine, theirs)]
    return np.column_stack([np.nan_to_num(length), density[0] - density[1]])


def in_units(values: FloatArray) -> FloatArray:
    """Divide by the standard deviation over the last axis; 0 where nothing varies.

    Where all differ by the same amount, that amount cannot be told from strength: no control.
    """
    if values.shape[-1] < 2:
        return np.zeros_like(values)
    scale = values.std(axis=-1, ddof=1, keepdims=True)
    varies = scale > 1e-9 * np.maximum(np.abs(values).max(axis=-1, keepdims=True), 1e-9)
    found: FloatArray = np.divide(values, scale, out=np.zeros_like(values), where=varies)
    return found


def _style(texts: Sequence[str]) -> FloatArray:
    """Return lengths and numbers of headers, list items and bold spans, shape (texts, 4)."""
    return np.array(
        [
            (len(text), *(len(mark.findall(text)) for mark in (_HEADER, _ITEM, _BOLD)))
            for text in texts
        ],
        dtype=np.float64,
    ).reshape(len(texts), 4)


def _controlled(
    scores: FloatArray,
    covariates: FloatArray,
    gamma: FloatArray,
    settings: tuple[int, int, float],
    clusters: IntArray | None,
) -> Controlled:
    seed, resamples, level = settings
    require_settings(level, resamples)
    members = np.arange(scores.shape[1]) if clusters is None else clusters
    counts = resample_counts(int(members.max()) + 1, resamples, seed)
    if clusters is not None:
        counts = counts[:, members]
    effects = covariates.shape[2]
    ridge = np.array([STRENGTH_RIDGE] + [COVARIATE_RIDGE] * (effects + 1))

    def one(entrant: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        used = ~np.isnan(scores[entrant])
        if not used.any():
            nothing = np.full(effects + 2, np.nan)
            return nothing, nothing[:1], np.full(resamples, np.nan)
        easy = gamma[entrant, used]
        design = np.column_stack([np.ones(used.sum()), covariates[entrant, used], easy])
        here = counts if used.all() else counts[:, used]
        fitted = fit_once(design, scores[entrant, used], ridge)
        again = refit(design, scores[entrant, used], ridge, here, fitted)
        value = _at_no_difference(fitted[None], easy, np.ones((1, len(easy))))
        return fitted, value, _at_no_difference(again, easy, here)

    found = spread(one, range(len(scores)))
    fitted = np.array([one[0] for one in found]).reshape(len(scores), effects + 2)
    values = np.array([one[1][0] for one in found])
    drawn = np.array([one[2] for one in found]).reshape(len(scores), resamples)
    low, high = percentile_interval(drawn, level)
    error = drawn.std(axis=1, ddof=1) if resamples > 1 else np.full(len(scores), np.nan)
    return Controlled(values, error, low, high, fitted[:, 0], fitted[:, 1:])


def _at_no_difference(fitted: FloatArray, easy: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the mean of σ(θ + ψγ) over the questions of every resample, shape (resamples,)."""
    strength, effect = fitted[:, 0], fitted[:, -1]
    if not easy.any():
        return sigmoid(strength)
    found = np.empty(len(fitted))
    rows = max(1, 100_000 // len(easy))
    for begin in range(0, len(fitted), rows):
        block = slice(begin, begin + rows)
        won = sigmoid(strength[block, None] + effect[block, None] * easy)
        won *= counts[block]
        found[block] = won.sum(axis=1) / np.maximum(counts[block].sum(axis=1), 1)
    return found
