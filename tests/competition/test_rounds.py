"""A whole competition with a judge by script: board, freezing, interruption, replay, grades."""

import json
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from graders.core.errors import CourseError, InfraError
from graders.core.messages import Messages
from graders.core.records import Mark, RunOutcome, RunReport
from graders.pipeline.book import assess
from graders.pipeline.workspace import opened
from leaderboard.competition import build, facts, grades, scoring
from leaderboard.competition.attempts import attempts
from leaderboard.competition.config import from_plain
from leaderboard.competition.limits import Status
from leaderboard.competition.rerun import top_entries
from leaderboard.competition.rounds import Silent
from leaderboard.competition.selection import Declaration, declare
from leaderboard.judges import Ledger, drift
from leaderboard.records import Kind, Label, Part, Verdict
from tests.competition import arena
from tests.competition.arena import NOW, Script, answers_of, hand_in

pytestmark = pytest.mark.slow
WORDS = Messages.load((), "en", strict=True)


@pytest.fixture(scope="module")
def launch(tmp_path_factory):
    """Return a launched competition's folder and data; three teams, s02 with three attempts."""
    place = tmp_path_factory.mktemp("competition")
    home, data = arena.prepare(place)
    with opened(home) as workspace:
        arena.launched(workspace, data)
        hand_in(workspace, "s01", answers_of(data, 0.9, 1), 1)
        hand_in(workspace, "s03", answers_of(data, 0.2, 3), 2)
        hand_in(workspace, "s02", answers_of(data, 0.62, 2), 3)
        hand_in(workspace, "s02", answers_of(data, 0.6, 22), 4)
        hand_in(workspace, "s02", answers_of(data, 0.7, 23), 40)
        hand_in(workspace, "s04", b'{"id": "q0050"}\n', 5)
    return place, data


@pytest.fixture
def field(launch, tmp_path):
    """Return a copy of the launched competition, nothing scored yet."""
    place, data = launch
    shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    with opened(tmp_path / "home") as workspace:
        yield arena.field_of(workspace, data)


@pytest.fixture(scope="module")
def played(launch, tmp_path_factory):
    """Return a copy of the competition after a public and a final round, and its boards."""
    place, data = launch
    folder = tmp_path_factory.mktemp("played")
    shutil.copytree(place, folder, dirs_exist_ok=True)
    with opened(folder / "home") as workspace:
        field = arena.field_of(workspace, data)
        score(field)
        yield field, score(field, final=True)


def score(field, judge=None, *, final=False):
    return scoring.score(field, judge or Script(), final=final, watch=Silent(), now=NOW)


def row_of(board, name):
    return next(row for row in board.rows if row.name == name)


def test_teams_stand_by_their_win_rate_with_baselines_and_canaries_unranked_among_them(played):
    boards = played[1]
    for board in (boards.public, boards.private):
        teams = [row for row in board.rows if row.kind is Kind.TEAM]
        assert [row.name for row in teams] == ["s01", "s02", "s03"]
        assert [row.place for row in teams] == [1, 2, 3]
        values = [row.scores["win_rate"].value for row in board.rows]
        assert values == sorted(values, reverse=True)
        others = [row for row in board.rows if row.kind is not Kind.TEAM]
        assert {row.place for row in others} == {0}
        assert row_of(board, "lead10").scores["win_rate"].value == Decimal("0.5")
        assert sum(row.kind is Kind.CANARY for row in board.rows) >= 7
        assert board.frozen == ()
        assert board.judge.coverage == 1
        assert len(board.pairs) == 3
    assert boards.public.questions == 200
    assert boards.private.questions == 400
    assert boards.private.part is Part.PRIVATE


def test_the_composite_is_the_weighted_sum_of_the_columns(played):
    board = played[1].public
    for row in board.rows:
        if row.kind is Kind.CANARY:
            assert set(row.scores) == {"win_rate"}  # it is there to fool the judge alone
            continue
        whole = sum(
            column.weight * row.scores[column.key].value
            for column in board.columns
            if column.weight
        )
        assert abs(row.scores["composite"].value - whole) <= Decimal("0.0001")


def test_the_public_board_shows_an_attempt_only_when_it_is_surely_better(played):
    board = played[1].public
    mine = [one for one in board.history if one.team == "s02"]
    assert [one.shown is not None for one in mine] == [True, False, True]
    assert [one.best for one in mine] == [False, False, True]
    assert row_of(board, "s02").scores["win_rate"] == mine[2].shown


def test_a_declared_attempt_competes_for_the_private_board_instead_of_the_best_public_one(
    played, tmp_path
):
    field, boards = played
    told = facts.rounds(field.folder)[-1]
    worst = [one.submission for one in told.attempts if one.team == "s02"][1]
    declared = replace(told, declared={"s02": (worst,)}, ledger_head="")
    ledger = Ledger.open(Path(shutil.copy(field.folder / scoring.LEDGER, tmp_path)))
    chosen = scoring.Round(field, declared, Script(), ledger, Silent()).boards()
    old, new = (row_of(one.private, "s02").scores["win_rate"].value for one in (boards, chosen))
    assert new < old
    mine = [one.selected for one in chosen.private.history if one.team == "s02"]
    assert mine == [False, True, False]


