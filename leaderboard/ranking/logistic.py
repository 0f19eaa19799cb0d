"""Logistic regressions of one team's scores, fitted on many resamples of the questions at once.

Scores may be fractions: a tie counts as half a win and half a loss. The penalised negative
log-likelihood of resample r is

    Σₙ cᵣₙ [softplus(xₙ·β) − yₙ xₙ·β] + ½ Σₖ λₖ βₖ²,

and it is minimised by Newton's method (iteratively reweighted least squares). A step is shortened
so that no linear predictor moves by more than 1: within that distance the curvature changes by
less than a factor e, and a Newton step always descends (Bach, Self-concordant analysis for
logistic regression, Electronic Journal of Statistics 4, 2010, proposition 1). So there is no line
search, and the penalty makes the minimum finite even where a team won everything.
"""

from __future__ import annotations

import numpy as np

from graders.core.errors import InfraError
from leaderboard.ranking.resampling import FloatArray

ENOUGH = 1e-5  # Newton is quadratic: after a step of this size the error is near 1e-10
MOST_STEPS = 200
BLOCK = 100_000  # predictors at a time: arrays of this size stay in a processor's cache


def sigmoid(values: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-values)), in place of `values`' shape, without overflow."""
    found: FloatArray = np.clip(values, -700.0, 700.0)
    np.negative(found, out=found)
    np.exp(found, out=found)
    found += 1.0
    np.reciprocal(found, out=found)
    return found


def fit_once(
    design: FloatArray, scores: FloatArray, ridge: FloatArray, counts: FloatArray | None = None
) -> FloatArray:
    """Fit one regression from zero.

    Args:
        design: Shape (questions, parameters).
        scores: In [0, 1], shape (questions,).
        ridge: λ of every parameter, shape (parameters,).
        counts: How often a question counts, shape (questions,); once each when None.

    Returns:
        β, shape (parameters,).
    """
    weights = np.ones((1, len(scores))) if counts is None else counts[None]
    start = np.zeros((1, design.shape[1]))
    found: FloatArray = _refine(design, scores, ridge, (weights, start))[0]
    return found


def refit(
    design: FloatArray,
    scores: FloatArray,
    ridge: FloatArray,
    counts: FloatArray,
    start: FloatArray,
) -> FloatArray:
    """Fit a regression on every resample, starting from the fit of all questions.

    The first step from a common start needs no exponential per resample: all gradients and
    curvatures are one matrix product with the counts.

    Args:
        design: Shape (questions, parameters).
        scores: In [0, 1], shape (questions,).
        ridge: λ of every parameter, shape (parameters,).
        counts: How often a question counts, shape (resamples, questions).
        start: β of all questions, shape (parameters,).

    Returns:
        β of every resample, shape (resamples, parameters).
    """
    won = sigmoid(design @ start)
    gradient = counts @ (design * (scores - won)[:, None]) - ridge * start
    curvature = counts @ (_squares(design) * (won * (1 - won))[:, None])
    first = start + _step(gradient, curvature, ridge, design)
    rows = max(1, BLOCK // max(len(scores), 1))
    blocks = [slice(begin, begin + rows) for begin in range(0, len(counts), rows)]
    return np.concatenate(
        [_refine(design, scores, ridge, (counts[block], first[block])) for block in blocks]
    )


def _refine(
    design: FloatArray,
    scores: FloatArray,
    ridge: FloatArray,
    state: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Step every resample until its last step is small; those that are done rest."""
    counts, found = state
    squares = _squares(design)
    active = np.arange(len(found))
    for _ in range(MOST_STEPS):
        weights = counts if len(active) == len(counts) else counts[active]
        won = sigmoid(found[active] @ design.T)
        residual = scores - won
        residual *= weights
        gradient = residual @ design - ridge * found[active]
        np.subtract(1.0, won, out=residual)
        residual *= won
        residual *= weights
        step = _step(gradient, residual @ squares, ridge, design)
        found[active] += step
        active = active[np.abs(step).max(axis=1) > ENOUGH]
        if not len(active):
            return found
    raise InfraError(f"a regression did not settle in {MOST_STEPS} steps")


def _squares(design: FloatArray) -> FloatArray:
    """Return the products of all pairs of columns, shape (questions, parameters²)."""
    rows, parameters = design.shape
    return (design[:, :, None] * design[:, None, :]).reshape(rows, parameters**2)


def _step(
    gradient: FloatArray, curvature: FloatArray, ridge: FloatArray, design: FloatArray
) -> FloatArray:
    """Return Newton's steps, none of which moves a linear predictor by more than 1."""
    rows, parameters = gradient.shape
    hessian = curvature.reshape(rows, parameters, parameters) + np.diag(ridge)
    step: FloatArray = np.linalg.solve(hessian, gradient[:, :, None]).astype(np.float64)[:, :, 0]
    # Most steps are short by the triangle inequality already. Where strength and a covariate are
    # nearly one column, their moves cancel, and only the predictors themselves tell.
    far = np.flatnonzero(np.abs(step) @ np.abs(design).max(axis=0, initial=0) > 1)
    if len(far):
        moved = np.abs(step[far] @ design.T).max(axis=1, initial=0)
        step[far] /= np.maximum(moved, 1.0)[:, None]
    return step
