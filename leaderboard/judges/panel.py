"""A panel: several judges of different families, one verdict (PoLL, arXiv 2404.18796).

A judge does not judge its own family: members of a family that the contestants' answers come from
are left out, and the panel's card says which.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from decimal import Decimal
from enum import StrEnum

from graders.core.canonical import digest_of
from graders.core.errors import CourseError
from leaderboard.judges.entries import card_data
from leaderboard.judges.prompt import PROMPT_VERSION
from leaderboard.records import Duel, Judge, JudgeCard, Label, Verdict

POINTS = {Label.FIRST: 1.0, Label.TIE: 0.5, Label.SECOND: 0.0}


class Rule(StrEnum):
    """How members' verdicts become one."""

    VOTE = "vote"
    MEAN = "mean"


class Panel:
    """See `panel`."""

    def __init__(self, judges: Sequence[Judge], rule: Rule, margin: float, out: list[str]) -> None:
        self._judges = judges
        self._rule = rule
        self._margin = margin
        cards = [judge.card for judge in judges]
        self._card = JudgeCard(
            name="panel",
            family="+".join(sorted({card.family for card in cards})),
            version=digest_of([card_data(card) for card in cards]),
            parameters={
                "members": [card.name for card in cards],
                "left_out": out,
                "rule": rule.value,
                "margin": margin,
            },
            prompt_version=PROMPT_VERSION,
        )

    @property
    def card(self) -> JudgeCard:
        """Who this is; the version is a digest of the members' cards."""
        return self._card

    def judge(self, duels: Sequence[Duel]) -> Sequence[Verdict]:
        """Ask every member and return their common verdicts.

        Raises:
            InfraError: A member cannot work at all; a smaller panel would be another judge.
        """
        said = [judge.judge(duels) for judge in self._judges]
        return [self._together(votes) for votes in zip(*said, strict=True)]

    def _together(self, votes: Sequence[Verdict]) -> Verdict:
        scored = [vote for vote in votes if vote.label is not None]
        quorum = 2 * len(scored) > len(votes)
        chance = sum(map(_chance, scored)) / len(scored) if scored else 0.5
        label: Label | None = None
        if quorum:
            label = self._voted(scored) if self._rule is Rule.VOTE else self._mean(chance)
        raw = [
            {"judge": judge.card.name, "label": vote.label, "raw": vote.raw, "why": vote.why}
            for judge, vote in zip(self._judges, votes, strict=True)
        ]
        return Verdict(
            label=label,
            confidence=chance if quorum else None,
            raw=json.dumps(raw, ensure_ascii=False, sort_keys=True),
            why="" if quorum else "split",
            tokens_in=sum(vote.tokens_in for vote in votes),
            tokens_out=sum(vote.tokens_out for vote in votes),
            cost=sum((vote.cost for vote in votes), Decimal(0)),
        )

    def _voted(self, scored: Sequence[Verdict]) -> Label:
        counts = {label: sum(vote.label is label for vote in scored) for label in Label}
        most = [label for label, count in counts.items() if count == max(counts.values())]
        return most[0] if len(most) == 1 else Label.TIE

    def _mean(self, chance: float) -> Label:
        if abs(chance - 0.5) <= self._margin:
            return Label.TIE
        return Label.FIRST if chance > 0.5 else Label.SECOND


def panel(
    judges: Sequence[Judge],
    rule: Rule | str = Rule.VOTE,
    contestants: Collection[str] = (),
    margin: float = 0.05,
) -> Judge:
    """Return the panel of these judges.

    A verdict needs more than half of the members. By vote the most frequent label counts, and
    equal counts are a tie; by mean it is the mean chance of the first answer (where a member gives
    no confidence its label stands for 1, ½ or 0), and what is within `margin` of ½ is a tie.

    Args:
        judges: With cards that differ.
        rule: How their verdicts become one.
        contestants: Families of models whose answers are compared.
        margin: In chance.

    Raises:
        CourseError: No judge is left, or one of them is there twice.
    """
    left = [judge for judge in judges if judge.card.family not in contestants]
    out = [judge.card.name for judge in judges if judge.card.family in contestants]
    if not left:
        raise CourseError(
            "no judge is left on the panel: all are of the contestants' families",
            where=", ".join(out),
            todo="Add a judge of another family",
        )
    cards = [judge.card for judge in left]
    if any(card in cards[:place] for place, card in enumerate(cards)):
        raise CourseError(
            "a judge sits on the panel twice", where=", ".join(card.name for card in cards)
        )
    return Panel(left, Rule(rule), margin, out)


def _chance(vote: Verdict) -> float:
    if vote.confidence is not None:
        return vote.confidence
    return POINTS[vote.label] if vote.label is not None else 0.5
