"""A judge that only remembers: the board again, from the ledger alone."""

from __future__ import annotations

from collections.abc import Sequence

from graders.core.errors import CourseError
from leaderboard.judges.entries import key_of
from leaderboard.judges.ledger import Ledger
from leaderboard.records import Duel, JudgeCard, Verdict


class ReplayJudge:
    """Gives the verdicts of a ledger and asks nobody.

    Args:
        card: Of the judge whose verdicts are read.
        ledger: Where they stand.
        head: A link of the past (`JudgeReport.ledger_head`): the ledger as it was then.
    """

    def __init__(self, card: JudgeCard, ledger: Ledger, head: str = "") -> None:
        self._card = card
        self._ledger = ledger
        self._head = head

    @property
    def card(self) -> JudgeCard:
        """Who gave the verdicts."""
        return self._card

    def judge(self, duels: Sequence[Duel]) -> Sequence[Verdict]:
        """Return the recorded verdict of each duel, the unscored ones too.

        Raises:
            CourseError: Some were never given; a replay does not guess.
        """
        found = [self._ledger.lookup(key_of(self._card, duel), self._head) for duel in duels]
        missing = [duel for duel, one in zip(duels, found, strict=True) if one is None]
        if missing:
            raise CourseError(
                f"the ledger lacks {len(missing)} of {len(duels)} verdicts of {self._card.name}",
                where=f"question {missing[0].question.id}",
                todo="Replay with the answers, the judge and the ledger of that round",
            )
        return [one for one in found if one is not None]
