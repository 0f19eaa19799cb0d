"""Late days, penalties and both deadlines, at every boundary to the microsecond."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.clock import in_zone
from graders.core.errors import CourseError
from graders.core.records import Deadlines, LateRule
from graders.policy import decide, shifted

ROOT = Path(__file__).resolve().parents[2]
MOSCOW = ZoneInfo("Europe/Moscow")
RULE = LateRule(per_day=Decimal(1), cap=Decimal(7))
MICROSECOND = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
SOFT = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=MOSCOW)
HARD = datetime(2026, 12, 14, 23, 59, 59, 999_999, tzinfo=MOSCOW)
BOTH = Deadlines(SOFT, HARD)

SCORES = st.decimals(0, 10, places=3)
POINTS = st.decimals(0, 10, places=2)
RULES = st.builds(LateRule, per_day=POINTS, cap=POINTS, floor=POINTS)
ZONES = st.sampled_from(
    ["UTC", "Europe/Moscow", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu", "Europe/Paris"]
).map(ZoneInfo)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=ZONES)


def at(deadlines, received, *, raw="10", days=0, rule=RULE):
    return decide(Decimal(raw), received, deadlines, days, rule)


def instant(moment):
    """Return the instant in UTC, where arithmetic is of absolute time."""
    return moment.astimezone(UTC)


@pytest.mark.parametrize("day", range(16))
@pytest.mark.parametrize("step", [MICROSECOND, SECOND])
def test_each_begun_day_costs_a_point_from_its_first_microsecond(day, step):
    begins = instant(SOFT) + day * DAY
    before, exactly, after = (at(BOTH, begins + n * step) for n in (-1, 0, 1))
    assert (before.days_late, exactly.days_late, after.days_late) == (day, day, day + 1)
    assert exactly.penalty == min(day, 7)
    assert after.penalty == min(day + 1, 7)
    assert after.final == 10 - min(day + 1, 7)


def test_what_came_before_the_soft_deadline_is_not_late():
    for received in (SOFT, SOFT - MICROSECOND, SOFT - 400 * DAY):
        decision = at(BOTH, received, raw="8.5")
        assert (decision.days_late, decision.penalty) == (0, 0)
        assert decision.final == Decimal("8.5")


def test_the_example_of_the_programme():
    late = datetime(2026, 12, 1, tzinfo=MOSCOW)
    assert at(BOTH, late, raw="8.5").final == Decimal("7.5")
    assert at(BOTH, late + DAY - MICROSECOND).days_late == 1
    assert at(BOTH, late + DAY).days_late == 2


@pytest.mark.parametrize(
    ("raw", "final"), [("10", "3"), ("7.25", "0.25"), ("7", "0"), ("6.5", "0")]
)
def test_lateness_costs_at_most_the_cap_and_never_goes_below_the_floor(raw, final):
    decision = at(BOTH, HARD, raw=raw)
    assert decision.accepted
    assert decision.days_late == 14
    assert decision.penalty == 7
    assert decision.final == Decimal(final)


def test_a_score_below_the_floor_is_not_lifted_to_it():
    rule = LateRule(Decimal(1), Decimal(7), floor=Decimal(4))
    assert at(BOTH, HARD, raw="3", rule=rule).final == 3
    assert at(BOTH, HARD, raw="9", rule=rule).final == 4
    assert at(BOTH, SOFT, raw="3", rule=rule).final == 3


def test_a_part_of_a_point_a_day_is_exact():
    rule = LateRule(Decimal("0.1"), Decimal("0.3"))
    decision = at(BOTH, instant(SOFT) + 2 * DAY + MICROSECOND, raw="1.1", rule=rule)
    assert (decision.penalty, decision.final) == (Decimal("0.3"), Decimal("0.8"))
    assert at(BOTH, instant(SOFT) + 3 * DAY + MICROSECOND, rule=rule).penalty == Decimal("0.3")


@pytest.mark.parametrize("step", [MICROSECOND, SECOND])
def test_the_hard_deadline_belongs_to_the_student_to_the_microsecond(step):
    assert at(BOTH, instant(HARD) - step).accepted
    assert at(BOTH, HARD).accepted
    assert not at(BOTH, instant(HARD) + step).accepted


def test_a_forecast_shows_the_penalty_also_when_it_is_not_accepted():
    decision = at(BOTH, instant(HARD) + MICROSECOND, raw="9")
    assert not decision.accepted
    assert (decision.days_late, decision.penalty, decision.final) == (15, 7, 2)


@pytest.mark.parametrize("days", [1, 2, 30])
def test_an_extension_moves_both_deadlines(days):
    soft, hard = SOFT + days * DAY, HARD + days * DAY
    assert at(BOTH, soft, days=days).days_late == 0
    assert at(BOTH, instant(soft) + MICROSECOND, days=days).days_late == 1
    assert at(BOTH, hard, days=days).accepted
    assert not at(BOTH, instant(hard) + MICROSECOND, days=days).accepted
    decision = at(BOTH, soft, days=days)
    assert decision.deadlines == Deadlines(soft, hard)
    assert decision.extension_days == days


def test_an_extension_ends_with_a_day_of_the_wall_clock_when_clocks_change():
    berlin = ZoneInfo("Europe/Berlin")  # clocks go back on 25 October 2026
    soft = datetime(2026, 10, 24, 23, 59, 59, 999_999, tzinfo=berlin)
    moved = shifted(Deadlines(soft, None), 1).soft
    assert moved.isoformat() == "2026-10-25T23:59:59.999999+01:00"
    assert instant(moved) - instant(soft) == timedelta(hours=25)


def test_an_extension_onto_a_wall_clock_time_that_is_not_there_gives_the_later_instant():
    berlin = ZoneInfo("Europe/Berlin")  # 29 March 2026 has no 02:30
    soft = datetime(2026, 3, 28, 2, 30, 59, 999_999, tzinfo=berlin)
    assert shifted(Deadlines(soft, None), 1).soft.isoformat() == "2026-03-29T03:30:59.999999+02:00"


def test_an_extension_onto_a_wall_clock_time_that_is_there_twice_gives_the_later_instant():
    berlin = ZoneInfo("Europe/Berlin")
    soft = datetime(2026, 10, 24, 2, 30, tzinfo=berlin)
    assert shifted(Deadlines(soft, None), 1).soft.isoformat() == "2026-10-25T02:30:00+01:00"


def test_a_day_late_is_24_hours_also_when_clocks_change():
    berlin = ZoneInfo("Europe/Berlin")
    soft = datetime(2026, 10, 24, 23, 59, 59, 999_999, tzinfo=berlin)
    next_day_by_the_clock = datetime(2026, 10, 25, 23, 59, 59, 999_999, tzinfo=berlin)
    assert at(Deadlines(soft, None), next_day_by_the_clock).days_late == 2


@pytest.mark.parametrize("days", [0, 5])
def test_a_deadline_that_is_not_set_makes_nothing_late(days):
    far = datetime(2999, 1, 1, tzinfo=UTC)
    decision = at(Deadlines(None, None), far, days=days)
    assert decision.accepted
    assert (decision.days_late, decision.penalty, decision.final) == (0, 0, 10)
    assert decision.deadlines == Deadlines(None, None)


def test_either_deadline_may_be_set_alone():
    after = instant(HARD) + MICROSECOND
    assert at(Deadlines(None, HARD), after).days_late == 0
    assert not at(Deadlines(None, HARD), after).accepted
    assert at(Deadlines(SOFT, None), after).days_late == 15
    assert at(Deadlines(SOFT, None), after).accepted


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu"])
def test_the_end_of_a_day_in_moscow_is_one_instant_seen_from_any_zone(zone):
    seen = instant(SOFT).astimezone(ZoneInfo(zone))
    assert at(BOTH, seen).days_late == 0
    assert at(BOTH, (instant(SOFT) + MICROSECOND).astimezone(ZoneInfo(zone))).days_late == 1
    assert at(Deadlines(seen, None), SOFT).days_late == 0


SERVER = """
import sys, time
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from graders.core.config import load_course, override_deadlines
from graders.core.clock import parse_instant
from graders.policy import decide
course = load_course(Path(sys.argv[1]))
course = override_deadlines(course, "hw1", soft="2026-11-30", hard="2026-12-14")
for told in ("2026-11-30T20:59:59.999999Z", "2026-11-30T21:00:00Z", "2026-12-14T21:00:00Z"):
    decision = decide(Decimal("8.5"), parse_instant(told), course.deadlines("hw1"), 0, course.rule)
    print(decision.accepted, decision.days_late, decision.penalty, decision.final)
