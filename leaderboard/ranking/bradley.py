"""Bradley–Terry ratings: the fit, its sandwich intervals and its bootstrap over questions.

P(i beats j) = σ(βᵢ − βⱼ) (Bradley and Terry, Biometrika 39, 1952); a tie is half a win for each.
β minimises −Σ [y·Δ − softplus(Δ)] + ½ λ Σ β², whose minimum has mean 0; a rating is
1000 + β · 400 / ln 10, as Chatbot Arena writes it. Newton's steps are shortened so that no
difference moves by more than 1, and so always descend (see `leaderboard.ranking.logistic`).

The maximum is finite only if, whichever way the models are parted in two, each side has beaten
the other (Ford, American Mathematical Monthly 64, 1957): a model that won everything has no finite
rating. λ is then raised (`SEPARATED`) and that is told; otherwise it is next to nothing.

Battles of one question (both orders, repeats, several models) are not independent: the bootstrap
draws questions, and the covariance that ranks are decided by sums scores within a question first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from graders.core.errors import CourseError, InfraError
from leaderboard.ranking.battles import Battles
from leaderboard.ranking.logistic import ENOUGH, MOST_STEPS, sigmoid
from leaderboard.ranking.resampling import FloatArray, IntArray, resampled

SCALE = 400 / math.log(10)
CENTRE = 1000.0
RIDGE = 1e-6  # of the fit: a millionth of a battle
SEPARATED = 0.1  # the same where some rating is infinite: a prior of standard deviation 3.2
HESSIAN_RIDGE = 1e-5  # per battle, in the sandwich
BLOCK = 125_000  # pairs times refits at a time: arrays of this size stay in a processor's cache


@dataclass(frozen=True, slots=True)
class Pairs:
    """Battles counted by pair of models that met.

    Args:
        first: Number of the pair's model with the smaller number, shape (pairs,).
        second: The other, shape (pairs,).
        met: Battles, shape (pairs,).
        won: Points of the first, shape (pairs,).
        models: Number of models.
    """

    first: IntArray
    second: IntArray
    met: FloatArray
    won: FloatArray
    models: int


@dataclass(frozen=True, slots=True)
class Ratings:
    """A fit.

    Args:
        beta: Log-strengths with mean 0, shape (models,).
        separated: Whether the unpenalised ratings are infinite, so that λ was raised.
        ridge: λ.
    """

    beta: FloatArray
    separated: bool
    ridge: float


def scaled(beta: FloatArray) -> FloatArray:
    """Return ratings of log-strengths."""
    return CENTRE + SCALE * beta


def paired(battles: Battles) -> tuple[Pairs, IntArray, FloatArray]:
    """Return battles by pair, each battle's pair, and the points of that pair's first model."""
    swapped = battles.first > battles.second
    low = np.where(swapped, battles.second, battles.first)
    high = np.where(swapped, battles.first, battles.second)
    models = len(battles.models)
    codes, pair = np.unique(low * models + high, return_inverse=True)
    points = np.where(swapped, 1 - battles.points, battles.points)
    met = np.bincount(pair, minlength=len(codes)).astype(np.float64)
    won = np.bincount(pair, weights=points, minlength=len(codes)).astype(np.float64)
    return Pairs(codes // models, codes % models, met, won, models), pair, points


def groups(pairs: Pairs, *, beaten: bool = False) -> IntArray:
    """Return the number of each model's group, shape (models,).

    Args:
        pairs: Who met whom.
        beaten: A group is who can be reached both ways from winner to beaten (a tie leads both
            ways), and not just who met: one group then means that all ratings are finite.
    """
    leads = np.eye(pairs.models, dtype=np.bool_)
    leads[pairs.first, pairs.second] = (pairs.won > 0) | (not beaten)
    leads[pairs.second, pairs.first] = (pairs.won < pairs.met) | (not beaten)
    for _ in range(max(1, math.ceil(math.log2(max(pairs.models, 2))))):
        far = leads.astype(np.float32)
        leads = far @ far > 0
    both = leads & leads.T
    group: IntArray = np.unique(both.argmax(axis=1), return_inverse=True)[1]
    return group


def fit(battles: Battles) -> Ratings:
    """Fit ratings to battles.

    Raises:
        CourseError: Two groups of models never met: their ratings cannot be compared.
    """
    pairs, _, _ = paired(battles)
    require_connected(battles, pairs)
    separated = bool(groups(pairs, beaten=True).max(initial=0))
    ridge = SEPARATED if separated else RIDGE
    return Ratings(fit_pairs(pairs, ridge), separated, ridge)


def require_connected(battles: Battles, pairs: Pairs) -> None:
    """Refuse battles in which two groups of models never met.

    Raises:
        CourseError: They did not; the error names the groups.
    """
    group = groups(pairs)
    if not group.max(initial=0):
        return
    told = []
    for number in range(int(group.max()) + 1):
        names = [battles.models[place] for place in np.flatnonzero(group == number)]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        told.append(", ".join(map(repr, names[:5])) + more)
    raise CourseError(
        f"{len(told)} groups of models never met, their ratings cannot be compared:\n  "
        + "\n  ".join(told[:20]),
        todo="Add battles between the groups, or rank each group by itself",
    )


def fit_pairs(pairs: Pairs, ridge: float = RIDGE) -> FloatArray:
    """Return β of counted battles, shape (models,)."""
    start = np.zeros((1, pairs.models))
    found: FloatArray = refine(pairs, pairs.met[None], pairs.won[None], start, ridge)[0]
    return found


def refine(
    pairs: Pairs, met: FloatArray, won: FloatArray, start: FloatArray, ridge: float
) -> FloatArray:
    """Fit many sets of counts of the same pairs at once.

    Args:
        pairs: Who met whom; its own counts are not used.
        met: Battles, shape (sets, pairs).
        won: Points of the first, same shape.
        start: β to start from, shape (sets, models).
        ridge: λ.

    Returns:
        β, shape (sets, models).
    """
    found = start.copy()
    active = np.arange(len(found))
    incidence = np.zeros((len(pairs.first), pairs.models))
    incidence[np.arange(len(pairs.first)), pairs.first] = 1.0
    incidence[np.arange(len(pairs.first)), pairs.second] = -1.0
    for _ in range(MOST_STEPS):
        part = slice(None) if len(active) == len(found) else active
        step = _newton(pairs, incidence, (met[part], won[part]), found[part], ridge)
        found[active] += step
        active = active[np.abs(step).max(axis=1, initial=0) > ENOUGH]
        if not len(active):
            return found
    raise InfraError(f"ratings did not settle in {MOST_STEPS} steps")


def _newton(
    pairs: Pairs,
    incidence: FloatArray,
    counts: tuple[FloatArray, FloatArray],
    beta: FloatArray,
    ridge: float,
) -> FloatArray:
    """Return steps, shape (sets, models), that move no difference by more than 1."""
    met, won = counts
    chance = sigmoid(beta @ incidence.T)
    expected = met * chance
    gradient = (won - expected) @ incidence - ridge * beta
    np.subtract(1.0, chance, out=chance)
    hessian = laplacian(pairs, expected * chance)
    diagonal = np.arange(pairs.models)
    hessian[:, diagonal, diagonal] += ridge
    step: FloatArray = np.linalg.solve(hessian, gradient[:, :, None]).astype(np.float64)[:, :, 0]
    step /= np.maximum(step.max(axis=1) - step.min(axis=1), 1.0)[:, None]
    return step


def laplacian(pairs: Pairs, weights: FloatArray) -> FloatArray:
    """Return Σ w (eᵢ − eⱼ)(eᵢ − eⱼ)ᵀ over pairs, shape (sets, models, models).

    Args:
        pairs: Who met whom.
        weights: Shape (sets, pairs).
    """
    found = np.zeros((len(weights), pairs.models, pairs.models))
    found[:, pairs.first, pairs.second] = -weights
    found[:, pairs.second, pairs.first] = -weights
    diagonal = np.arange(pairs.models)
    found[:, diagonal, diagonal] = -found.sum(axis=2)
    return found


def sandwich(battles: Battles, beta: FloatArray, *, by_question: bool = False) -> FloatArray:
    """Return the covariance H⁻¹ G H⁻¹ of β, shape (models, models).

    H sums p(1−p), with a ridge of 1e-5 per battle, and G sums (y−p)², as the package arena-rank
    does; or, by question, G sums the outer products of each question's summed score (Liang and
    Zeger, Biometrika 73, 1986) with the factor Q / (Q − 1).

    Args:
        battles: What was fitted.
        beta: The fit, shape (models,).
        by_question: Whether battles of one question count as dependent.
    """
    pairs, pair, points = paired(battles)
    chance = sigmoid(beta[pairs.first] - beta[pairs.second])
    hessian = laplacian(pairs, (pairs.met * chance * (1 - chance))[None])[0]
    hessian += np.eye(pairs.models) * HESSIAN_RIDGE * len(points)
    residual = points - chance[pair]
    if by_question:
        middle = _by_question(battles, pairs, pair, residual)
    else:
        squares = np.bincount(pair, weights=residual**2, minlength=len(pairs.first))
        middle = laplacian(pairs, squares[None].astype(np.float64))[0]
    inverse = np.linalg.inv(hessian)
    covariance: FloatArray = inverse @ middle @ inverse
    return covariance


def _by_question(
    battles: Battles, pairs: Pairs, pair: IntArray, residual: FloatArray
) -> FloatArray:
    """Return the sum of outer products of the questions' scores, shape (models, models)."""
    from scipy.sparse import csr_array

    questions = len(battles.questions)
    models = np.concatenate([pairs.first[pair], pairs.second[pair]])
    place = (np.concatenate([battles.question, battles.question]), models)
    values = np.concatenate([residual, -residual])
    score = csr_array((values, place), shape=(questions, pairs.models))
    product: FloatArray = (score.T @ score).toarray()
    return product * (questions / max(questions - 1, 1))


