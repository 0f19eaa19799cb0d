"""Which attempts are scored, and which are selected: days, failures, deadlines, declarations."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.core.errors import CourseError
from graders.core.records import Deadlines
from graders.store import Store
from leaderboard.competition.facts import Fact
from leaderboard.competition.limits import Status, Try, decide
from leaderboard.competition.selection import Declaration, declarations, declare, selected

MOSCOW = ZoneInfo("Europe/Moscow")
OPEN = Deadlines(None, None)
NOON = datetime(2026, 11, 20, 9, tzinfo=UTC)  # 12:00 in Moscow
ANSWERS = {"q1": "a"}


def tried(number, at, team="s01", answers=ANSWERS):
    return Try(number, team, at, answers)


def statuses(tries, per_day=2, deadlines=OPEN, extensions=None):
    found = decide(
        tries, per_day=per_day, zone=MOSCOW, deadlines=deadlines, extensions=extensions or {}
    )
    return {one.one.submission: one.status for one in found}


def test_only_so_many_of_a_day_are_scored_the_first_ones():
    hours = [tried(n, NOON + timedelta(hours=n)) for n in range(1, 5)]
    assert statuses(hours[::-1]) == {
        1: Status.SCORED,
        2: Status.SCORED,
        3: Status.OVER_LIMIT,
        4: Status.OVER_LIMIT,
    }


def test_a_day_ends_at_midnight_of_the_course_and_not_of_utc():
    before = datetime(2026, 11, 20, 20, 59, 59, tzinfo=UTC)  # 23:59:59 in Moscow
    after = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
    found = statuses([tried(1, NOON), tried(2, before), tried(3, after)])
    assert set(found.values()) == {Status.SCORED}
    assert statuses([tried(1, NOON), tried(2, before), tried(3, before)])[3] is Status.OVER_LIMIT


def test_a_failed_attempt_is_not_charged():
    tries = [tried(n, NOON + timedelta(hours=n), answers=None) for n in range(3)]
    tries += [tried(n, NOON + timedelta(hours=n)) for n in range(3, 6)]
    found = statuses(tries)
    assert [found[n] for n in range(3)] == [Status.INVALID] * 3
    assert [found[n] for n in range(3, 6)] == [Status.SCORED, Status.SCORED, Status.OVER_LIMIT]


def test_teams_have_limits_of_their_own():
    tries = [tried(n, NOON, team=f"s{n % 2}") for n in range(4)]
    assert set(statuses(tries).values()) == {Status.SCORED}


def test_nothing_is_scored_after_the_hard_deadline_unless_days_were_granted():
    deadlines = Deadlines(None, NOON)
    late = NOON + timedelta(microseconds=1)
    assert statuses([tried(1, NOON), tried(2, late)], deadlines=deadlines) == {
        1: Status.SCORED,
        2: Status.LATE,
    }
    granted = statuses([tried(2, late)], deadlines=deadlines, extensions={"s01": 1})
    assert granted == {2: Status.SCORED}


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2), st.booleans()), max_size=40),
    st.integers(1, 3),
    st.randoms(),
)
def test_no_day_of_no_team_has_more_scored_attempts_whatever_the_order(raw, per_day, shuffle):
    tries = [
        tried(number, NOON + timedelta(hours=hour), f"s{team}", ANSWERS if valid else None)
        for number, (hour, team, valid) in enumerate(raw)
    ]
    found = statuses(tries, per_day)
    shuffle.shuffle(tries)
    assert statuses(tries, per_day) == found
    used = {}
    for one in tries:
        if found[one.submission] is Status.SCORED:
            day = (one.team, one.received.astimezone(MOSCOW).date())
            used[day] = used.get(day, 0) + 1
    assert all(count <= per_day for count in used.values())


def fact(number, hours=0, team="s01"):
    return Fact(number, team, NOON + timedelta(hours=hours), Status.SCORED)


def test_without_a_declaration_the_best_public_ones_are_selected_earlier_first_among_equals():
    facts = [fact(n, n) for n in range(1, 5)]
    public = {1: Decimal("0.5"), 2: Decimal("0.7"), 3: Decimal("0.7"), 4: Decimal("0.7")}
    assert selected(facts, (), public, 2) == (2, 3)
    assert selected(facts, (1,), public, 2) == (1,)
    assert selected(facts, (9,), public, 2) == (2, 3)


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'db'}", tmp_path / "blobs") as found:
        yield found


def test_the_last_declaration_counts_and_every_one_is_kept(store):
    attempts = decide(
        [tried(n, NOON + timedelta(hours=n)) for n in range(3)],
        per_day=2,
        zone=MOSCOW,
        deadlines=OPEN,
        extensions={},
    )
    declare(store, "toy", Declaration("s01", (0,), "A", NOON), attempts, 2)
    declare(store, "toy", Declaration("s01", (1, 0), "B", NOON), attempts, 2)
    declare(store, "toy", Declaration("s01", (1, 0), "B", NOON), attempts, 2)
    found = declarations(store, "toy", "s01")
    assert [one.submissions for one in found][:2] == [(0,), (1, 0)]
    assert found[1].by == "B"
    assert declarations(store, "toy", "s02") == ()
    assert declarations(store, "other", "s01") == ()


@pytest.mark.parametrize(
    ("chosen", "part"),
    [
        ((), "choose 1 to 2"),
        ((0, 1, 2), "choose 1 to 2"),
        ((0, 0), "different"),
        ((2,), "over_limit"),
        ((7,), "not theirs"),
        ((3,), "not theirs"),
    ],
)
def test_only_scored_attempts_of_the_team_can_be_declared(store, chosen, part):
    tries = [tried(n, NOON + timedelta(hours=n)) for n in range(3)]
    tries.append(tried(3, NOON, team="s02"))
    attempts = decide(tries, per_day=2, zone=MOSCOW, deadlines=OPEN, extensions={})
    with pytest.raises(CourseError, match=part):
        declare(store, "toy", Declaration("s01", chosen, "A", NOON), attempts, 2)
    assert declarations(store, "toy", "s01") == ()
