"""The demo's competition with the shipped judge: what is written beside each team's work."""

from __future__ import annotations

from decimal import Decimal

import pytest

from graders.core.messages import Messages
from graders.pipeline.publish import all_works
from graders.pipeline.replay import replay
from graders.pipeline.workspace import opened
from leaderboard.competition import facts, scoring
from leaderboard.competition.answers import ids_of
from leaderboard.competition.attempts import Field, attempts
from leaderboard.competition.config import load
from leaderboard.competition.limits import Status
from leaderboard.records import Kind
from tests.classroom_hw2a.students import STUDENTS

pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.timeout(1200)]
BY_ID = {student.id: student for student in STUDENTS}
IDS = list(BY_ID)


@pytest.fixture(scope="module")
def competed(played):
    """Return the competition's field, its boards and its folder."""
    out = played.out / "competition"
    with opened(out / "workspace") as workspace:
        folder = workspace.course.assignment("hw2a").folder
        ids = ids_of(workspace.home / "competition" / "hw2a" / "test.jsonl")
        field = Field(workspace, "hw2a", load(folder), ids)
        yield field, scoring.checked(field, facts.rounds(field.folder)[-1]), out


@pytest.fixture(scope="module")
def works(competed):
    field, _, _ = competed
    return {work.student: work for work in all_works(field.workspace, "hw2")}


@pytest.mark.parametrize("student", IDS)
def test_the_outcome_is_the_expected_one(works, student):
    work, expected = works[student], BY_ID[student].expected
    assert work.assignment == "hw2a"
    assert work.submissions.index(work.counted) == expected.counted
    assert work.grade.penalty == Decimal(expected.penalty)
    assert set(expected.messages) <= {case.message for case in work.cases}
    for part in work.score.parts:
        lost = part.points - part.unscored - part.earned
        if part.part == "private":
            continue  # the board's, held below
        if part.part not in expected.lost:
            assert lost == 0, (part, [case for case in work.cases if case.part == part.part])
        elif expected.lost[part.part] is None:
            assert 0 < lost <= part.points, part
        else:
            assert lost == Decimal(expected.lost[part.part]), part


def test_the_private_board_gives_its_points(works):
    earned = {
        student: next(part.earned for part in work.score.parts if part.part == "private")
        for student, work in works.items()
    }
    assert earned["t01"] > earned["t02"]
    assert earned["t05"] == 0


def test_a_second_demo_judges_nothing_and_the_gradebook_can_be_replayed(played, competed):
    field, _, _ = competed
    # The second demo ran with nothing new: it added no round to the first one's.
    assert len(facts.rounds(field.folder)) == 1
    assert played.second.stderr.count("0 tested,") == 2
    assert replay(field.workspace).differences == ()


def row_of(board, name):
    return next(row for row in board.rows if row.name == name)


def test_the_shipped_judge_has_its_licence_and_no_canary_beats_the_baseline(competed):
    _, boards, _ = competed
    for board in (boards.public, boards.private):
        assert board.judge.licence.licensed
        assert board.judge.coverage == 1
        assert board.frozen == ()
        for row in board.rows:
            if row.kind is Kind.CANARY:
                assert (
                    row.scores["win_rate"].value < row_of(board, "lead10").scores["win_rate"].value
                ), row.name


def test_the_reference_beats_every_baseline_beyond_chance(competed):
    _, boards, _ = competed
    board = boards.private
    reference = row_of(board, "reference").scores["win_rate"]
    for row in board.rows:
        if row.kind is Kind.BASELINE and row.name != "reference":
            assert reference.low > row.scores["win_rate"].high, row.name


def test_every_student_is_scored_and_flagged_as_written_beside_the_work(competed):
    field, boards, _ = competed
    found = attempts(field)
    board = boards.private
    names = {row.name for row in board.rows}
    for student in STUDENTS:
        mine = [one for one in found if one.one.team == student.id]
        assert len(mine) == len(student.attempts)
        scored = any(one.status is Status.SCORED for one in mine)
        assert scored is student.expected.scored, student.id
        assert (student.id in names) is scored
        if scored:
            flags = {flag.key for flag in row_of(board, student.id).flags}
            assert set(student.expected.flags) <= flags, student.id


def test_the_pages_of_students_hold_no_flag_and_no_reference(competed):
    field, _, out = competed
    text = "".join(
        path.read_text("utf-8") for path in (out / "leaderboard").rglob("*") if path.is_file()
    )
    words = Messages.load((), "en")
    assert words.text("integrity.constant", share="1").split("{")[0][:20] not in text
    staff = (out / "staff" / "index.html").read_text("utf-8")
    assert staff != (out / "leaderboard" / "index.html").read_text("utf-8")
    assert str(field.folder) not in text


def test_the_whole_competition_is_replayed_byte_for_byte(competed):
    field, _, _ = competed
    for one in facts.rounds(field.folder):
        assert scoring.differences(one, scoring.rebuild(field, one)) == []
