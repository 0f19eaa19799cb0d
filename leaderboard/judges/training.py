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

from graders.core.canonical import plain
from graders.core.errors import CourseError
from leaderboard.embedding import Embed
from leaderboard.judges.features import FEATURES, Text, matrix
from leaderboard.judges.intervals import LEVEL, wilson
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
class Table:
    """Pairs as arrays: the features of both answers, each of shape (pairs, features)."""

    better: Floats
    worse: Floats
    kinds: NDArray[np.str_]

    def where(self, chosen: NDArray[np.bool_]) -> Table:
        """Return some of the pairs."""
        return Table(self.better[chosen], self.worse[chosen], self.kinds[chosen])


@dataclass(frozen=True, slots=True)
class Training:
    """A trained model, and how well models did on what they never saw.

    Args:
        model: Trained on everything.
        unseen: By kind, the accuracy on the packages held out of a model that saw neither them nor
            the kind nor its family (`pairs.FAMILIES`); equal scores count half, intervals are
            Wilson's. Pairs of `OFF_TOPIC` are no kind of bad summary: nobody is asked about them.
    """

    model: Model
    unseen: Mapping[str, Estimate]


def train(
    rows: Sequence[Row],
    embed: Embed,
    *,
    seed: int,
    answers: Sequence[Mapping[str, str]] = (),
    embedder: str = "",
) -> Training:
    """Train on all packages; temperature and accuracies come from packages that are held out.

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
    part = tabulate(pairs, embed, _language(kept))
    asked = np.array([pair.group in held for pair in pairs])
    temperature = _temperature(fit(part.where(~asked)), part.where(asked))
    unseen = leave_one_kind_out(part, asked)
    language = _language(rows)
    weights = fit(tabulate(pairs, embed, language))
    facts = {
        "embedder": embedder,
        "packages": packages,
        "pairs": dict(sorted(Counter(pair.kind for pair in pairs).items())),
        "rows": len(rows),
        "rows_sha256": _digest(rows),
        "seed": seed,
        "unseen": {kind: [one.value, one.low, one.high] for kind, one in unseen.items()},
    }
    model = Model(weights.knots, weights.by_feature, language, temperature, TIE, plain(facts))
    return Training(model, unseen)


def held_out(packages: Sequence[str], seed: int) -> frozenset[str]:
    """Choose a quarter of the packages, at least one."""
    order = np.random.default_rng(seed).permutation(sorted(packages))
    return frozenset(order[: max(1, round(len(packages) * HELD_OUT))].tolist())


def leave_one_kind_out(
    table: Table, asked: NDArray[np.bool_], level: Decimal = LEVEL
) -> Mapping[str, Estimate]:
    """Return the accuracy on each kind as `Training.unseen` says.

    Args:
        table: Of all pairs.
        asked: Which of them are of held-out packages.
        level: Of the intervals.
    """
    families = np.array([FAMILIES.get(kind, kind) for kind in table.kinds.tolist()])
    found = {}
    for kind in sorted({*table.kinds.tolist()} - {OFF_TOPIC}):
        weights = fit(table.where(~asked & (families != FAMILIES.get(kind, kind))))
        margins = weights.margins(table.where(asked & (table.kinds == kind)))
        right = float((margins > 0).sum() + (margins == 0).sum() / 2)
        found[kind] = wilson(right / max(len(margins), 1), len(margins), level)
    return found


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the segments, in log-odds; the first two fields of a `Model`."""

    knots: tuple[tuple[float, ...], ...]
    by_feature: tuple[tuple[float, ...], ...]

    def margins(self, table: Table) -> Floats:
        """Return s(better) − s(worse), shape (pairs,)."""
        flat = np.concatenate([np.array(some) for some in self.by_feature])
        better, worse = segments(table.better, self.knots), segments(table.worse, self.knots)
        margins: Floats = (better - worse) @ flat
        return margins


def fit(table: Table) -> Weights:
    """Fit weights to pairs."""
    knots = choose_knots(np.vstack([table.better, table.worse]))
    differences = segments(table.better, knots) - segments(table.worse, knots)
    flat = _minimise(differences, _balanced(table.kinds.tolist()), knots)
    weights, start = [], 0
    for ends in knots:
        weights.append(tuple(round(float(x), DIGITS) for x in flat[start : start + len(ends) - 1]))
        start += len(ends) - 1
    return Weights(knots, tuple(weights))


def tabulate(pairs: Sequence[Pair], embed: Embed, language: Language) -> Table:
    """Return the features of pairs."""
    texts = [Text(pair.prompt, pair.better) for pair in pairs]
    texts += [Text(pair.prompt, pair.worse) for pair in pairs]
    unique = list(dict.fromkeys(texts))
    place = {text: number for number, text in enumerate(unique)}
    found = matrix(unique, embed, language)[[place[text] for text in texts]]
    kinds = np.array([pair.kind for pair in pairs])
    return Table(found[: len(pairs)], found[len(pairs) :], kinds)


def _language(rows: Sequence[Row]) -> Language:
    return count((row.summary for row in rows), (row.prompt for row in rows))


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


def _temperature(weights: Weights, table: Table) -> float:
    """Return the temperature that makes held-out verdicts most likely (Guo et al., 2017)."""
    from scipy.optimize import minimize_scalar

    margins = weights.margins(table)
    balance = _balanced(table.kinds.tolist())

    def loss(log_temperature: float) -> float:
        return float((balance * np.logaddexp(0, -margins / np.exp(log_temperature))).sum())

    found = minimize_scalar(loss, bounds=(-2.0, 3.0), method="bounded")
    return round(float(np.exp(found.x)), DIGITS)


def _digest(rows: Sequence[Row]) -> str:
    whole = hashlib.sha256()
    for row in rows:
        whole.update(f"{row.id}\0{row.prompt}\0{row.summary}\0".encode())
    return whole.hexdigest()