print(time.timezone, file=sys.stderr)
"""


def test_a_server_in_any_time_zone_decides_the_same(tmp_path):
    told, zones = set(), set()
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Niue", "Europe/Moscow"):
        done = subprocess.run(
            [sys.executable, "-c", SERVER, str(write_small_course(tmp_path))],
            cwd=ROOT,
            env={**os.environ, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        )
        told.add(done.stdout)
        zones.add(done.stderr)
    assert told == {"True 0 0 8.5\nTrue 1 1 7.5\nFalse 15 7 1.5\n"}
    assert len(zones) == 4


def write_small_course(folder):
    file = folder / "course.toml"
    text = (ROOT / "assignments/course.toml").read_text("utf-8")
    root = f'assignments_root = "{(ROOT / "assignments").as_posix()}"'
    file.write_text(text.replace('assignments_root = "."', root), "utf-8")
    return file


@given(SCORES, INSTANTS, INSTANTS, st.integers(0, 30), RULES)
def test_the_final_score_lies_between_floor_and_raw(raw, soft, received, days, rule):
    decision = decide(raw, received, Deadlines(soft, None), days, rule)
    assert min(raw, rule.floor) <= decision.final <= raw
    assert 0 <= decision.penalty <= rule.cap
    assert decision.penalty == min(decision.days_late * rule.per_day, rule.cap)
    assert decision.final == min(raw, max(raw - decision.penalty, rule.floor))


@given(INSTANTS, INSTANTS)
def test_days_late_are_exactly_the_begun_days(soft, received):
    days = at(Deadlines(soft, None), received).days_late
    late = instant(received) - instant(soft)
    assert (days - 1) * DAY < late or days == 0
    assert late <= days * DAY


@given(INSTANTS, st.integers(0, 20), st.sampled_from([-SECOND, -MICROSECOND, MICROSECOND, SECOND]))
def test_days_late_change_exactly_at_the_end_of_a_day(soft, day, step):
    received = instant(soft) + day * DAY + step
    expected = day if step < timedelta() else day + 1
    assert at(Deadlines(soft, None), received).days_late == expected


@given(INSTANTS, INSTANTS, st.timedeltas(timedelta(), timedelta(days=40)), SCORES)
def test_later_is_never_better(soft, received, wait, raw):
    deadlines = Deadlines(soft, soft + 9 * DAY)
    first, later = (decide(raw, instant(received) + w, deadlines, 0, RULE) for w in (DAY * 0, wait))
    assert later.final <= first.final
    assert later.accepted <= first.accepted


@given(INSTANTS, INSTANTS, st.integers(0, 20), st.integers(0, 20))
def test_a_longer_extension_is_never_worse(soft, received, days, more):
    deadlines = Deadlines(soft, soft + DAY)
    short, long = (at(deadlines, received, days=n) for n in (days, days + more))
    assert long.final >= short.final
    assert long.accepted >= short.accepted


@given(st.dates(date(2026, 1, 1), date(2027, 12, 1)), st.integers(0, 60), ZONES)
def test_an_extended_day_ends_at_its_last_microsecond_on_the_wall_clock(day, days, zone):
    soft = in_zone(datetime.combine(day, time.max), zone)
    moved = shifted(Deadlines(soft, None), days).soft
    assert moved.replace(tzinfo=None) == datetime.combine(day + days * DAY, time.max)


@given(INSTANTS, INSTANTS, st.integers(-14, 14))
def test_the_zone_in_which_a_receipt_is_written_does_not_matter(soft, received, hours):
    elsewhere = received.astimezone(timezone(timedelta(hours=hours)))
    assert at(Deadlines(soft, soft), received) == at(Deadlines(soft, soft), elsewhere)


NAIVE = datetime(2026, 11, 30)


@pytest.mark.parametrize(
    ("deadlines", "received", "days"),
    [
        (BOTH, NAIVE, 0),
        (Deadlines(None, None), NAIVE, 0),
        (Deadlines(NAIVE, None), SOFT, 0),
        (Deadlines(NAIVE, None), SOFT, 1),
        (Deadlines(None, NAIVE), SOFT, 0),
        (Deadlines(None, NAIVE), SOFT, 1),
    ],
)
def test_an_instant_without_a_zone_is_an_error(deadlines, received, days):
    with pytest.raises(CourseError, match="no time zone"):
        at(deadlines, received, days=days)


@pytest.mark.parametrize("days", [-1, 10**7, 10**12])
def test_an_extension_that_makes_no_sense_is_an_error(days):
    with pytest.raises(CourseError, match="extension"):
        shifted(BOTH, days)


@pytest.mark.parametrize("raw", [8.5, Decimal("NaN"), Decimal("Infinity")])
def test_a_raw_score_that_is_not_exact_is_an_error(raw):
    with pytest.raises(CourseError, match="raw score"):
        decide(raw, SOFT, BOTH, 0, RULE)


@pytest.mark.parametrize("name", ["per_day", "cap"])
def test_a_penalty_that_would_give_points_is_an_error(name):
    numbers = {"per_day": Decimal(1), "cap": Decimal(7), name: Decimal(-1)}
    with pytest.raises(CourseError, match=f"{name} is negative"):
        at(BOTH, SOFT, rule=LateRule(**numbers))
