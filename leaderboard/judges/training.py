"""Training of the trained judge, and its examination on kinds of pairs that it never saw.

Minimised over weights w: Σᵢ vᵢ·softplus(−dᵢ·w) + λ‖w − prior‖²/2, dᵢ the difference of the two
answers' segments, vᵢ such that every kind of pair weighs the same; bounds keep the sign of what
can only be worse. Convex, so the start does not matter.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from graders.core.errors import CourseError
from leaderboard.judges.embedding import Embed
from leaderboard.judges.features import FEATURES, Text, matrix
from leaderboard.judges.intervals import wilson
from leaderboard.judges.language import Language, count
from leaderboard.judges.pairs import FAMILIES, OFF_TOPIC, Pair, Row, make_pairs
from leaderboard.judges.trained import Model, segments
from leaderboard.records import Estimate

Floats = NDArray[np.float64]

PIECES = 3  # segments of a feature
RIDGE = 0.2  # of 100 pairs
TIE = 0.05
HELD_OUT = 0.25  # of the packages: what the temperature is fitted on
DIGITS = 6
FEWEST_PACKAGES = 2


@dataclass(frozen=True, slots=True)
class Fitted:
    """Pairs as arrays: the features of both answers, each of shape (pairs, features)."""

    better: Floats
    worse: Floats
    kinds: tuple[str, ...]


def train(
    rows: Sequence[Row],
    embed: Embed,
    *,
    seed: int,
    answers: Sequence[Mapping[str, str]] = (),
    embedder: str = "",
) -> Model:
    """Train on all packages; the temperature is fitted on packages held out from the weights.

    Args:
        rows: The training part.
        embed: Texts to unit vectors.
        seed: Of the pairs and of the packages held out.
        answers: Outputs of untrained models by id, worse than a person's.
        embedder: Its name, for the card.

    Raises:
        CourseError: There are fewer than two packages.
    """
    packages = sorted({row.package for row in rows})
    if len(packages) < FEWEST_PACKAGES:
        raise CourseError(
            "a judge is trained on at least two packages, for one is held out",
            todo="Train on the whole train.jsonl",
        )
    held = held_out(packages, seed)
    pairs = make_pairs(rows, seed, answers)
    kept = [row for row in rows if row.package not in held]
    part = fit([pair for pair in pairs if pair.group not in held], kept, embed)
    temperature = _temperature(part, [pair for pair in pairs if pair.group in held], embed)
    whole = fit(pairs, rows, embed)
    return Model(
        knots=whole.knots,
        weights=whole.weights,
        language=whole.language,
        temperature=temperature,
        tie=TIE,
        facts={
            "embedder": embedder,
            "packages": packages,
            "pairs": dict(sorted(Counter(pair.kind for pair in pairs).items())),
            "rows": len(rows),
            "rows_sha256": _digest(rows),
            "seed": seed,
        },
    )


def held_out(packages: Sequence[str], seed: int) -> frozenset[str]:
    """Choose a quarter of the packages, at least one."""
    order = np.random.default_rng(seed).permutation(sorted(packages))
    return frozenset(order[: max(1, round(len(packages) * HELD_OUT))].tolist())


def fit(pairs: Sequence[Pair], rows: Sequence[Row], embed: Embed) -> Model:
    """Fit weights to pairs, with temperature 1; the language is counted on the rows."""
    language = count((row.summary for row in rows), (row.prompt for row in rows))
    data = fitted(pairs, embed, language)
    knots = choose_knots(np.vstack([data.better, data.worse]))
    differences = segments(data.better, knots) - segments(data.worse, knots)
    flat = _minimise(differences, _balanced(data.kinds), knots)
    weights, start = [], 0
    for ends in knots:
        weights.append(tuple(round(float(x), DIGITS) for x in flat[start : start + len(ends) - 1]))
        start += len(ends) - 1
    return Model(knots, tuple(weights), language, 1.0, TIE, {})


def fitted(pairs: Sequence[Pair], embed: Embed, language: Language) -> Fitted:
    """Return the features of pairs."""
    texts = [Text(pair.prompt, pair.better) for pair in pairs]
    texts += [Text(pair.prompt, pair.worse) for pair in pairs]
    unique = list(dict.fromkeys(texts))
    rows = dict(zip(unique, matrix(unique, embed, language), strict=True))
    found = np.stack([rows[text] for text in texts])
    kinds = tuple(pair.kind for pair in pairs)
    return Fitted(found[: len(pairs)], found[len(pairs) :], kinds)


def choose_knots(features: Floats) -> tuple[tuple[float, ...], ...]:
    """Return the ends of the segments of each feature: quantiles, or 0 and 1 for a breach."""
    chosen = []
    for feature, column in zip(FEATURES, features.T, strict=True):
        ends = np.unique(np.round(np.quantile(column, np.linspace(0.01, 0.99, PIECES + 1)), DIGITS))
        if feature.sign or len(ends) < 2:
            ends = np.array([0.0, 1.0])
        chosen.append(tuple(float(end) for end in ends))
    return tuple(chosen)


def _balanced(kinds: Sequence[str]) -> Floats:
    """Return weights of pairs: every kind the same in all, the mean 1."""
    sizes = Counter(kinds)
    return np.array([len(kinds) / len(sizes) / sizes[kind] for kind in kinds])


def _minimise(differences: Floats, weights: Floats, knots: Sequence[Sequence[float]]) -> Floats:
    from scipy.optimize import minimize

    prior, bounds = [], []
    for feature, ends in zip(FEATURES, knots, strict=True):
        for low, high in pairwise(ends):
            prior.append(feature.prior * (high - low) / (ends[-1] - ends[0]))
            bounds.append((None, prior[-1] if feature.sign < 0 else None))
    centre = np.array(prior)
    ridge = RIDGE * len(differences) / 100

    def loss(flat: Floats) -> tuple[float, Floats]:
        margins = differences @ flat
        wrong = 1 / (1 + np.exp(margins))
        value = (weights * np.logaddexp(0, -margins)).sum()
        value += ridge * ((flat - centre) ** 2).sum() / 2
        slope = -differences.T @ (weights * wrong) + ridge * (flat - centre)
        return float(value), slope

    found = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=bounds)
    best: Floats = found.x
    return best


def _temperature(model: Model, pairs: Sequence[Pair], embed: Embed) -> float:
    """Return the temperature that makes held-out verdicts most likely (Guo et al., 2017)."""
    from scipy.optimize import minimize_scalar

    margins = margins_of(model, pairs, embed)
    weights = _balanced([pair.kind for pair in pairs])

    def loss(log_temperature: float) -> float:
        return float((weights * np.logaddexp(0, -margins / np.exp(log_temperature))).sum())

    found = minimize_scalar(loss, bounds=(-2.0, 3.0), method="bounded")
    return round(float(np.exp(found.x)), DIGITS)


def margins_of(model: Model, pairs: Sequence[Pair], embed: Embed) -> Floats:
    """Return s(better) − s(worse), shape (pairs,)."""
    data = fitted(pairs, embed, model.language)
    margins: Floats = model.scores(data.better) - model.scores(data.worse)
    return margins


def leave_one_kind_out(
    rows: Sequence[Row],
    embed: Embed,
    *,
    seed: int,
    answers: Sequence[Mapping[str, str]] = (),
    level: Decimal = Decimal("0.95"),
) -> Mapping[str, Estimate]:
    """Return the accuracy on each kind of a judge that never saw the kind.

    It saw neither its family (`pairs.FAMILIES`) nor the packages that it is asked about. Pairs of
    `OFF_TOPIC` are no kind of bad summary, so nobody is asked about them. Equal scores count half;
    intervals are Wilson's.
    """
    held = held_out(sorted({row.package for row in rows}), seed)
    pairs = make_pairs(rows, seed, answers)
    kept = [row for row in rows if row.package not in held]
    found = {}
    for kind in sorted({pair.kind for pair in pairs} - {OFF_TOPIC}):
        kin = FAMILIES.get(kind, kind)
        seen = [
            pair
            for pair in pairs
            if pair.group not in held and FAMILIES.get(pair.kind, pair.kind) != kin
        ]
        asked = [pair for pair in pairs if pair.group in held and pair.kind == kind]
        margins = margins_of(fit(seen, kept, embed), asked, embed)
        right = (margins > 0).sum() + (margins == 0).sum() / 2
        found[kind] = wilson(float(right) / max(len(asked), 1), len(asked), level)
    return found


def _digest(rows: Sequence[Row]) -> str:
    whole = hashlib.sha256()
    for row in rows:
        whole.update(f"{row.id}\0{row.prompt}\0{row.summary}\0".encode())
    return whole.hexdigest()
