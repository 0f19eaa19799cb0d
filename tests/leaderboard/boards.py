"""Invented boards of the competition: every state that its pages must be able to show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from graders.core.records import Flag
from leaderboard.records import Estimate, JudgeCard, Kind, Licence, Part, digits
from leaderboard.standings import Attempt, Column, HeadToHead, JudgeReport, Standing, Standings

D = Decimal
MARKED_UP = '<script>alert("x")</script>\u202e'
LONG = "Команда имени " + "Трансформатора" * 12
TITLE = {"ru": "ДЗ2А: краткие описания", "en": "HW2A: one-line summaries"}
NAMES = ("Рекурсия и компания", "Attention Deficit", "s03", MARKED_UP, LONG, "Ёжики в тумане")
START = datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
COLUMNS = (
    Column("win_rate", weight=D("0.6")),
    Column("length_controlled"),
    Column("style_controlled"),
    Column("rouge_l", weight=D("0.1")),
    Column("chrf", weight=D("0.1")),
    Column("cosine", weight=D("0.2")),
    Column("format"),
    Column("errors", higher_is_better=False),  # not in the catalogue
    Column("composite"),
)


def estimate(value, half="0.04"):
    low, high = D(value) - D(half), D(value) + D(half)
    return Estimate(D(value), max(low, D(0)), min(high, D(1)))


def difference(value, half="0.05"):
    return Estimate(D(value), D(value) - D(half), D(value) + D(half))


def report(*, licensed=True):
    accuracy = estimate("0.84", "0.03") if licensed else estimate("0.51", "0.06")
    licence = Licence(
        judge=JudgeCard(
            "trained-preference", "own", "sha256:" + "4f" * 32, {"seed": 7, "batch": 64}, "pair-3"
        ),
        accuracy=accuracy,
        swap_consistency=D("0.914"),
        first_position=estimate("0.497", "0.03"),
        kappa=D("0.68") if licensed else D("0.02"),
        items=240,
        coverage=D("1"),
        licensed=licensed,
        by_kind={"verbose": D("0.91"), "wrong_object": D("0.88"), "unheard_of": D("0.7")},
        exam="ab" * 32,
    )
    return JudgeReport(
        licence, D("0.9985"), D("0.931"), 40000, 9120000, 40000, D("0"), "c0ffee" * 10 + "cafe"
    )


def standings(teams=6, *, part=Part.PRIVATE, seed=1, **changes):
    """Return a board of so many teams with baselines and canaries among them."""
    random = np.random.default_rng(seed)
    skills = sorted(random.uniform(0.35, 0.8, teams), reverse=True)
    names = [NAMES[i] if i < len(NAMES) else f"team-{i + 1:02}" for i in range(teams)]
    ranked = [
        _standing(i, name, digits(skill), teams, random)
        for i, (name, skill) in enumerate(zip(names, skills, strict=True))
    ]
    others = [
        _unranked("reference", Kind.BASELINE, "0.61"),
        _unranked("lead10", Kind.BASELINE, "0.5"),
        _unranked("canary_null", Kind.CANARY, "0.02"),
        _unranked("canary_unheard_of", Kind.CANARY, "0.11"),
    ]
    rows = sorted([*ranked, *others], key=lambda row: -row.scores["win_rate"].value)
    board = Standings(
        competition="hw2a",
        part=part,
        columns=COLUMNS,
        comparison="signflip_holm",
        rows=tuple(rows),
        pairs=tuple(_pairs(ranked)),
        history=tuple(_history(names, skills)),
        judge=report(),
        questions=400 if part is Part.PRIVATE else 200,
        level=D("0.95"),
        resamples=2000,
        seed=2026,
        commitment="5e" * 32,
    )
    return replace(board, **changes)


def tied():
    """Return a board whose first two teams share everything."""
    board = standings(6)
    first, second, *rest = board.rows
    twin = replace(first, name=second.name)
    pairs = [
        replace(pair, difference=difference("0"), p_value=D(1), adjusted=D(1))
        if {pair.first, pair.second} == {first.name, second.name}
        else pair
        for pair in board.pairs
    ]
    return replace(board, rows=(first, twin, *rest), pairs=tuple(pairs))


def _standing(number, name, value, teams, random):
    near = max(1, number - 2), min(teams, number + 4)
    flags = (
        (
            Flag("integrity.unworded", {"team": MARKED_UP, "share": "0.93"}),
            Flag("leaderboard.frozen.drift"),
        )
        if number == 2
        else ()
    )
    return Standing(
        place=number + 1,
        rank_low=near[0],
        rank_high=near[1],
        tier=1 + number // 3,
        name=name,
        kind=Kind.TEAM,
        scores=_scores(value, random),
        top={k: digits(min(1, k / (number + 1.5))) for k in (1, 3, 10)},
        gain=D("0.0312") if number else None,
        unscored=D("0.0025") if number == 1 else D(0),
        flags=flags,
        submitted=START + timedelta(hours=number),
    )


def _scores(value, random):
    scores = {"win_rate": estimate(value)}
    for column in COLUMNS[1:]:
        scores[column.key] = estimate(digits(float(value) * random.uniform(0.7, 1)), "0.02")
    return scores


def _unranked(name, kind, value):
    scores = {"win_rate": estimate(value), "rouge_l": estimate("0.21", "0.01")}
    return Standing(0, 0, 0, 0, name, kind, scores)


def _pairs(ranked):
    for i, one in enumerate(ranked):
        for other in ranked[i + 1 :]:
            gain = one.scores["win_rate"].value - other.scores["win_rate"].value
            p_value = D("0.0000") if gain > D("0.08") else D("0.2140")
            yield HeadToHead(one.name, other.name, difference(gain), p_value, p_value)


def _history(names, skills):
    for number, (name, skill) in enumerate(zip(names, skills, strict=True)):
        shown = [skill - 0.2, None, skill - 0.05, None, skill][: 1 + number % 5]
        for attempt, value in enumerate(shown):
            yield Attempt(
                team=name,
                received=START + timedelta(days=attempt, minutes=number),
                shown=None if value is None else estimate(digits(value)),
                best=attempt == len(shown) - 1,
                selected=attempt in (0, 2),
            )
