"""A board in every state that it can be in, and its pages for a reader."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from graders.core.messages import Messages
from graders.core.records import Flag
from leaderboard.board import Entry, build
from leaderboard.pages import Site
from leaderboard.pages.site import board_page, team_page
from leaderboard.pages.team import Reader
from tests.leaderboard import boards
from tests.leaderboard.answers import gold_of, skilled

GOLD = gold_of(200)
MOSCOW = ZoneInfo("Europe/Moscow")
HW1 = [skilled(f"s{number:02}", GOLD, 0.6 + number / 40, number) for number in range(8)]
BOARDS = {
    "full": boards.standings(6),
    "tied": boards.tied(),
    "single": boards.standings(1),
    "empty": boards.standings(0),
    "nobody": replace(boards.standings(0), rows=(), judge=None, commitment=""),
    "plumbing": boards.standings(3, judge=boards.report(licensed=False)),
    "frozen": boards.standings(
        3, frozen=(Flag("leaderboard.frozen.canary", {"name": "canary_null", "score": "0.52"}),)
    ),
    "accuracy": build(HW1, GOLD, seed=1, resamples=200, competition="hw1"),
    "perfect": build([Entry("all", GOLD)], GOLD, seed=1, resamples=200),
}


def site_of(board, **more):
    return Site(board, boards.TITLE, ("ru", "en"), "ru", **more)


def reader_of(lang, *, staff=False, zone=MOSCOW):
    return Reader(Messages.load(lang=lang, strict=True), zone, staff)


def page_of(board, lang="ru", *, staff=False, **more):
    return board_page(site_of(board, **more), board, reader_of(lang, staff=staff))


def team_of(board, name, lang="ru", *, staff=False, **more):
    row = next(row for row in board.rows if row.name == name)
    return team_page(site_of(board, **more), row, reader_of(lang, staff=staff))