def sandwich_interval(
    beta: FloatArray, covariance: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of normal intervals of β, each of shape (models,)."""
    reach = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(np.diag(covariance))
    return beta - reach, beta + reach


def bootstrap(battles: Battles, fitted: Ratings, *, seed: int, resamples: int = 2000) -> FloatArray:
    """Return β refitted on resamples of the questions, shape (resamples, models).

    A model with no battle in a resample is nan there: nothing rates it.

    Args:
        battles: What was fitted.
        fitted: The fit, from which each refit starts.
        seed: Of the resamples.
        resamples: How many.
    """
    from scipy.sparse import csr_array

    from leaderboard.ranking.cores import spread

    pairs, pair, points = paired(battles)
    shape = (len(pairs.first), len(battles.questions))
    met = csr_array((np.ones_like(points), (pair, battles.question)), shape=shape)
    won = csr_array((points, (pair, battles.question)), shape=shape)

    def refits(counts: FloatArray) -> FloatArray:
        drawn = np.ascontiguousarray(counts.T)
        state = np.ascontiguousarray((met @ drawn).T), np.ascontiguousarray((won @ drawn).T)
        start = np.broadcast_to(fitted.beta, (len(counts), pairs.models))
        found = refine(pairs, *state, start, fitted.ridge)
        took = np.zeros((len(counts), pairs.models))
        np.add.at(took.T, pairs.first, state[0].T)
        np.add.at(took.T, pairs.second, state[0].T)
        found[took == 0] = np.nan
        return found

    rows = max(1, BLOCK // len(pairs.first))
    found: list[FloatArray] = []
    for chunk in resampled(len(battles.questions), resamples, seed):
        blocks = [chunk[begin : begin + rows] for begin in range(0, len(chunk), rows)]
        found += spread(refits, blocks)
    return np.concatenate(found)
