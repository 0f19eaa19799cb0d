"""The judge's card and what the canaries got: why the scores may be believed, or may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graders.core.messages import Messages
from leaderboard.pages.wording import (
    NONE,
    count,
    entrant_name,
    fixed,
    flag_text,
    percent,
    plain_text,
    ranged,
    worded,
)
from leaderboard.records import Estimate, Kind
from leaderboard.standings import JudgeReport, Standing, Standings


@dataclass(frozen=True, slots=True)
class Line:
    """A fact with its label; `code` for what is compared letter by letter."""

    label: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class CardView:
    """The judge's card: who it is, its exam, its work on this board."""

    licensed: bool
    judge: tuple[Line, ...]
    exam: tuple[Line, ...]
    kinds: tuple[Line, ...]
    work: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CanaryView:
    """A contestant that must lose; `above` are the baselines that it is above."""

    name: str
    score: Estimate | None
    above: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flagged:
    """An entrant that a person should look at, and why."""

    name: str
    href: str
    reasons: tuple[str, ...]


def card_view(report: JudgeReport, words: Messages) -> CardView:
    """Return the judge's card in a language."""
    licence = report.licence
    card = licence.judge

    tokens = (count(words, number) for number in (report.tokens_in, report.tokens_out))

    def line(key: str, value: str, *, code: bool = False) -> Line:
        return Line(words.text(f"leaderboard.judge.{key}"), value or NONE, code)

    return CardView(
        licensed=licence.licensed,
        judge=(
            line("name", card.name),
            line("family", card.family),
            line("version", card.version, code=True),
            line("prompt", card.prompt_version, code=True),
            line("parameters", plain_text(card.parameters), code=True),
        ),
        exam=(
            line("accuracy", ranged(words, licence.accuracy)),
            line("kappa", fixed(words, licence.kappa)),
            line("swap", percent(words, licence.swap_consistency)),
            line("first", ranged(words, licence.first_position)),
            line("coverage", percent(words, licence.coverage)),
            line("items", count(words, licence.items)),
            line("exam", licence.exam, code=True),
        ),
        kinds=tuple(
            Line(worded(words, "leaderboard.exam", kind), percent(words, share))
            for kind, share in sorted(licence.by_kind.items())
        ),
        work=(
            line("verdicts", count(words, report.verdicts)),
            line("coverage", percent(words, report.coverage)),
            line("swap", percent(words, report.swap_consistency)),
            line("tokens", " + ".join(tokens)),
            line("cost", words.decimal(report.cost)),
            line("ledger", report.ledger_head, code=True),
        ),
    )


def canary_views(standings: Standings, words: Messages) -> tuple[CanaryView, ...]:
    """Return what every canary got, and which baselines it is above by the main score."""
    baselines = [row for row in standings.rows if row.kind is Kind.BASELINE]
    return tuple(
        CanaryView(
            name=entrant_name(words, row.name, row.kind),
            score=_main(standings, row),
            above=tuple(
                entrant_name(words, one.name, one.kind)
                for one in baselines
                if _is_above(standings, row, one)
            ),
        )
        for row in standings.rows
        if row.kind is Kind.CANARY
    )


def flagged(standings: Standings, words: Messages, pages: Mapping[str, str]) -> tuple[Flagged, ...]:
    """Return who has flags and what they say. For staff only."""
    return tuple(
        Flagged(
            name=entrant_name(words, row.name, row.kind),
            href=pages.get(row.name, ""),
            reasons=tuple(flag_text(words, flag) for flag in row.flags),
        )
        for row in standings.rows
        if row.flags
    )


def _main(standings: Standings, row: Standing) -> Estimate | None:
    return row.scores.get(standings.columns[0].key)


def _is_above(standings: Standings, row: Standing, other: Standing) -> bool:
    own, theirs = _main(standings, row), _main(standings, other)
    if own is None or theirs is None:
        return False
    gain = own.value - theirs.value
    return bool(gain > 0 if standings.columns[0].higher_is_better else gain < 0)
