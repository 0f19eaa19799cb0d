"""A team's own page, and where the marks of plots lie."""

from dataclasses import replace
from decimal import Decimal

import pytest

from leaderboard.pages.plot import Axis
from leaderboard.records import Estimate
from leaderboard.standings import Attempt
from tests.feedback.pagetext import Page
from tests.leaderboard.states import BOARDS, team_of

D = Decimal


def test_a_teams_page_tells_chances_gain_history_and_comparisons():
    board = BOARDS["full"]
    text = Page(team_of(board, "s03")).text
    assert "не ниже 1 28,6" in text
    assert "основной показатель должен вырасти на 0,0312" in text
    assert "2 ноября 2026 г., 23:30 МСК" in text  # submitted two hours after 18:30 UTC
    own = [one for one in board.history if one.team == "s03"]
    assert text.count("осталась прежняя оценка") == sum(one.shown is None for one in own) == 1
    assert text.count("выбрано в финал") == 2
    assert "< 0,0001" in text
    assert text.count("не различимы") + text.count("лучше") + text.count("хуже") >= 5
    best = Page(team_of(board, "Рекурсия и компания")).text
    assert "выше никого нет" in best


def test_a_teams_page_tells_the_missing_share_of_verdicts_only_when_some_are():
    board = BOARDS["full"]
    assert "Нет вердиктов 0,2 %" in Page(team_of(board, "Attention Deficit")).text
    assert "Нет вердиктов" not in Page(team_of(board, "s03")).text


def test_the_line_of_a_history_is_level_where_nothing_new_was_shown():
    board = BOARDS["full"]
    page = team_of(board, "s03")
    marks = page.split('class="history"')[1].split("</svg>")[0]
    assert marks.count('class="estimate"') == 2
    assert marks.count('class="kept"') == 1
    steps = marks.count('class="step"')
    assert steps == 3  # level, level, and one jump


def test_a_history_where_nothing_was_shown_has_a_table_and_no_plot():
    board = BOARDS["full"]
    silent = tuple(
        Attempt(one.team, one.received, None, best=False, selected=False) for one in board.history
    )
    page = team_of(replace(board, history=silent), "s03")
    assert 'id="history"' in page
    assert 'class="history"' not in page


def test_marks_lie_where_their_values_are_on_the_axis():
    scores = [Estimate(D("0.7"), D("0.62"), D("0.78")), Estimate(D("0.8"), D("0.74"), D("0.86"))]
    axis = Axis.around(scores)
    assert (axis.low, axis.high, axis.step) == (D("0.6"), D("0.9"), D("0.05"))
    assert [tick.at for tick in axis.ticks()][0::6] == ["6.00%", "94.00%"]
    assert (axis.at(D("0.75")), axis.up(D("0.9"))) == ("50.00%", "6.00%")
    assert axis.span(scores[0]).low < axis.span(scores[0]).value < axis.span(scores[0]).high


@pytest.mark.parametrize(
    "ends", [("1", "1"), ("0", "0"), ("0", "1"), ("0.5", "0.5"), ("812", "1190"), ("-0.1", "0.02")]
)
def test_an_axis_has_room_for_any_interval(ends):
    low, high = map(D, ends)
    axis = Axis.around([Estimate(low, low, high)])
    assert axis.low <= low <= high <= axis.high
    assert axis.low < axis.high
    assert 2 <= len(axis.ticks()) <= 8
