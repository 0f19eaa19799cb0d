"""Standings: what a board says, as one record that pages, exports and grades are made from.

A competition without a judge (a homework's board by accuracy) fills the same record and leaves
the judge's columns out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from graders.core.records import Flag
from leaderboard.records import Estimate, Kind, Licence, Part


@dataclass(frozen=True, slots=True)
class Column:
    """A column of scores.

    Args:
        key: ``leaderboard.column.<key>`` is its message.
        higher_is_better: Its declared direction.
        weight: In the composite; 0 for a column that is only shown.
    """

    key: str
    higher_is_better: bool = True
    weight: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """One row.

    Args:
        place: One more than the rows with a better score; equal scores share it. 0 if not ranked.
        rank_low: The best rank that the data do not rule out; 0 if not ranked.
        rank_high: The worst one.
        tier: 1 is the best tier; 0 if not ranked.
        name: Of the entrant.
        kind: Of the entrant.
        scores: By column's key; a column may be missing (nothing judged yet).
        top: P(rank ≤ k) over resamples, by k.
        gain: What must be added to the main score to be significantly better than the row above;
            None for the first and where nothing can be said.
        unscored: Share of verdicts that are missing.
        flags: For a person to look at, with the evidence in their arguments.
        submitted: When the scored submission was received (orders the display of exact ties).
    """

    place: int
    rank_low: int
    rank_high: int
    tier: int
    name: str
    kind: Kind
    scores: Mapping[str, Estimate]
    top: Mapping[int, Decimal] = field(default_factory=dict)
    gain: Decimal | None = None
    unscored: Decimal = Decimal(0)
    flags: tuple[Flag, ...] = ()
    submitted: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeadToHead:
    """The two-way comparison of two ranked entrants, `first` before `second` in the order of rows.

    Args:
        first: Name.
        second: Name.
        difference: Of the main score, first less second, paired over questions.
        p_value: Unadjusted.
        adjusted: By Holm over all pairs.
    """

    first: str
    second: str
    difference: Estimate
    p_value: Decimal
    adjusted: Decimal


@dataclass(frozen=True, slots=True)
class Attempt:
    """One scored submission in a team's history, as the public board may tell it."""

    team: str
    received: datetime
    shown: Estimate | None  # None where the Ladder did not release a new score
    best: bool
    selected: bool


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """What the judge's card on the board says."""

    licence: Licence
    coverage: Decimal
    swap_consistency: Decimal
    verdicts: int
    tokens_in: int
    tokens_out: int
    cost: Decimal
    ledger_head: str  # the hash chain's last link


@dataclass(frozen=True, slots=True)
class Standings:
    """A whole board.

    Args:
        competition: Key of the assignment, for example ``hw2a``.
        part: Which items it is computed on.
        columns: In the order of display; the first is the main score.
        comparison: How ranks were decided: a name of the ``leaderboard.comparison.*`` messages.
        rows: Teams in order, baselines and canaries among them by score.
        pairs: Head to head, of ranked rows.
        history: All teams' attempts, by time.
        judge: None without a judge.
        questions: Number of items.
        level: Of the intervals.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
        frozen: Why the board is frozen or counts as plumbing only: keys of
            ``leaderboard.frozen.*`` messages with their arguments; empty when it counts.
        commitment: The sealed split's published hash, or empty.
    """

    competition: str
    part: Part
    columns: tuple[Column, ...]
    comparison: str
    rows: tuple[Standing, ...]
    pairs: tuple[HeadToHead, ...]
    history: tuple[Attempt, ...]
    judge: JudgeReport | None
    questions: int
    level: Decimal
    resamples: int
    seed: int
    frozen: tuple[Flag, ...] = ()
    commitment: str = ""
