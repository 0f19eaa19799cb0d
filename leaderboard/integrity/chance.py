"""How often honest systems agree, and how unlikely more than that is.

Questions differ: on some nearly everybody writes the same line, on most nobody does. And systems
differ: those built alike agree more with everybody. So the chance that an event happens to one
entry (a pair, an entrant) on one question is, in log-odds, the question's rate among all other
entries plus the entry's own leaning (the additive model of Rasch, 1960, taken from marginals and
not fitted). Given these chances the number of events is Poisson-binomial, and its upper tail is
the p-value. It is a guide for a person's eye: systems that share a base model and training data
depend on each other in ways that it does not know, so a flag needs a large effect as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

PRIOR_WEIGHT = 2.0  # entries' worth of belief in the rate assumed where a class says little
CERTAIN = 0.99  # no chance is taken for certain: an event can always be missing


def logit(rate: Floats) -> Floats:
    """Return log-odds of rates, kept away from 0 and 1."""
    import numpy as np

    inside = np.clip(rate, 1 - CERTAIN, CERTAIN)
    return np.asarray(np.log(inside / (1 - inside)))


def others_rate(events: Bools, prior: float) -> Floats:
    """Return every question's rate among the other entries.

    Args:
        events: Whether it happened to an entry on a question, shape (E, N).
        prior: Rate that is assumed with the weight of `PRIOR_WEIGHT` entries.

    Returns:
        Shape (E, N).
    """
    counts = events.sum(axis=0) - events
    rates: Floats = (counts + PRIOR_WEIGHT * prior) / (len(events) - 1 + PRIOR_WEIGHT)
    return rates


def shifted(rate: Floats, leaning: Floats) -> Floats:
    """Return rates of shape (E, N) moved by a leaning (E,) in log-odds."""
    import numpy as np

    odds = np.log(rate / (1 - rate)) + leaning[:, None]
    return np.minimum(CERTAIN, 1 / (1 + np.exp(-odds)))


def upper_tail(chances: Floats, count: int) -> float:
    """Return P(at least `count` events) of independent events, by convolution.

    Args:
        chances: Of each event, shape (N,).
        count: From 0 to N.
    """
    import numpy as np

    if count <= 0:
        return 1.0
    exact = np.zeros(count)  # P(k events so far) for k < count
    exact[0] = 1.0
    reached = 0.0
    for chance in chances:
        reached += exact[-1] * chance  # the event that makes it `count`
        exact[1:] = exact[1:] * (1 - chance) + exact[:-1] * chance
        exact[0] *= 1 - chance
    return float(min(1.0, reached))
