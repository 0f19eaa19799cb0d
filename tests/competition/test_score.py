"""The board as pure composition: the same evidence, the same board; what each number means."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from graders.core.errors import CourseError
from graders.core.messages import Messages
from leaderboard.competition import grades
from leaderboard.competition.config import CompetitionConfig, load
from leaderboard.competition.facts import digest
from leaderboard.competition.score import standings, tops
from leaderboard.records import (
    Entrant,
    Estimate,
    JudgeCard,
    Kind,
    Label,
    Licence,
    Outcome,
    Part,
    Question,
    Verdict,
)
from leaderboard.standings import JudgeReport
from tests.competition.arena import RULES

pytestmark = pytest.mark.slow  # numpy and SciPy
NOON = datetime(2026, 11, 20, tzinfo=UTC)
HALF, ONE = Decimal("0.5"), Decimal(1)
ONCE = Estimate(HALF, HALF, HALF)


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> CompetitionConfig:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "competition.toml").write_text(RULES, encoding="utf-8")
    return load(folder)


def licence(licensed=True):
    card = JudgeCard("script", "script", "1")
    return Licence(card, ONCE, ONE, ONCE, ONE, 10, ONE, licensed, {}, "")


def report(licensed=True):
    return JudgeReport(licence(licensed), ONE, ONE, 0, 0, 0, Decimal(0), "")


def evidence_of(wins, *, questions=40, directions=None, **more):
    """Return evidence: the share of questions that each entrant wins, by name."""
    import numpy as np

    from leaderboard.competition.columns import Evidence

    items = [Question(f"q{n:03}", "p", "f()\n\nText.", "Reference.") for n in range(questions)]
    kinds = {"lead10": Kind.BASELINE, "canary_null": Kind.CANARY}
    entrants = [
        Entrant(name, {one.id: f"{name} {one.id}" for one in items}, kinds.get(name, Kind.TEAM))
        for name in ("lead10", *wins)
    ]
    outcomes = {
        name: [
            Outcome(name, one.id, Verdict(Label.FIRST), Verdict(Label.SECOND), score)
            for one, score in zip(items, _scores(share, questions), strict=True)
        ]
        for name, share in wins.items()
    }
    metric = np.linspace(0, 1, len(entrants))[:, None].repeat(questions, axis=1)
    return Evidence(
        part=Part.PRIVATE,
        questions=items,
        entrants=entrants,
        outcomes=outcomes,
        metrics={"rouge_l": metric},
        directions=directions or {"rouge_l": True},
        judge=report(),
        submitted={name: NOON + timedelta(hours=n) for n, name in enumerate(wins)},
        **more,
    )


def _scores(share, questions):
    won = round(share * questions)
    return [ONE] * won + [Decimal(0)] * (questions - won)


def row_of(board, name):
    return next(row for row in board.rows if row.name == name)


WINS = {"s01": 0.5, "s02": 0.9, "s03": 0.1, "canary_null": 0.05}


def test_a_board_is_a_function_of_its_evidence_and_not_of_its_order(config):
    evidence = evidence_of(WINS)
    board = standings(config, "toy", evidence)
    turned = list(evidence.entrants)
    random.Random(1).shuffle(turned)
    places = [evidence.entrants.index(one) for one in turned]
    metrics = {key: values[places] for key, values in evidence.metrics.items()}
    again = standings(config, "toy", replace(evidence, entrants=turned, metrics=metrics))
    assert digest(again) == digest(board)
    assert [row.name for row in board.rows] == ["s02", "s01", "lead10", "s03", "canary_null"]
    assert [row.place for row in board.rows] == [1, 2, 0, 3, 0]


def test_a_column_where_lower_is_better_enters_the_composite_from_its_other_end(config):
    up = standings(config, "toy", evidence_of(WINS))
    down = standings(config, "toy", evidence_of(WINS, directions={"rouge_l": False}))
    for row in up.rows:
        value, metric = (row.scores[key].value for key in ("win_rate", "rouge_l"))
        other = row_of(down, row.name).scores["composite"].value
        quarter = Decimal("0.25")
        assert abs(row.scores["composite"].value - (3 * value + metric) * quarter) < Decimal("1e-3")
        assert abs(other - (3 * value + 1 - metric) * quarter) < Decimal("1e-3")
    assert [column.higher_is_better for column in down.columns] == [True, True, False, True]


def test_an_unscored_question_is_no_loss(config):
    evidence = evidence_of(WINS)
    lost = [
        replace(one, score=None) if n >= 20 else one
        for n, one in enumerate(evidence.outcomes["s01"])
    ]
    board = standings(config, "toy", replace(evidence, outcomes={**evidence.outcomes, "s01": lost}))
    row = row_of(board, "s01")
    assert row.scores["win_rate"].value == 1
    assert row.unscored == HALF


def test_a_canary_above_the_ceiling_freezes_the_board_and_one_at_it_does_not(config):
    at = standings(config, "toy", evidence_of({"s01": 0.5, "canary_null": 0.5}))
    assert at.frozen == ()
    above = standings(config, "toy", evidence_of({"s01": 0.5, "canary_null": 0.525}))
    assert [flag.args["name"] for flag in above.frozen] == ["canary_null"]


def test_a_board_without_a_licensed_judge_says_so(config):
    for judge in (None, report(licensed=False)):
        board = standings(config, "toy", replace(evidence_of(WINS), judge=judge))
        assert [flag.key for flag in board.frozen] == ["leaderboard.frozen.no_licence"]


def test_two_entrants_of_one_name_and_missing_verdicts_are_refused(config):
    evidence = evidence_of(WINS)
    with pytest.raises(CourseError, match="two entrants have the name 's01'"):
        standings(
            config, "toy", replace(evidence, entrants=[*evidence.entrants, evidence.entrants[1]])
        )
    with pytest.raises(CourseError, match="nothing of 's01' was judged"):
        standings(config, "toy", replace(evidence, outcomes={**evidence.outcomes, "s01": []}))
    with pytest.raises(CourseError, match="is not among the entrants"):
        standings(config, "toy", replace(evidence, entrants=evidence.entrants[1:]))


def test_nobody_on_the_board_is_a_board_too(config):
    board = standings(config, "toy", evidence_of({"canary_null": 0.1}))
    assert [row.name for row in board.rows] == ["lead10", "canary_null"]
    assert board.pairs == ()


@pytest.mark.parametrize(("teams", "expected"), [(0, (1,)), (1, (1,)), (3, (1,)), (12, (1, 3, 10))])
def test_the_chances_that_are_told_say_something_in_a_class_of_that_size(teams, expected):
    assert tops(teams) == expected


def test_milestones_are_reached_at_their_value_and_a_tier_earns_only_above_the_first(config):
    board = standings(config, "toy", evidence_of({"s01": 0.8, "s02": 0.4, "s03": 0.375}))
    most = dict.fromkeys(grades.items_of(config.grades), Decimal(1))
    found = grades.earned(board, config.grades, most, Messages.load((), "en", strict=True))
    points = {one.student: list(one.points.values()) for one in found}
    assert points["s01"] == [1, 1, 1, 1]
    # s02 and s03 cannot be told apart and share a tier; only s02 has reached a milestone.
    assert points["s02"] == [1, 0, 0, Decimal("0.5")]
    assert points["s03"] == [0, 0, 0, 0]
    reasons = next(one.reasons for one in found if one.student == "s02")
    assert "is 0.4: the milestone 0.4 is reached" in reasons["private.milestone1"]


def test_points_of_a_tier_are_shares_of_the_items_points(config):
    board = standings(config, "toy", evidence_of({"s01": 0.8, "s02": 0.4}))
    most = dict.fromkeys(grades.items_of(config.grades), Decimal("1.5"))
    found = grades.earned(board, config.grades, most, Messages.load((), "ru", strict=True))
    assert found[1].points["private.tier"] == Decimal("0.75")
    assert found[0].points["private.milestone3"] == Decimal("1.5")