def test_a_declaration_is_among_the_facts_of_the_next_round(field):
    found = attempts(field)
    number = next(one.one.submission for one in found if one.one.team == "s03")
    store = field.workspace.store
    declare(store, field.name, Declaration("s03", (number,), "A", NOW), found, 2)
    told = scoring.present(field, Script().card, final=True, now=NOW)
    assert told.declared == {"s03": (number,)}


def test_who_handed_in_no_valid_file_is_not_on_the_board(played):
    field, boards = played
    found = attempts(field)
    mine = [one for one in found if one.one.team == "s04"]
    assert [one.status for one in mine] == [Status.INVALID]
    assert mine[0].one.why == "answers.object"
    assert WORDS.text(mine[0].one.why, **mine[0].one.values)
    assert "s04" not in {row.name for row in boards.public.rows}


def test_an_interrupted_round_goes_on_where_it_stopped(field):
    whole = Script()
    with pytest.raises(KeyboardInterrupt):
        score(field, Script(breaks_at=3000))
    assert facts.files(field.folder) == []
    ledger = scoring.ledger_of(field)
    told = len(ledger) - len(ledger.cards)
    assert told > 0
    score(field, whole)
    ledger = scoring.ledger_of(field)
    watched = len(drift.shipped_duels())
    assert whole.calls - watched == len(ledger) - len(ledger.cards) - told


def test_a_second_round_of_the_same_asks_nobody_and_adds_no_round(played):
    field, _ = played
    again = Script()
    score(field, again, final=True)
    assert again.calls == len(drift.shipped_duels())
    assert len(facts.files(field.folder)) == 2


def test_every_round_is_rebuilt_from_facts_and_ledger_without_a_judge(played):
    field, _ = played
    for one in facts.rounds(field.folder):
        assert scoring.differences(one, scoring.rebuild(field, one)) == []
    assert from_plain(facts.rounds(field.folder)[0].rules) == field.config


