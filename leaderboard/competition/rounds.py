"""The story of scoring: attempts → verdicts → which scores are shown → who is selected → boards.

Every verdict goes through the ledger, so an interrupted round goes on where it stopped and a
repeated one asks nobody. What is decided here follows from the facts of the round alone, which is
why a replay, with a judge that only reads the ledger, comes to the same boards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from graders.core.errors import InfraError
from graders.core.records import Flag
from leaderboard.competition import build
from leaderboard.competition.attempts import Field, read_try
from leaderboard.competition.climbs import Tried, attempts_shown, better, climb
from leaderboard.competition.columns import Evidence
from leaderboard.competition.facts import Fact, Facts
from leaderboard.competition.limits import Status
from leaderboard.competition.score import standings
from leaderboard.competition.selection import selected
from leaderboard.integrity import examine
from leaderboard.judges import Ledger, canaries, compare_all, exam, report
from leaderboard.metrics import METRICS, per_item
from leaderboard.records import Entrant, Estimate, Judge, Kind, Licence, Outcome, Part, Question
from leaderboard.standings import Attempt, Standings

if TYPE_CHECKING:
    from leaderboard.competition.columns import FloatArray


class Watch(Protocol):
    """Is told of progress."""

    def planned(self, total: int) -> None:
        """Say how many steps there will be."""

    def done(self, steps: int, what: str) -> None:
        """Say that so many more are done, and of what."""


class Silent:
    """A watch that looks away."""

    def planned(self, total: int) -> None:
        """Ignore the plan."""

    def done(self, steps: int, what: str) -> None:
        """Ignore the progress."""


@dataclass(frozen=True, slots=True)
class Boards:
    """What a round came to; `private` is None before the end."""

    public: Standings
    private: Standings | None

    @property
    def by_part(self) -> dict[Part, Standings]:
        """The boards that there are."""
        found = {Part.PUBLIC: self.public}
        return found if self.private is None else {**found, Part.PRIVATE: self.private}


CHUNK = 20  # questions that are asked for all entrants together
_Compared = tuple[Entrant, tuple[Outcome, ...]]


@dataclass(frozen=True, slots=True)
class _Told:
    """What all boards of a round say alike."""

    licence: Licence
    head: str
    history: tuple[Attempt, ...]


class Round:
    """One round of scoring; `boards` does it all.

    Args:
        field: Where it takes place; its rules must be those of the facts.
        facts: What it stands on.
        judge: Who is asked what the ledger does not know.
        ledger: Where verdicts are kept.
        watch: Is told of progress.
    """

    def __init__(
        self, field: Field, facts: Facts, judge: Judge, ledger: Ledger, watch: Watch
    ) -> None:
        self._field = field
        self._facts = facts
        self._judge = judge
        self._ledger = ledger
        self._watch = watch
        self._questions = {part: build.questions_of(field, part) for part in Part}
        self._baselines = build.baselines(field)
        name = field.config.competition.baseline
        self._base = next(one for one in self._baselines if one.name == name)

    def boards(self) -> Boards:
        """Judge what has not been judged, and return the boards.

        Raises:
            InfraError: The judge failed, or too many verdicts are missing to publish anything.
        """
        scored = [fact for fact in self._facts.attempts if fact.status is Status.SCORED]
        others = {part: self._others(part) for part in self._parts}
        self._watch.planned(2 * sum(len(self._questions[part]) for part in self._parts))
        licence = exam.examine(self._judge, exam.items(), self._ledger)
        tried = self._tried(scored, Part.PUBLIC)
        climbs = climb(tried)
        chosen = self._selected(tried)
        best = {
            Part.PUBLIC: [one for one in tried if climbs[one.fact.team].best == one.fact.submission]
        }
        if self._facts.final:
            finals = [one for one in tried if one.fact.submission in chosen[one.fact.team]]
            best[Part.PRIVATE] = better(self._tried([one.fact for one in finals], Part.PRIVATE))
        against = {part: self._against(others[part], part) for part in self._parts}
        told = _Told(
            licence=licence,
            # Every verdict is there now: all boards of a round name one link of the chain.
            head=self._facts.ledger_head or self._ledger.head,
            history=attempts_shown(tried, climbs, chosen, self._rates(tried)),
        )
        made = {part: self._board(part, best[part], against[part], told) for part in self._parts}
        return Boards(made[Part.PUBLIC], made.get(Part.PRIVATE))

    @property
    def _parts(self) -> tuple[Part, ...]:
        return tuple(Part) if self._facts.final else (Part.PUBLIC,)

    def _others(self, part: Part) -> tuple[Entrant, ...]:
        """Return baselines and canaries with their answers to a part."""
        return (*self._baselines, *canaries.entrants(self._questions[part], self._base))

    def _tried(self, facts: Sequence[Fact], part: Part) -> list[Tried]:
        """Compare attempts with the baseline on a part, in the given order."""
        entrants = [self._entrant(fact) for fact in facts]
        found = self._compared(entrants, part)
        return [
            Tried(
                fact,
                replace(entrant, name=fact.team),
                tuple(replace(one, entrant=fact.team) for one in found[entrant.name]),
            )
            for fact, entrant in zip(facts, entrants, strict=True)
        ]

    def _entrant(self, fact: Fact) -> Entrant:
        """Return an attempt under a name of its own: a team may have several."""
        answers = read_try(self._field, self._field.workspace.store.submission(fact.submission))
        if answers.answers is None:
            raise InfraError(
                f"submission {fact.submission} is no longer a valid file of answers",
                where=fact.team,
                todo="Restore the workspace from a backup",
            )
        return Entrant(f"{fact.team} #{fact.submission}", answers.answers)

    def _compared(self, entrants: Sequence[Entrant], part: Part) -> dict[str, tuple[Outcome, ...]]:
        """Compare entrants with the baseline, some questions at a time so that it can be seen."""
        found: dict[str, tuple[Outcome, ...]] = {one.name: () for one in entrants}
        questions = self._questions[part]
        for begin in range(0, len(questions), CHUNK):
            some = questions[begin : begin + CHUNK]
            if entrants:
                new = compare_all(self._judge, some, entrants, self._base, self._ledger)
                found = {name: (*before, *new[name]) for name, before in found.items()}
            self._watch.done(len(some), f"{part} items")
        return found

    def _selected(self, tried: Sequence[Tried]) -> dict[str, tuple[int, ...]]:
        """Return the selected submissions of every team."""
        public = {one.fact.submission: one.value for one in tried}
        return {
            team: selected(
                [one.fact for one in tried if one.fact.team == team],
                self._facts.declared.get(team, ()),
                public,
                self._field.config.competition.selections,
            )
            for team in {one.fact.team for one in tried}
        }

    def _rates(self, tried: Sequence[Tried]) -> Sequence[Estimate]:
        """Return the main score of every attempt on the public items, with its interval."""
        import numpy as np

        from leaderboard.ranking.winrates import estimates, win_rates

        if not tried:
            return ()
        rules = self._field.config.competition
        rates = win_rates(
            np.stack([one.scores for one in tried]),
            seed=rules.seed,
            resamples=rules.resamples,
            level=float(rules.level),
        )
        found = estimates(rates.value, rates.low, rates.high)
        return [one for one in found if one is not None]

    def _against(self, others: Sequence[Entrant], part: Part) -> list[_Compared]:
        """Return baselines and canaries with their outcomes; the baseline itself has none."""
        found = self._compared([one for one in others if one is not self._base], part)
        return [(one, found.get(one.name, ())) for one in others]

    def _board(
        self, part: Part, best: Sequence[Tried], others: Sequence[_Compared], told: _Told
    ) -> Standings:
        """Return the board of a part.

        Raises:
            InfraError: Too many verdicts are missing.
        """
        questions = self._questions[part]
        teams = [(one.entrant, one.outcomes) for one in best]
        everybody = [*teams, *others]
        outcomes = [one for _, of_one in everybody for one in of_one]
        judged = report(outcomes, told.licence, self._ledger, told.head)
        self._require_coverage(part, judged.coverage)
        entrants = [entrant for entrant, _ in everybody]
        keys = self._field.config.metric_keys
        evidence = Evidence(
            part=part,
            questions=questions,
            entrants=entrants,
            outcomes={entrant.name: of_one for entrant, of_one in everybody},
            metrics=_measured(keys, entrants, questions),
            directions={key: METRICS[key].higher_is_better for key in keys},
            judge=judged,
            submitted={one.fact.team: one.fact.received for one in best},
            history=told.history,
            flags=self._flags(entrants, questions),
            commitment=self._facts.commitment,
            drift=self._facts.drift,
        )
        return standings(self._field.config, self._field.name, evidence)

    def _flags(
        self, entrants: Sequence[Entrant], questions: Sequence[Question]
    ) -> dict[str, tuple[Flag, ...]]:
        """Return what a person should look at, re-runs included."""
        looked_at = [one for one in entrants if one.kind is not Kind.CANARY]
        return {
            name: (*flags, *self._facts.reruns.get(name, ()))
            for name, flags in examine(looked_at, questions).items()
        }

    def _require_coverage(self, part: Part, coverage: Decimal) -> None:
        least = self._field.config.competition.coverage
        if coverage < least:
            raise InfraError(
                f"only {coverage:.2%} of the verdicts on the {part} items are there,"
                f" and {least:.0%} are needed: nothing is published",
                where=self._judge.card.name,
                todo="Run the same command again; only what is missing is asked",
            )


def _measured(
    keys: Sequence[str], entrants: Sequence[Entrant], questions: Sequence[Question]
) -> dict[str, FloatArray]:
    """Return the metrics of teams and baselines; nan for canaries.

    A canary is there to fool the judge alone, and a flood of words costs minutes to embed.
    """
    import numpy as np

    honest = [row for row, one in enumerate(entrants) if one.kind is not Kind.CANARY]
    found = per_item(keys, [entrants[row] for row in honest], questions)
    whole = {}
    for key, values in found.items():
        whole[key] = np.full((len(entrants), len(questions)), np.nan)
        whole[key][honest] = values
    return whole