def test_a_changed_answer_verdict_or_rule_is_found_by_the_replay(field):
    score(field)
    told = facts.rounds(field.folder)[0]
    rules = json.loads(json.dumps(told.rules))
    rules["columns"][0]["weight"], rules["columns"][2]["weight"] = "0.25", "0.75"
    changed = replace(told, rules=rules)
    boards = scoring.rebuild(field, changed)
    assert scoring.differences(changed, boards) == ["public"]
    with pytest.raises(InfraError, match="public board"):
        scoring.checked(field, changed)
    path = field.folder / scoring.LEDGER
    lines = path.read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if '"label":"A"' in line)
    lines[number] = lines[number].replace('"label":"A"', '"label":"B"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(CourseError):
        scoring.rebuild(field, told)


def test_a_canary_that_beats_the_baseline_freezes_the_board_and_blocks_grades(field):
    before = score(field)
    fooled = score(field, Script(loves="verdict"))
    assert {flag.key for flag in fooled.public.frozen} == {"leaderboard.frozen.canary"}
    with pytest.raises(CourseError, match="frozen"):
        grades.require_final(replace(fooled.public, part=Part.PRIVATE))
    shown = scoring.published(field, final=False)
    assert shown.public.rows == before.public.rows
    assert {flag.key for flag in shown.public.frozen} == {"leaderboard.frozen.canary"}


def test_a_judge_without_a_licence_makes_plumbing_only(field):
    board = score(field, Script(licensed=False)).public
    assert "leaderboard.frozen.no_licence" in {flag.key for flag in board.frozen}
    with pytest.raises(CourseError, match="no licence"):
        grades.require_final(replace(board, part=Part.PRIVATE))


class Other(Script):
    """The same judge by name, which prefers the second answer in the exam."""

    def judge(self, duels):
        return [
            replace(one, label=Label.SECOND) if duel.question.reference == "" else one
            for duel, one in zip(duels, super().judge(duels), strict=True)
        ]


def test_a_judge_that_changed_behind_its_name_freezes_the_board(field):
    before = score(field)
    board = score(field, Other()).public
    assert "leaderboard.frozen.drift" in {flag.key for flag in board.frozen}
    shown = scoring.published(field, final=False).public
    assert shown.rows == before.public.rows
    assert "leaderboard.frozen.drift" in {flag.key for flag in shown.frozen}


class Tired(Script):
    """A judge that fails on every twentieth duel, for a reason that may pass, until it is well."""

    well = False

    def judge(self, duels):
        found = list(super().judge(duels))
        if not self.well:
            found[::20] = [Verdict(None, why="server") for _ in found[::20]]
        return found


def test_nothing_is_published_while_too_many_verdicts_are_missing(field):
    judge = Tired()
    with pytest.raises(InfraError, match="nothing is published"):
        score(field, judge)
    assert facts.files(field.folder) == []
    asked, judge.well = judge.calls, True
    board = score(field, judge).public
    assert board.judge.coverage == 1
    assert judge.calls - asked < asked / 10


def test_nothing_is_scored_after_rules_or_items_have_changed(field):
    rules = field.config.competition.model_copy(update={"seed": 8})
    changed = replace(field, config=field.config.model_copy(update={"competition": rules}))
    with pytest.raises(CourseError, match="sealed at launch"):
        score(changed)
    path = field.folder / "private.jsonl"
    held = path.read_bytes()
    path.write_bytes(held.replace(b"return", b"yield", 1))
    try:
        with pytest.raises(CourseError, match="sealed at launch"):
            score(field)
    finally:
        path.write_bytes(held)


def test_nobody_else_on_the_machine_can_read_the_private_items(field):
    assert field.folder.stat().st_mode & 0o077 == 0


def test_building_again_changes_nothing_and_refuses_other_rules(field, launch):
    data = launch[1]
    before = {path: path.read_bytes() for path in field.folder.rglob("*") if path.is_file()}
    build.build(field, data, arena.baselines, lambda line: None)
    assert before == {path: path.read_bytes() for path in before}
    rules = field.config.competition.model_copy(update={"per_day": 3})
    changed = replace(field, config=field.config.model_copy(update={"competition": rules}))
    with pytest.raises(CourseError, match="sealed here at launch"):
        build.build(changed, data, arena.baselines, lambda line: None)


def _tested(workspace, name):
    """Record a run for everybody: the hidden tests are not what is shown here."""
    for one in workspace.store.submissions(name):
        report = RunReport(RunOutcome.COMPLETED, ())
        workspace.store.record_run(one.id, report, recipe="r", seed=1, started=NOW, finished=NOW)


def test_milestones_and_tier_become_marks_once(played):
    field, boards = played
    workspace, board = field.workspace, boards.private
    _tested(workspace, field.name)
    given = grades.grade(field, board, WORDS, NOW)
    assert (given.new, given.same, given.kept) == (16, 0, 0)
    again = grades.grade(field, board, WORDS, NOW)
    assert (again.new, again.same, again.kept) == (0, 16, 0)
    assert [work.grade.id for work in again.works] == [work.grade.id for work in given.works]
    homework = workspace.course.homework("hw2")
    parts = {}
    for student in ("s01", "s02", "s03", "s04"):
        work = assess(workspace, student, homework, NOW)
        last = {mark.item: mark for mark in work.marks}
        assert {mark.by for mark in last.values()} == {"competition"}
        parts[student] = {item.split(".")[1]: mark.points for item, mark in last.items()}
    won = {"milestone1": 1, "milestone2": 1, "milestone3": 1, "tier": 1}
    assert parts["s01"] == won
    assert parts["s02"]["milestone2"] == 1
    assert parts["s02"]["tier"] == Decimal("0.5")
    assert set(parts["s03"].values()) == {0}
    assert set(parts["s04"].values()) == {0}
    # A person overrules one item: the competition keeps off.
    counted = assess(workspace, "s03", homework, NOW).counted
    workspace.store.add_mark(
        Mark(counted.id, "private.tier", Decimal("0.5"), "A. Ivanova", "Appeal.", NOW)
    )
    assert grades.grade(field, board, WORDS, NOW).kept == 1
    last = [m for m in workspace.store.marks(counted.id) if m.item == "private.tier"][-1]
    assert last.points == Decimal("0.5")


def test_grades_come_from_the_private_board_alone(played):
    with pytest.raises(CourseError, match="private board"):
        grades.require_final(played[1].public)


def test_the_top_entries_are_what_stands_on_the_board(played):
    field, boards = played
    entries = top_entries(boards.private, facts.rounds(field.folder)[-1], 2)
    assert [team for team, _ in entries] == ["s01", "s02"]
    for team, number in entries:
        assert field.workspace.store.submission(number).student == team


def test_equal_answers_share_place_and_ranks_and_the_earlier_one_is_shown_first(tmp_path):
    home, data = arena.prepare(tmp_path)
    with opened(home) as workspace:
        field = arena.launched(workspace, data)
        same = answers_of(data, 0.6, 5)
        hand_in(workspace, "s01", same, 9)
        hand_in(workspace, "s02", same, 3)
        hand_in(workspace, "s03", answers_of(data, 0.1, 6), 1)
        board = score(field).public
    first, second = (row for row in board.rows if row.kind is Kind.TEAM and row.place == 1)
    assert (first.name, second.name) == ("s02", "s01")
    assert (first.rank_low, first.rank_high) == (second.rank_low, second.rank_high)
    assert first.scores == second.scores
    assert {flag.key for flag in second.flags} & {"integrity.copied_from_team"}
    names = [row.name for row in board.rows]
    assert all(names.index(pair.first) < names.index(pair.second) for pair in board.pairs)
